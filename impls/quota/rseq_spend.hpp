// A whole request in one restartable sequence: the rule in force is read, this CPU's lease is
// checked, and one store spends from it. Neither a hazard pointer nor a locked instruction.
//
// Source: original; Linux rseq(2); the lease is that of quota/leased_rseq.hpp.
// Semantics: as LeasedQuota::try_take() by restartable sequences, decided by the rule in force.
//   False: undecided, nothing was spent.
// Progress: wait-free; a sequence that is interrupted returns false.
// Cost: some twenty instructions, on lines that are seldom written and on this CPU's own. Up to
//   40 % more where a load agrees in its low 12 bits with a store before it, on the stack or in the
//   cell: the load then waits for the store.
// Memory: none.
// Avoid when: rules may be freed without restart_sequences() before; see RestartableSource.
//
// Hazard: the rules are freed while they are read. A sequence that found them before they were
// unlinked is nowhere under way after restart_sequences(): the kernel has interrupted it, and it
// resumes at its abort. So a sequence is a reader's critical section, and the system call a grace
// period.
//
// Order of loads: the rule, the window's end and epoch, its word, and last the cell.
// Hazard: a lease spent after a sweep has taken it back. Where the word is found open before the
// cell is read, a sweep that closes it later restarts this sequence, and one that had closed it
// before is over: its work is seen in the cell. A cell read first could be emptied by a sweep that
// had made its system call before this sequence began.
// End and epoch before the word, which is closed while they change: they are no newer than it; and
// no older than a lease of its generation that was put here before this sequence began. Where a
// thread that was moved to another CPU puts one here meanwhile, the epoch is no older still, since
// a turn that changes it restarts this sequence; by an older end, which is an earlier one
// while the epoch stays, a request only counts as early.
#pragma once

#include <cstddef>
#include <cstdint>

#include "../primitives/rseq.hpp"
#include "../published.hpp"
#include "leased.hpp"
#include "leased_rseq.hpp"
#include "window.hpp"

namespace limiterbench::inline LIMITERBENCH_BACKEND {

// The leases of all CPUs, a Shard each.
template <class Shard>
struct LeasesOfCpus {
  Shard* shards;
  unsigned cpus;  // 0: sequences are not available
};

// Node: begins with a sync::plain<Published>. `cost`: not 0. `version`: of the rule, if true.
#if defined(LIMITERBENCH_SYNC_RELACY) || defined(LIMITERBENCH_SYNC_SIMULATED)

template <class Node, class Shard>
[[nodiscard]] bool rseq_spend(const sync::atomic<Node*>& current, std::uint32_t traffic_class,
                              LeasesOfCpus<Shard> leases, const Window* windows, Permits cost,
                              Nanoseconds now, std::uint64_t& version) noexcept {
  const unsigned cpu = sync::current_cpu();
  if (cpu >= leases.cpus) return false;
  sync::sequence steps(cpu);
  const Window::Parts parts = windows[traffic_class].parts();
  auto& cell = leases.shards[cpu].leases[traffic_class].cell;
  Node* node = nullptr;
  std::uint64_t epoch_of_rule = 0, seen = 0, end = 0, epoch = 0, word = 0;
  // (1) acquire: pairs with (1) in config/hazard_pointer.hpp.
  return steps.load(current, node, sync::acquire) &&
         // (2) acquire: pairs with (5) in window.hpp, as (10) in window.hpp.
         steps.load(parts.end, end, sync::acquire) && now < end &&
         // (3) acquire: pairs with (6) in window.hpp, as (11) in window.hpp. Not shown as
         // relaxed: a turn that changes the epoch restarts every sequence.
         steps.load(parts.epoch, epoch, sync::acquire) && steps.read([&] {
           const PublishedRule& rule = node->published.read().rules[traffic_class];
           epoch_of_rule = rule.epoch;
           version = rule.version;
         }) &&
         epoch_of_rule == epoch &&
         // (4) acquire: pairs with (7) and (13) in window.hpp: who sees the word open again after a
         // sweep sees the cell as it left it.
         steps.load(parts.word, word, sync::acquire) &&
         // relaxed: ordered after the word by (4).
         steps.load(cell, seen, sync::relaxed) && Window::same_generation(seen, word) &&
         // The low half, as the assembler compares it: the mark of a claim passes for permits, and
         // only by its generation a claimed cell is not spent from.
         cost <= static_cast<std::uint32_t>(seen) && steps.commit(cell, seen - cost);
}

#elif LIMITERBENCH_RSEQ_ASM

template <class Node, class Shard>
[[nodiscard, gnu::always_inline]] inline bool rseq_spend(
    const sync::atomic<Node*>& current, std::uint32_t traffic_class, LeasesOfCpus<Shard> leases,
    const Window* windows, Permits cost, Nanoseconds now, std::uint64_t& version) noexcept {
  using Lease = typename decltype(Shard::leases)::value_type;
  static_assert(std::has_single_bit(sizeof(Shard)), "class_count must be a power of two");
  static_assert(offsetof(Shard, leases) == 0 && offsetof(Lease, cell) == 0 &&
                sizeof(sync::plain<Published>) == sizeof(Published));
  constexpr std::size_t epoch = offsetof(PublishedRule, epoch);
  std::uint64_t found;
  // The layout of the sequence is that of rseq_store() in primitives/rseq.hpp. On x86-64 every load
  // acquires; one register, by scales, is the class's offset among leases, rules and windows: more
  // would be spilled, and clang finds ten where an unoptimised caller has a frame pointer and a
  // base pointer. For "rm" it always takes memory, here its stack. Aligned, so that the store of
  // the descriptor does not lie across two lines of code: Zen 5 then takes half as long again.
  // volatile is said, though asm goto implies it: GCC 12 drops the sequence where nobody asks for
  // the version, as if it had no effect but its output, and then every request is admitted.
#if defined(__x86_64__)
  static_assert(sizeof(PublishedRule) == 4 * sizeof(Lease) && sizeof(Window) == 8 * sizeof(Lease));
  asm volatile goto(
      ".pushsection __rseq_cs, \"aw?\"\n\t"
      ".balign 32\n"
      "3:\n\t"
      ".long 0, 0\n\t"
      ".quad 1f, 2f - 1f, 4f\n\t"
      ".popsection\n\t"
      ".p2align 4\n\t"
      "leaq 3b(%%rip), %%rax\n\t"
      "movq %%rax, %%fs:%c[rseq_cs](%[area])\n"
      "1:\n\t"
      "movl %%fs:%c[cpu_id](%[area]), %%eax\n\t"
      "cmpl %[cpus], %%eax\n\t"
      "jae %l[undecided]\n\t"
      "shlq %[shift], %%rax\n\t"
      "addq %[shards], %%rax\n\t"
      "movq %[current], %[found]\n\t"
      "cmpq %c[end](%[windows],%[of_class],8), %[now]\n\t"
      "jae %l[undecided]\n\t"
      "movq %c[epoch](%[windows],%[of_class],8), %%rdx\n\t"
      "cmpq %c[epoch_of_rule](%[found],%[of_class],4), %%rdx\n\t"
      "jne %l[undecided]\n\t"
      "movq (%[windows],%[of_class],8), %%rdx\n\t"
      "movq (%%rax,%[of_class]), %%rcx\n\t"
      "xorq %%rcx, %%rdx\n\t"
      "shrq $31, %%rdx\n\t"
      "jne %l[undecided]\n\t"
      "movl %%ecx, %%edx\n\t"
      "cmpq %[cost], %%rdx\n\t"
      "jb %l[undecided]\n\t"
      "subq %[cost], %%rcx\n\t"
      "movq %c[version](%[found],%[of_class],4), %[found]\n\t"
      "movq %%rcx, (%%rax,%[of_class])\n"
      "2:\n\t"
      ".pushsection __rseq_failure, \"ax?\"\n\t"
      ".byte 0x0f, 0xb9, 0x3d\n\t"
      ".long %c[signature]\n"
      "4:\n\t"
      "jmp %l[undecided]\n\t"
      ".popsection\n\t"
      : [found] "=&r"(found)
      : [area] "r"(__rseq_offset), [shards] "rm"(leases.shards), [cpus] "rm"(leases.cpus),
        [current] "m"(current), [of_class] "r"(traffic_class * sizeof(Lease)),
        [windows] "r"(&windows->parts().word), [end] "i"(Window::end_offset()),
        [epoch] "i"(Window::epoch_offset()), [cost] "r"(cost), [now] "r"(now),
        [shift] "i"(std::countr_zero(sizeof(Shard))), [epoch_of_rule] "i"(epoch),
        [version] "i"(offsetof(PublishedRule, version)),
        [rseq_cs] "i"(offsetof(struct rseq, rseq_cs)), [cpu_id] "i"(offsetof(struct rseq, cpu_id)),
        [signature] "i"(RSEQ_SIG)
      : "memory", "cc", "rax", "rcx", "rdx"
      : undecided);
#else
  const Window::Parts in_force = windows[traffic_class].parts();
  asm volatile goto(
      ".pushsection __rseq_cs, \"aw?\"\n\t"
      ".balign 32\n"
      "3:\n\t"
      ".long 0, 0\n\t"
      ".quad 1f, 2f - 1f, 4f\n\t"
      ".popsection\n\t"
      "adrp x15, 3b\n\t"
      "add x15, x15, :lo12:3b\n\t"
      "str x15, [%[area], %[rseq_cs]]\n"
      "1:\n\t"
      "ldr w15, [%[area], %[cpu_id]]\n\t"
      "cmp w15, %w[cpus]\n\t"
      "bhs %l[undecided]\n\t"
      "add x15, %[cells], x15, lsl %[shift]\n\t"
      "ldar %[found], [%[current]]\n\t"
      "add %[found], %[found], %[rule]\n\t"
      "ldar x13, [%[end]]\n\t"
      "cmp %[now], x13\n\t"
      "bhs %l[undecided]\n\t"
      "ldar x13, [%[epoch]]\n\t"
      "ldr x12, [%[found], %[epoch_of_rule]]\n\t"
      "cmp x13, x12\n\t"
      "bne %l[undecided]\n\t"
      "ldar x13, [%[word]]\n\t"
      "ldr x14, [x15]\n\t"
      "eor x13, x13, x14\n\t"
      "lsr x13, x13, #31\n\t"
      "cbnz x13, %l[undecided]\n\t"
      "mov w13, w14\n\t"
      "cmp x13, %[cost]\n\t"
      "blo %l[undecided]\n\t"
      "sub x14, x14, %[cost]\n\t"
      "ldr %[found], [%[found], %[version]]\n\t"
      "str x14, [x15]\n"
      "2:\n\t"
      "b 5f\n\t"
      ".inst %c[signature]\n"
      "4:\n\t"
      "b %l[undecided]\n"
      "5:\n\t"
      : [found] "=&r"(found)
      : [area] "r"(sync::rseq_area()), [cells] "r"(&leases.shards->leases[traffic_class].cell),
        [cpus] "r"(leases.cpus), [current] "r"(&current),
        [rule] "r"(traffic_class * sizeof(PublishedRule)), [end] "r"(&in_force.end),
        [epoch] "r"(&in_force.epoch), [word] "r"(&in_force.word), [cost] "r"(cost), [now] "r"(now),
        [shift] "i"(std::countr_zero(sizeof(Shard))), [epoch_of_rule] "i"(epoch),
        [version] "i"(offsetof(PublishedRule, version)),
        [rseq_cs] "i"(offsetof(struct rseq, rseq_cs)), [cpu_id] "i"(offsetof(struct rseq, cpu_id)),
        [signature] "i"(RSEQ_SIG)
      : "memory", "cc", "x12", "x13", "x14", "x15"
      : undecided);
#endif
  version = found;
  return true;
undecided:
  return false;
}

#else

template <class Node, class Shard>
[[nodiscard]] bool rseq_spend(const sync::atomic<Node*>&, std::uint32_t, LeasesOfCpus<Shard>,
                              const Window*, Permits, Nanoseconds, std::uint64_t&) noexcept {
  return false;
}

#endif

class RseqQuota : public LeasedQuota<RseqCells> {
 public:
  using LeasedQuota::LeasedQuota;

  // Decides by the rule that `current` leads to. True: counted; `version` is that rule's.
  template <class Node>
  [[nodiscard, gnu::always_inline]] bool try_spend(const sync::atomic<Node*>& current,
                                                   const Request& request,
                                                   std::uint64_t& version) noexcept {
    return rseq_spend(current, request.traffic_class, LeasesOfCpus<Shard>{shard_.get(), rseq_cpus_},
                      windows_.data(), request.cost, request.now, version);
  }

 private:
  unsigned rseq_cpus_ = rseq_available() ? cpus_ : 0;
};

}  // namespace limiterbench::inline LIMITERBENCH_BACKEND
