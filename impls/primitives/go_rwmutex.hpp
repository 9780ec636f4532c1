// Go's sync.RWMutex: many readers or one writer; a waiting writer keeps new readers out.
//
// Source: Go, src/sync/rwmutex.go.
// Semantics: as Go's. A writer subtracts max_readers from reader_count; a negative count tells
//   every arriving reader that a writer is pending. reader_wait counts the readers that the writer
//   found and that have not left. An unlocking writer admits all readers that queued up meanwhile,
//   so neither side starves. Not recursive: a thread that holds the lock shared and locks it again
//   waits behind a writer that waits for that thread.
// Progress: blocking; waits in the kernel.
// Cost: shared, one read-modify-write to lock and one to unlock, of a line that all readers share;
//   exclusive, two, and the inner mutex's pair.
// Memory: the inner mutex and 16 bytes.
// Avoid when: more than a few cores read: the count's line moves between them.
#pragma once

#include <cstdint>

#include "../sync.hpp"

namespace limiterbench::inline LIMITERBENCH_BACKEND {

// A counting semaphore, as sync_runtime_Semacquire and Semrelease.
class GoSemaphore {
 public:
  [[gnu::noinline]] void acquire() noexcept {
    // relaxed: a guess, confirmed by the swap.
    std::uint32_t count = count_.load(sync::relaxed);
    for (;;) {
      if (count == 0) {
        count_.wait(0, sync::relaxed);       // relaxed: as above
        count = count_.load(sync::relaxed);  // relaxed: as above
        // (1) acquire: pairs with (2).
      } else if (count_.compare_exchange_weak(count, count - 1, sync::acquire, sync::relaxed)) {
        return;
      }
    }
  }
  [[gnu::noinline]] void release() noexcept {
    // (2) release: pairs with (1).
    count_.fetch_add(1, sync::release);
    count_.notify_one();
  }

 private:
  sync::atomic<std::uint32_t> count_{0};
};

class GoRwMutex {
 public:
  GoRwMutex() = default;
  GoRwMutex(const GoRwMutex&) = delete;
  GoRwMutex& operator=(const GoRwMutex&) = delete;

  void lock_shared() noexcept {
    // (3) acquire: pairs with (7): a reader that finds no writer sees what the last one wrote. All
    // operations on the count are read-modify-writes: every release reaches every later acquire.
    if (reader_count_.fetch_add(1, sync::acquire) + 1 < 0) [[unlikely]]
      reader_semaphore_.acquire();
  }

  void unlock_shared() noexcept {
    // (4) release: pairs with (5): a writer that finds no reader comes after the last one's reads.
    if (reader_count_.fetch_sub(1, sync::release) - 1 < 0) [[unlikely]]
      leave_pending_writer();
  }

  // As Go's TryRLock: fails also while a writer only waits.
  [[nodiscard]] bool try_lock_shared() noexcept {
    std::int32_t count = reader_count_.load(sync::relaxed);  // relaxed: the swap confirms it
    while (count >= 0) {
      // (8) acquire: pairs with (7), as (3).
      if (reader_count_.compare_exchange_weak(count, count + 1, sync::acquire, sync::relaxed))
        return true;
    }
    return false;
  }

  [[gnu::always_inline]] void lock() noexcept {
    writers_.lock();
    // (5) acquire: pairs with (4).
    const std::int32_t readers = reader_count_.fetch_sub(max_readers, sync::acquire);
    // (6) acquire: pairs with (9), if all readers that were found have left meanwhile.
    if (readers != 0 && reader_wait_.fetch_add(readers, sync::acquire) + readers != 0)
      writer_semaphore_.acquire();
  }

  [[gnu::always_inline]] void unlock() noexcept {
    // (7) release: pairs with (3), (8). Readers that found the writer come through the semaphore.
    const std::int32_t waiting = reader_count_.fetch_add(max_readers, sync::release) + max_readers;
    for (std::int32_t i = 0; i < waiting; ++i) reader_semaphore_.release();
    writers_.unlock();
  }

 private:
  static constexpr std::int32_t max_readers = std::int32_t{1} << 30;

  // Hazard: readers may leave before the writer has added the number that it found: reader_wait_
  // is then below zero for a while. Whoever brings it to zero lets the writer in.
  [[gnu::noinline]] void leave_pending_writer() noexcept {
    // (9) acq_rel: pairs with (6) and with itself: the last reader passes on, by the semaphore,
    // that all others have finished.
    if (reader_wait_.fetch_sub(1, sync::acq_rel) == 1) writer_semaphore_.release();
  }

  sync::mutex writers_;  // held by the pending writer
  GoSemaphore writer_semaphore_;
  GoSemaphore reader_semaphore_;
  sync::atomic<std::int32_t> reader_count_{0};
  sync::atomic<std::int32_t> reader_wait_{0};
};

}  // namespace limiterbench::inline LIMITERBENCH_BACKEND
