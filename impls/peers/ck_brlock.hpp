// Design `ck_brlock`: Concurrency Kit's big-reader lock held shared around a fetch_add.
//
// Source: I. Molnar and D. Miller's brlock, Linux 2.4; Concurrency Kit 0.7 or newer.
// Semantics: exact (quota/fetch_add.hpp).
// Progress: blocking; readers wait for a writer and a writer for every reader, both spinning.
// Cost of the configuration: two loads of a line that only writers write, a read-modify-write
//   (x86) or a store and a full fence (elsewhere) and a store to the handle's own line.
// Memory: one configuration; 128 bytes a handle.
// Avoid when: there are more threads than CPUs, or reloads are frequent. A writer spins until every
//   reader has left, and a preempted reader leaves only when it runs again.
#pragma once

#include <sched.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

#include "../composed.hpp"
#include "../quota/fetch_add.hpp"
#include "ck.hpp"
#include "unseen_order.hpp"

namespace limiterbench::inline LIMITERBENCH_BACKEND {

class CkBrlockSource {
  // The lock itself guards the library's list of readers, and its waiters spin. The mutex lets
  // threads that attach, detach or publish at the same time sleep instead.
  struct Lock {
    void lock() noexcept {
      serial.lock();
      ::ck_brlock_write_lock(&brlock);
      ordered_after(&brlock.readers);
    }
    void unlock() noexcept {
      ordered_before(&brlock.writer);
      ::ck_brlock_write_unlock(&brlock);
      serial.unlock();
    }
    [[gnu::always_inline]] void lock_shared(::ck_brlock_reader_t& reader) noexcept {
      // Spins for about the time of a few line transfers, then lets the writer run.
      while (!::ck_brlock_read_trylock(&brlock, &reader, 64)) [[unlikely]] sched_yield();
      ordered_after(&brlock.writer);
    }
    [[gnu::always_inline]] void unlock_shared(::ck_brlock_reader_t& reader) noexcept {
      ordered_before(&brlock.readers);
      ::ck_brlock_read_unlock(&reader);
    }

    ::ck_brlock_t brlock = CK_BRLOCK_INITIALIZER;
    sync::mutex serial;
    sync::atomic<std::size_t> readers{0};
  };
  struct alignas(sync::false_sharing_range) Slot {
    ::ck_brlock_reader_t reader{};
  };

 public:
  class Reader {
   public:
    explicit Reader(Lock& lock) : lock_(&lock), slot_(std::make_unique<Slot>()) {
      const sync::lock_guard<sync::mutex> serial(lock.serial);
      ::ck_brlock_read_register(&lock.brlock, &slot_->reader);
      lock.readers.fetch_add(1, sync::relaxed);  // relaxed: a statistic
    }
    Reader(Reader&&) noexcept = default;
    Reader& operator=(Reader&& other) noexcept {
      std::swap(lock_, other.lock_);
      std::swap(slot_, other.slot_);
      return *this;
    }
    ~Reader() {
      if (slot_ == nullptr) return;
      const sync::lock_guard<sync::mutex> serial(lock_->serial);
      ::ck_brlock_read_unregister(&lock_->brlock, &slot_->reader);
      lock_->readers.fetch_sub(1, sync::relaxed);  // relaxed: a statistic
    }
    [[gnu::always_inline]] void lock_shared() noexcept { lock_->lock_shared(slot_->reader); }
    [[gnu::always_inline]] void unlock_shared() noexcept { lock_->unlock_shared(slot_->reader); }

   private:
    Lock* lock_;
    std::unique_ptr<Slot> slot_;
  };

  class Guard {
   public:
    [[gnu::always_inline]] Guard(Reader& reader, const sync::plain<Published>& published,
                                 std::uint32_t traffic_class)
        : lock_(reader), rule_(&published.read().rules[traffic_class]) {}
    const PublishedRule& operator*() const noexcept { return *rule_; }

   private:
    sync::shared_lock<Reader> lock_;
    const PublishedRule* rule_;
  };

  explicit CkBrlockSource(const Published& published) : published_(published) {}

  [[nodiscard]] Reader attach() { return Reader(lock_); }
  [[nodiscard, gnu::always_inline]] Guard read(Reader& reader,
                                               std::uint32_t traffic_class) noexcept {
    return {reader, published_, traffic_class};
  }
  [[nodiscard]] Config config(Reader& reader) noexcept {
    const sync::shared_lock<Reader> lock(reader);
    return published_.read().config();
  }
  void publish(const Published& published) {
    const sync::lock_guard<Lock> lock(lock_);
    published_.write() = published;
  }
  [[nodiscard]] Footprint footprint() const noexcept {
    return {lock_.readers.load(sync::relaxed) * sizeof(Slot), 0};  // relaxed: a statistic
  }

 private:
  alignas(sync::false_sharing_range) Lock lock_;
  alignas(sync::false_sharing_range) sync::plain<Published> published_;
};

class ck_brlock : public Composed<CkBrlockSource, FetchAddQuota> {
 public:
  using Composed::Composed;
  static constexpr Info info{
      .name = "ck_brlock",
      .summary = "Concurrency Kit's big-reader lock held shared around a fetch_add",
      .source = "Concurrency Kit (ck_brlock); Molnar and Miller, brlock, Linux 2.4",
      .library = "Concurrency Kit",
      .package = "libck-dev",
      .progress = Progress::blocking};
};

}  // namespace limiterbench::inline LIMITERBENCH_BACKEND
