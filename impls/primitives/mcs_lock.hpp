// A queue lock: first come, first served, and each waiter looks at a word of its own.
//
// Source: J. Mellor-Crummey and M. Scott, "Algorithms for Scalable Synchronization on Shared-Memory
//   Multiprocessors", ACM TOCS 9(1), 1991. Here a waiter that has spun for long sleeps.
// Semantics: exclusive, not recursive. Threads enter in the order of their exchanges (1).
// Progress: blocking. A waiter spins for some 10 to 50 microseconds, then sleeps in the kernel.
// Cost: uncontended, one exchange and one compare-and-swap of the lock's word. Contended, an
//   exchange of that word, and two lines that pass once from CPU to CPU: this thread's node and its
//   predecessor's. Waiting moves no line. To wake a sleeper costs its predecessor a system call.
// Memory: one pointer. The node is the guard itself: 32 bytes on the thread's stack, whose lines no
//   other thread uses.
// Avoid when: more threads than CPUs ask. The lock goes to the thread that came first, also if that
//   one does not run: each hand-over then costs a wake-up.
//
// Why one at a time. The exchange gives every thread its predecessor, and each node has one
// successor. A thread enters if it has no predecessor, or when its predecessor hands over (5). A
// thread that finds no successor takes its node off the queue (4). If that fails, somebody has
// exchanged (1) but not yet linked its node (2), and the leaving thread waits until it has (3).
// Example: A holds the lock and B's exchange returns A's node. A sees no successor yet, and its
// swap fails, because the word names B. A waits until B has linked, then hands over.
//
// Why a sleeper is woken. Waiter and predecessor both swap `turn_` from `spinning`: one wins. If
// the predecessor does, the waiter does not fall asleep. If the waiter does, its predecessor knows.
//
// Why a node may go out of scope. Only the successor and the predecessor know it. The successor has
// finished with it once it has linked, which the leaving thread has seen, unless its swap proves
// that there is no successor. The predecessor has finished with it when it stores `go`. So that is
// its last step: a sleeper finds `woken` first, and waits for the predecessor to return from the
// kernel.
#pragma once

#include <cstdint>

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
      std::uint32_t turn = spinning;
      // (5) release: pairs with (6): the next owner sees what this one wrote. relaxed: `asleep` is
      // all that the failed swap can have read.
      if (!successor->turn_.compare_exchange_strong(turn, go, sync::release, sync::relaxed))
          [[unlikely]]
        wake(*successor);
    }

    // Whether another thread stands behind this one.
    [[nodiscard]] bool is_awaited() const noexcept { return next() != nullptr; }

   private:
    // What a waiter may do next.
    static constexpr std::uint32_t spinning = 0, asleep = 1, woken = 2, go = 3;
    static constexpr int spins = sync::is_model ? 1 : 1'000;

    [[nodiscard]] Guard* next() const noexcept {
      // (3) acquire: pairs with (2): the successor's node is complete, and no longer uses ours.
      return next_.load(sync::acquire);
    }
    [[nodiscard]] bool may_go() const noexcept {
      // (6) acquire: pairs with (5), (7).
      return turn_.load(sync::acquire) == go;
    }
    [[gnu::noinline]] void await_turn(Guard& predecessor) noexcept {
      // (2) release: pairs with (3).
      predecessor.next_.store(this, sync::release);
      for (int i = 0; i < spins; ++i) {
        if (may_go()) return;
        sync::pause();
      }
      std::uint32_t turn = spinning;
      // relaxed, all: nothing is read before (6) has seen `go`.
      if (turn_.compare_exchange_strong(turn, asleep, sync::relaxed, sync::relaxed))
        turn_.wait(asleep, sync::relaxed);
      for (sync::spin_wait wait; !may_go();) wait();
    }
    [[nodiscard, gnu::noinline]] Guard* await_link() const noexcept {
      for (sync::spin_wait wait;; wait()) {
        if (Guard* const successor = next()) return successor;
      }
    }
    [[gnu::noinline]] static void wake(Guard& successor) noexcept {
      // relaxed: it only ends the sleep.
      successor.turn_.store(woken, sync::relaxed);
      successor.turn_.notify_one();
      // (7) release: pairs with (6), as (5).
      successor.turn_.store(go, sync::release);
    }

    sync::atomic<Guard*> next_{nullptr};
    sync::atomic<std::uint32_t> turn_{spinning};
    McsLock& lock_;
  };

 private:
  sync::atomic<Guard*> last_{nullptr};  // the end of the queue; null: the lock is free
};

}  // namespace limiterbench::inline LIMITERBENCH_BACKEND
