// A queue lock: first come, first served, and each waiter spins on a word of its own.
//
// Source: J. Mellor-Crummey and M. Scott, "Algorithms for Scalable Synchronization on Shared-Memory
//   Multiprocessors", ACM TOCS 9(1), 1991.
// Semantics: exclusive, not recursive. Threads enter in the order of their exchanges (1).
// Progress: blocking. A waiter spins, and yields its CPU after a while; it never sleeps.
// Cost: uncontended, one exchange and one compare-and-swap of the lock's word. Contended, an
//   exchange of that word, and two lines that pass once from CPU to CPU: this thread's node and its
//   predecessor's. The wait itself moves no line.
// Memory: one pointer. The node is the guard itself: 32 bytes on the thread's stack, which only its
//   neighbours in the queue use.
// Avoid when: more threads than CPUs ask. The lock is handed to the thread that came first, even if
//   that one is preempted, and the others only yield until it runs again. They do progress, but
//   each hand-over may cost a time slice.
//
// Why one at a time. The exchange gives every thread its predecessor, and each node has one
// successor. A thread enters if it has no predecessor, or when its predecessor hands over (5). A
// thread that finds no successor takes its node off the queue (4). If that fails, somebody has
// exchanged (1) but not yet named itself (2), and the leaving thread waits to be told whom (3).
// Hence no wake-up is lost. Example: A holds the lock and B's exchange returns A's node. A sees no
// successor yet, and its swap fails, because the word names B. A waits until B has linked, then
// hands over.
//
// Why a node may go out of scope. Only the successor and the predecessor know it. The predecessor
// has finished with it when it hands over. The successor has finished with it once it has linked,
// which the leaving thread has seen, unless its swap proves that there is no successor.
#pragma once

#include "../sync.hpp"

namespace limiterbench::inline LIMITERBENCH_BACKEND {

class McsLock {
 public:
  McsLock() = default;
  McsLock(const McsLock&) = delete;
  McsLock& operator=(const McsLock&) = delete;

  // Holds the lock. It is the thread's node in the queue, aligned to have both words that others
  // use on one line.
  class alignas(16) Guard {
   public:
    [[gnu::always_inline]] explicit Guard(McsLock& lock) noexcept : lock_(lock) {
      // (1) acq_rel: pairs with (4), and with itself: who finds the queue empty sees what the last
      // owner wrote; who does not links to a node that is complete.
      Guard* const predecessor = lock.last_.exchange(this, sync::acq_rel);
      if (predecessor != nullptr) [[unlikely]]
        await_turn(*predecessor);
    }
    Guard(const Guard&) = delete;
    Guard& operator=(const Guard&) = delete;
    [[gnu::always_inline]] ~Guard() {
      Guard* successor = next();
      if (successor == nullptr) [[likely]] {
        Guard* last = this;
        // (4) release: pairs with (1). relaxed: a failed swap says only that somebody joined.
        if (lock_.last_.compare_exchange_strong(last, nullptr, sync::release, sync::relaxed))
            [[likely]]
          return;
        successor = await_link();
      }
      // (5) release: pairs with (6): the next owner sees what this one wrote.
      successor->waiting_.store(false, sync::release);
    }

    // Whether another thread stands behind this one. For the models.
    [[nodiscard]] bool is_awaited() const noexcept { return next() != nullptr; }

   private:
    [[nodiscard]] Guard* next() const noexcept {
      // (3) acquire: pairs with (2): the successor's node is complete, and no longer uses ours.
      return next_.load(sync::acquire);
    }
    [[gnu::noinline]] void await_turn(Guard& predecessor) noexcept {
      // (2) release: pairs with (3).
      predecessor.next_.store(this, sync::release);
      // (6) acquire: pairs with (5).
      for (sync::spin_wait wait; waiting_.load(sync::acquire);) wait();
    }
    [[nodiscard, gnu::noinline]] Guard* await_link() const noexcept {
      for (sync::spin_wait wait;; wait()) {
        if (Guard* const successor = next()) return successor;
      }
    }

    sync::atomic<Guard*> next_{nullptr};
    sync::atomic<bool> waiting_{true};
    McsLock& lock_;
  };

 private:
  sync::atomic<Guard*> last_{nullptr};  // the end of the queue; null: the lock is free
};

}  // namespace limiterbench::inline LIMITERBENCH_BACKEND
