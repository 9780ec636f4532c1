// Hazard pointers: a reader announces the one object that it is about to use; whoever retires an
// object frees it once nobody announces it.
//
// Source: M. Michael, "Hazard Pointers: Safe Memory Reclamation for Lock-Free Objects", IEEE TPDS
//   15(6), 2004; the asymmetric fence in protect() as in P1202R5.
// Progress: protect() lock-free (it retries only if the pointer was replaced meanwhile), clear()
//   wait-free; retire() lock-free apart from the heavy fence, a system call once a batch if calls
//   of retire() are serialised.
// Cost: protect() two loads and a store to the thread's own line, clear() a store.
// Memory: 128 bytes a slot, reused after a thread leaves; at most retire_batch(slots) retired
//   objects if calls of retire() are serialised, else a batch more for each other thread in it.
// Avoid when: one operation holds many objects at once; an epoch scheme announces once for all.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <functional>
#include <utility>

#include "../sync.hpp"
#include "asymmetric_fence.hpp"

namespace limiterbench::inline LIMITERBENCH_BACKEND {

// What a protected object of type Node derives from.
template <class Node>
struct HazardNode {
  sync::plain<Node*> retired_next;
  sync::plain<bool> announced;  // used by reclaim() alone
};

// Protects objects of type Node. ForSequences: restartable sequences (sync/native_rseq.hpp) may use
// an object without announcing it; before objects are freed, all running sequences are restarted.
template <class Node, bool ForSequences = false>
class HazardDomain {
  struct alignas(sync::false_sharing_range) Slot {
    sync::atomic<const Node*> announced{nullptr};
    sync::atomic<bool> taken{true};
    Slot* next = nullptr;
  };

 public:
  // One announcement. Owned by one thread at a time; must not outlive the domain.
  class Pointer {
   public:
    explicit Pointer(HazardDomain& domain) : slot_(domain.take_slot()) {}
    Pointer(Pointer&& other) noexcept : slot_(std::exchange(other.slot_, nullptr)) {}
    Pointer& operator=(Pointer&& other) noexcept {
      std::swap(slot_, other.slot_);
      return *this;
    }
    ~Pointer() {
      if (slot_ == nullptr) return;
      if constexpr (ForSequences) sync::forget_sequence();
      clear();
      // (1) release: pairs with (2): the next owner's announcements come after ours.
      slot_->taken.store(false, sync::release);
    }

    // The object that `source` points to, not to be freed before clear() or the next protect().
    [[nodiscard, gnu::always_inline]] Node* protect(const sync::atomic<Node*>& source) noexcept {
      // relaxed: a guess, confirmed below.
      Node* node = source.load(sync::relaxed);
      for (;;) {
        // Hazard: the object is retired after it was loaded and freed before it was announced. The
        // fence orders the announcement before the second load. With the heavy fence in reclaim(),
        // either reclaim() sees the announcement or this load sees that the object was replaced.
        // (3) release: pairs with (4): it also ends the use of the object announced before. A
        // relaxed store would not, since it is no part of a C++20 release sequence headed by (5).
        slot_->announced.store(node, sync::release);
        light_fence();
        // (6) acquire: pairs with (1) in config/hazard_pointer.hpp and (4), (5) in
        // atomic_value.hpp, or whatever release published the object.
        Node* const again = source.load(sync::acquire);
        if (again == node) [[likely]]
          return node;
        node = again;
      }
    }

    [[gnu::always_inline]] void clear() noexcept {
      // (5) release: pairs with (4): our reads of the object come before it is freed.
      slot_->announced.store(nullptr, sync::release);
    }

   private:
    Slot* slot_;
  };

  HazardDomain() = default;
  HazardDomain(const HazardDomain&) = delete;
  HazardDomain& operator=(const HazardDomain&) = delete;

  // No Pointer may be left.
  ~HazardDomain() {
    // relaxed, here and below: the caller has joined with every other user of the domain.
    for (Node* node = retired_.load(sync::relaxed); node != nullptr;) {
      sync::destroy(std::exchange(node, node->retired_next.read()));
    }
    for (Slot* slot = slots_.load(sync::relaxed); slot != nullptr;) {
      sync::destroy(std::exchange(slot, slot->next));
    }
  }

  // Frees `node` once it is safe. The caller must have unlinked it: no load that starts later may
  // find it. Any thread may call this.
  void retire(Node* node) noexcept {
    // relaxed: an estimate of when a batch is worth its heavy fence. A node is counted before it
    // can be freed: the count never falls below zero.
    const std::size_t count = retired_count_.fetch_add(1, sync::relaxed) + 1;
    push_retired(node);
    if (count >= retire_batch(slot_count_.load(sync::relaxed))) reclaim();
  }

  // Frees every retired object that nobody announces.
  void reclaim() noexcept {
    // (7) acquire: pairs with (8): makes visible the list's links and each node's unlinking.
    // Not shown as relaxed: the heavy fence below orders the same, but not for ThreadSanitizer.
    Node* node = retired_.exchange(nullptr, sync::acquire);
    if (node == nullptr) return;
    heavy_fence();
    // Hazard: a sequence finds a node before it was unlinked, and the node is freed before the
    // sequence has ended. A sequence that starts after this finds the successor.
    if constexpr (ForSequences) {
      if (sync::rseq_available()) sync::restart_sequences();
    }
    // (9) acquire: pairs with (10): a slot is complete before it is reachable.
    for (Slot* slot = slots_.load(sync::acquire); slot != nullptr;) {
      slot = mark_announced(slot, node);
    }
    std::size_t freed = 0;
    while (node != nullptr) {
      Node* const next = node->retired_next.read();
      if (std::exchange(node->announced.write(), false)) {
        push_retired(node);
      } else {
        sync::destroy(node);
        ++freed;
      }
      node = next;
    }
    retired_count_.fetch_sub(freed, sync::relaxed);  // relaxed: a statistic
  }

  // relaxed: a statistic.
  [[nodiscard]] std::size_t retired() const noexcept { return retired_count_.load(sync::relaxed); }
  [[nodiscard]] std::size_t slot_bytes() const noexcept {
    return slot_count_.load(sync::relaxed) * sizeof(Slot);  // relaxed: a statistic
  }

  // How many retired objects are worth a heavy fence: it frees at least as many as can stay behind.
  static constexpr std::size_t retire_batch(std::size_t slots) noexcept {
    return sync::is_model ? 1 : std::max<std::size_t>(64, 2 * slots);
  }

 private:
  Slot* take_slot() {
    // (11) acquire: pairs with (10).
    for (Slot* slot = slots_.load(sync::acquire); slot != nullptr; slot = slot->next) {
      bool free = false;
      // relaxed: a glance, to avoid writing lines that are in use.
      if (slot->taken.load(sync::relaxed)) continue;
      // (2) acquire: pairs with (1).
      if (slot->taken.compare_exchange_strong(free, true, sync::acquire, sync::relaxed))
        return slot;
    }
    Slot* const slot = sync::make<Slot>();
    slot->next = slots_.load(sync::relaxed);  // relaxed: the swap below confirms it
    // (10) release: pairs with (9), (11).
    while (!slots_.compare_exchange_weak(slot->next, slot, sync::release, sync::relaxed)) {
    }
    slot_count_.fetch_add(1, sync::relaxed);  // relaxed: a statistic
    return slot;
  }

  // Marks the nodes of the list `first` that slots from `slot` on announce, 64 announcements a
  // call, and returns the slot to go on from. The buffer is on the stack: reclaiming must not
  // allocate.
  static Slot* mark_announced(Slot* slot, Node* first) noexcept {
    std::array<const Node*, 64> announced;
    std::size_t count = 0;
    for (; slot != nullptr && count < announced.size(); slot = slot->next) {
      // (4) acquire: pairs with (3), (5).
      if (const Node* node = slot->announced.load(sync::acquire)) announced[count++] = node;
    }
    const auto end = announced.begin() + static_cast<std::ptrdiff_t>(count);
    std::sort(announced.begin(), end, std::less<>{});
    for (Node* node = first; node != nullptr; node = node->retired_next.read()) {
      node->announced.write() |= std::binary_search(announced.begin(), end, node, std::less<>{});
    }
    return slot;
  }

  void push_retired(Node* node) noexcept {
    Node*& next = node->retired_next.write();
    next = retired_.load(sync::relaxed);  // relaxed: the swap below confirms it
    // (8) release: pairs with (7). There is no ABA problem: the list is only ever taken whole.
    while (!retired_.compare_exchange_weak(next, node, sync::release, sync::relaxed)) {
    }
  }

  sync::atomic<Slot*> slots_{nullptr};
  sync::atomic<std::size_t> slot_count_{0};
  sync::atomic<Node*> retired_{nullptr};
  sync::atomic<std::size_t> retired_count_{0};
};

}  // namespace limiterbench::inline LIMITERBENCH_BACKEND
