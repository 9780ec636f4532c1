// A whole request in one restartable sequence: the rule in force is read, this CPU's lease is
// checked, and one store spends from it. Neither a hazard pointer nor a locked instruction.
//
// Source: original; Linux rseq(2); the lease is that of quota/leased_rseq.hpp.
// Semantics: as LeasedQuota::try_take(), by the rule in force. False: undecided, nothing was spent.
// Progress: wait-free; an interrupted sequence returns false.
// Cost: some twenty instructions, on lines that are seldom written and on this CPU's own. Up to
//   40 % more where the low 12 bits of a load's address equal those of an earlier store, on the
//   stack or in the cell: the load then waits for the store.
// Memory: none.
// Avoid when: rules may be freed without restart_sequences() before; see RestartableSource.
//
// Hazard: the rules are freed while they are read. No sequence that found them before they were
// unlinked is still running after restart_sequences(): the kernel has interrupted it, and it
// resumes at its abort. A sequence is a read-side section, and the system call a grace period.
//
// Hazard: a lease is spent after a sweep has taken it back. So the order of loads is: the rule, the
// window's end and epoch, its word, and last the cell. If the word is found open before the cell is
// read, a later sweep restarts this sequence, and an earlier one is over: its work is seen in the
// cell. If the cell were read first, a sweep that made its system call before this sequence began
// could still empty it.
//
// End and epoch are read before the word, which is closed while they change. So they are no newer
// than it. Nor are they older than a lease of its generation that was put here before this sequence
// began. A thread that was moved to another CPU may put one here meanwhile. Even then the epoch is
// no older, since a rollover that changes it restarts this sequence. The end may be older, hence
// earlier while the epoch stays; then the request only counts as early.
#pragma once

#include <cstddef>
#include <cstdint>

#include "../published.hpp"
#include "leased.hpp"
#include "leased_rseq.hpp"
#include "window.hpp"

namespace limiterbench::inline LIMITERBENCH_BACKEND {

// A request by the steps of a checker's sequence. The assembler in sync/native_rseq.hpp has the
// same order of loads. Node begins with a sync::plain<Published>. `cost` is not 0.
template <class Sequence, class Node, class Shard>
[[nodiscard]] bool spend_by_steps(const sync::atomic<Node*>& current, std::uint32_t traffic_class,
                                  Shard* shards, unsigned cpus, const Window* windows, Permits cost,
                                  Nanoseconds now, std::uint64_t& version) noexcept {
  const unsigned cpu = sync::current_cpu();
  if (cpu >= cpus) return false;
  Sequence steps(cpu);
  const Window::Parts parts = windows[traffic_class].parts();
  auto& cell = shards[cpu].leases[traffic_class].cell;
  Node* node = nullptr;
  std::uint64_t epoch_of_rule = 0, seen = 0, end = 0, epoch = 0, word = 0;
  // (1) acquire: pairs with (1) in config/hazard_pointer.hpp.
  return steps.load(current, node, sync::acquire) &&
         // (2) acquire: pairs with (5) in window.hpp, as (10) in window.hpp.
         steps.load(parts.end, end, sync::acquire) && now < end &&
         // (3) acquire: pairs with (6) in window.hpp, as (11) in window.hpp. Not shown as
         // relaxed: a rollover that changes the epoch restarts every sequence.
         steps.load(parts.epoch, epoch, sync::acquire) && steps.read([&] {
           const PublishedRule& rule = node->published.read().rules[traffic_class];
           epoch_of_rule = rule.epoch;
           version = rule.version;
         }) &&
         epoch_of_rule == epoch &&
         // (4) acquire: pairs with (7) and (13) in window.hpp: whoever sees the word open again
         // after a sweep sees the cell as the sweep left it.
         steps.load(parts.word, word, sync::acquire) &&
         // relaxed: ordered after the word by (4).
         steps.load(cell, seen, sync::relaxed) && Window::same_generation(seen, word) &&
         // The low half, as the assembler compares it. In it the mark of a claim passes for
         // permits: only the generation keeps a claimed cell from being spent.
         cost <= static_cast<std::uint32_t>(seen) && steps.commit(cell, seen - cost);
}

class RseqQuota : public LeasedQuota<RseqCells> {
 public:
  using LeasedQuota::LeasedQuota;

  // Decides by the rule that `current` leads to. True: counted; `version` is that rule's.
  template <class Node, class Sequence = sync::sequence>
  [[nodiscard, gnu::always_inline]] bool try_spend(const sync::atomic<Node*>& current,
                                                   const Request& request,
                                                   std::uint64_t& version) noexcept {
    if constexpr (Sequence::is_whole) {
      return Sequence::template spend<layout<typename Sequence::Layout>()>(
          current, request.traffic_class, shard_.get(), rseq_cpus_, windows_[0].parts().word,
          request.cost, request.now, version);
    } else {
      return spend_by_steps<Sequence>(current, request.traffic_class, shard_.get(), rseq_cpus_,
                                      windows_.data(), request.cost, request.now, version);
    }
  }

 private:
  template <class Layout>
  static consteval Layout layout() {
    static_assert(offsetof(Shard, leases) == 0 && offsetof(Lease, cell) == 0 &&
                  sizeof(sync::plain<Published>) == sizeof(Published));
    return {.shard = sizeof(Shard),
            .lease = sizeof(Lease),
            .rule = sizeof(PublishedRule),
            .window = sizeof(Window),
            .end = Window::end_offset(),
            .epoch = Window::epoch_offset(),
            .epoch_of_rule = offsetof(PublishedRule, epoch),
            .version = offsetof(PublishedRule, version)};
  }

  unsigned rseq_cpus_ = sync::rseq_available() ? cpus_ : 0;  // 0: sequences are not available
};

}  // namespace limiterbench::inline LIMITERBENCH_BACKEND
