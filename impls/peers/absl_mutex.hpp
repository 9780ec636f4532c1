// Design `absl_mutex`: absl::Mutex held shared around a fetch_add.
//
// Source: Abseil 20220623 or newer.
// Other properties: config/shared_lock.hpp and quota/fetch_add.hpp.
#pragma once

#include <absl/synchronization/mutex.h>

#include "../composed.hpp"
#include "../config/shared_lock.hpp"
#include "../quota/fetch_add.hpp"
#include "unseen_order.hpp"

namespace limiterbench::inline LIMITERBENCH_BACKEND {

// absl::Mutex under the standard's names.
class AbslSharedMutex {
 public:
  void lock() noexcept {
    mutex_.Lock();
    ordered_after(&readers_);
    ordered_after(&mutex_);
  }
  void unlock() noexcept {
    ordered_before(&mutex_);
    mutex_.Unlock();
  }
  [[gnu::always_inline]] void lock_shared() noexcept {
    mutex_.ReaderLock();
    ordered_after(&mutex_);
  }
  [[gnu::always_inline]] void unlock_shared() noexcept {
    ordered_before(&readers_);
    mutex_.ReaderUnlock();
  }

 private:
  absl::Mutex mutex_;
  char readers_ = 0;  // stands for what readers did: they are not ordered among themselves
};

class absl_mutex : public Composed<SharedLockSource<AbslSharedMutex>, FetchAddQuota> {
 public:
  using Composed::Composed;
  static constexpr Info info{.name = "absl_mutex",
                             .summary = "Abseil's Mutex held shared around a fetch_add",
                             .source = "Abseil (synchronization/mutex)",
                             .library = "Abseil",
                             .package = "libabsl-dev",
                             .progress = Progress::blocking,
                             .denial = Denial::writes_shared_line};
};

}  // namespace limiterbench::inline LIMITERBENCH_BACKEND
