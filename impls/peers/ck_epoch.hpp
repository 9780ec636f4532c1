// Design `ck_epoch`: Concurrency Kit's epochs; fetch_add.
//
// Source: K. Fraser, "Practical Lock-Freedom", PhD thesis, University of Cambridge, 2004;
//   Concurrency Kit 0.7 or newer.
// Semantics: exact (quota/fetch_add.hpp).
// Progress: sections wait-free; see grace_period.hpp and quota/fetch_add.hpp for the rest.
// Cost of the configuration: two loads of lines that only writers write, a read-modify-write (x86)
//   or a store and a full fence (elsewhere) and two stores to the handle's own line.
// Memory: grace_period.hpp, and a record for each handle, reused after the handle is detached and
//   freed with the limiter.
// Avoid when: publish() must not wait for a preempted reader.
#pragma once

#include <sched.h>

#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

#include "../composed.hpp"
#include "../quota/fetch_add.hpp"
#include "ck.hpp"
#include "grace_period.hpp"

namespace limiterbench::inline LIMITERBENCH_BACKEND {

class CkEpochDomain {
  struct alignas(sync::false_sharing_range) Record {
    ::ck_epoch_record_t record{};
  };

 public:
  class Reader {
   public:
    explicit Reader(::ck_epoch_record_t* record) noexcept : record_(record) {}
    Reader(Reader&& other) noexcept : record_(std::exchange(other.record_, nullptr)) {}
    Reader& operator=(Reader&& other) noexcept {
      std::swap(record_, other.record_);
      return *this;
    }
    ~Reader() {
      if (record_ != nullptr) ::ck_epoch_unregister(record_);
    }
    [[gnu::always_inline]] void enter() noexcept { ::ck_epoch_begin(record_, nullptr); }
    [[gnu::always_inline]] void leave() noexcept { ::ck_epoch_end(record_, nullptr); }

   private:
    ::ck_epoch_record_t* record_;
  };

  CkEpochDomain() noexcept { ::ck_epoch_init(&epoch_); }

  [[nodiscard]] Reader attach() {
    const sync::lock_guard<sync::mutex> lock(attaching_);
    if (::ck_epoch_record_t* const reused = ::ck_epoch_recycle(&epoch_, nullptr))
      return Reader(reused);
    records_.push_back(std::make_unique<Record>());
    ::ck_epoch_record_t* const record = &records_.back()->record;
    ::ck_epoch_register(&epoch_, record, nullptr);
    return Reader(record);
  }
  // Yields while it waits, since the reader may be preempted; ck_epoch_synchronize() only spins.
  void wait_for_readers() noexcept {
    ::ck_epoch_synchronize_wait(
        &epoch_, [](::ck_epoch_t*, ::ck_epoch_record_t*, void*) { sched_yield(); }, nullptr);
  }
  [[nodiscard]] std::size_t bytes() const noexcept {
    const sync::lock_guard<sync::mutex> lock(attaching_);
    return records_.size() * sizeof(Record);
  }

 private:
  mutable sync::mutex attaching_;
  std::vector<std::unique_ptr<Record>> records_;  // guarded by attaching_
  ::ck_epoch_t epoch_;
};

class ck_epoch : public Composed<GracePeriodSource<CkEpochDomain>, FetchAddQuota> {
 public:
  using Composed::Composed;
  static constexpr Info info{
      .name = "ck_epoch",
      .summary = "Concurrency Kit, epoch-based reclamation, fetch_add",
      .source = "Concurrency Kit (ck_epoch); Fraser, Practical Lock-Freedom, 2004",
      .library = "Concurrency Kit",
      .package = "libck-dev",
      .progress = Progress::lock_free_within_window};
};

}  // namespace limiterbench::inline LIMITERBENCH_BACKEND
