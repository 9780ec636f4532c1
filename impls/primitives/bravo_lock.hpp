// A reader-writer lock whose readers, while it favours them, write only a line of their CPU.
//
// Source: D. Dice and A. Kogan, "BRAVO: Biased Locking for Reader-Writer Locks", USENIX ATC 2019,
//   over std::shared_mutex. Two things differ. The readers' table belongs to the lock, with one
//   slot for each CPU. The paper has one hashed table in a process, but shared objects might each
//   have a copy of it. And the time without bias is counted in reads, see below.
// Semantics: many readers or one writer; not recursive, on either side.
// Progress: blocking. A writer spins until the readers that it finds in the table have left.
// Cost: shared, while biased: two loads of a line that only a change of the bias writes, and an
//   exchange and a store of this CPU's slot. Otherwise std::shared_mutex's pair, and a decrement of
//   a counter beside it. Exclusive: std::shared_mutex's pair; under the bias, a look at every slot.
// Memory: 128 bytes a CPU, and the lock.
// Avoid when: writes are frequent. Each looks at the slots of all CPUs and ends the bias for a
//   while, in which this is a std::shared_mutex that costs more. Or when a writer must not wait for
//   a preempted reader.
//
// Why a writer and a reader of the table exclude each other. The reader takes its slot (1), then
// looks at the bias again (2). The writer, which holds the mutex, ends the bias (3), then looks at
// every slot (4). Each side stores, then loads what the other side stores. All four are seq_cst,
// because acquire and release would let each miss the other's store. If (2) still sees the bias
// that (3) ends, (2) comes before (3) in their single order, so (1) comes before (4), which then
// waits until the reader has left. If (2) sees a bias that begins later (6), the reader also sees
// what was written before it: the thread that began it held the mutex shared, after the writer.
//
// Why no bias begins while a writer holds the lock: it begins under the mutex, held shared.
//
// How often the bias is revoked. The paper measures how long a revocation takes, and lets no bias
// begin for 9 times as long: then revocations take at most a tenth of the time. No clock is read
// here. A revocation counts its looks at slots, and 9 times as many reads must take the mutex
// before one of them begins the bias. A look moves at most one line from another CPU; such a read
// moves the mutex's line, unless the same CPU had it last. Example: a write on 64 CPUs finds no
// reader and looks 64 times. The next 576 reads take the mutex, and the one after them begins the
// bias.
//
// How long readers can keep a writer out. std::shared_mutex lets them do so for as long as they
// overlap. Here the bias begins even while a writer waits for the mutex, and the readers of the
// table do not hold that. Only readers that find their slot taken still do.
#pragma once

#include <cstdint>
#include <memory>

#include "../sync.hpp"

namespace limiterbench::inline LIMITERBENCH_BACKEND {

class BravoLock {
  struct alignas(sync::false_sharing_range) Slot {
    sync::atomic<bool> taken{false};
  };

 public:
  // In a model, a run is a few operations long.
  static constexpr std::int64_t inhibited_per_look = sync::is_model ? 1 : 9;

  explicit BravoLock(unsigned slots = sync::cpu_count())
      : slots_(slots), slot_(std::make_unique<Slot[]>(slots)) {}

  void lock() noexcept {
    mutex_.lock();
    // relaxed: the mutex orders it after the read that began the bias.
    if (biased_.load(sync::relaxed)) revoke();
  }
  void unlock() noexcept { mutex_.unlock(); }

  // Holds the lock shared.
  class SharedGuard {
   public:
    [[gnu::always_inline]] explicit SharedGuard(BravoLock& lock) noexcept
        : lock_(lock), slot_(lock.take_slot()) {
      if (slot_ == nullptr) [[unlikely]]
        lock.lock_shared_mutex();
    }
    SharedGuard(const SharedGuard&) = delete;
    SharedGuard& operator=(const SharedGuard&) = delete;
    [[gnu::always_inline]] ~SharedGuard() {
      if (slot_ != nullptr) [[likely]] {
        leave(*slot_);
      } else {
        lock_.unlock_shared_mutex();
      }
    }
    // Whether the reader stands in the table and left the mutex alone.
    [[nodiscard]] bool is_in_table() const noexcept { return slot_ != nullptr; }

   private:
    BravoLock& lock_;
    Slot* slot_;
  };

  // Beyond its sizeof.
  [[nodiscard]] std::uint64_t bytes() const noexcept { return slots_ * sizeof(Slot); }

 private:
  // Null: the reader must take the mutex. The CPU may change meanwhile, and two threads may be on
  // one, so a slot may be another reader's already.
  [[nodiscard, gnu::always_inline]] Slot* take_slot() noexcept {
    // relaxed: a guess, confirmed by (2).
    if (!biased_.load(sync::relaxed)) [[unlikely]]
      return nullptr;
    const unsigned cpu = sync::current_cpu();
    Slot& slot = slot_[cpu < slots_ ? cpu : cpu % slots_];
    // (1) seq_cst: ordered before (2), see above; pairs with (5): the reads of those who had the
    // slot before come before (5) of ours, which may be the one that the writer sees.
    if (slot.taken.exchange(true, sync::seq_cst)) [[unlikely]]
      return nullptr;
    // (2) seq_cst: pairs with (3), (6); ordered after (1), see above.
    if (biased_.load(sync::seq_cst)) [[likely]]
      return &slot;
    leave(slot);
    return nullptr;
  }
  [[gnu::always_inline]] static void leave(Slot& slot) noexcept {
    // (5) release: pairs with (4), (1): our reads come before the writer's writes. If the bias had
    // ended, it still passes on what (1) found: the reads of those who had the slot before.
    slot.taken.store(false, sync::release);
  }

  [[gnu::noinline]] void lock_shared_mutex() noexcept {
    mutex_.lock_shared();
    // relaxed, both: a count, and a guess that costs a needless store if wrong. Under the mutex the
    // bias that a writer ended cannot be seen any more.
    if (!biased_.load(sync::relaxed) && inhibited_.fetch_sub(1, sync::relaxed) <= 0) {
      // (6) release: pairs with (2): passes on what the writers before us wrote.
      biased_.store(true, sync::release);
    }
  }
  [[gnu::noinline]] void unlock_shared_mutex() noexcept { mutex_.unlock_shared(); }

  [[gnu::noinline]] void revoke() noexcept {
    // (3) seq_cst: pairs with (2); ordered before (4), see above.
    biased_.store(false, sync::seq_cst);
    std::int64_t looks = slots_;
    for (unsigned i = 0; i < slots_; ++i) {
      // (4) seq_cst: pairs with (5); ordered after (3), see above.
      for (sync::spin_wait wait; slot_[i].taken.load(sync::seq_cst); ++looks) wait();
    }
    // relaxed: the mutex orders it before the reads that count it down.
    inhibited_.store(inhibited_per_look * looks, sync::relaxed);
  }

  alignas(sync::false_sharing_range) sync::atomic<bool> biased_{false};
  unsigned slots_;
  std::unique_ptr<Slot[]> slot_;
  alignas(sync::false_sharing_range) sync::shared_mutex mutex_;
  sync::atomic<std::int64_t> inhibited_{0};  // reads to come before one begins the bias
};

}  // namespace limiterbench::inline LIMITERBENCH_BACKEND
