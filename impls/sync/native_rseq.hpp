// Restartable sequences: a store to this CPU's data that the kernel lets happen only if the thread
// was neither preempted, migrated nor interrupted by a signal since the sequence began. It gives
// per-CPU data without a locked instruction.
//
// Source: Linux rseq(2); M. Desnoyers, "The 5-year journey to bring restartable sequences to
//   Linux", 2019; the registration that glibc >= 2.35 makes for every thread (<sys/rseq.h>).
// Progress: an aborted sequence returns false; what to do then is the caller's choice.
// Cost: a store, three compares and the store itself. restart_sequences(): a system call.
// Avoid when: the code is unloaded (dlclose) before each thread that ran it has called
//   forget_sequence(). A thread's area goes on naming the sequence that it ran last. The kernel
//   looks it up when it next preempts the thread, and kills the process if it is not there any
//   more. Nobody can clear another thread's area.
//
// Where there is no rseq (older glibc or kernel, another architecture, emulation) rseq_available()
// is false and nothing is ever stored. Included by native.hpp alone.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

namespace limiterbench::sync::inline native {

// The backend's sequence: natively it runs as a whole, and cannot be taken step by step.
struct whole_sequence {
  static constexpr bool is_whole = true;

  // Where a request finds what it needs, in bytes.
  struct Layout {
    std::size_t shard, lease, rule, window;  // sizes; a shard holds the leases of one CPU
    std::size_t end, epoch;                  // in a window, from its word
    std::size_t epoch_of_rule, version;      // in a rule
  };
};

#if LIMITERBENCH_RSEQ

namespace detail {
inline const bool rseq_registered = __rseq_size > 0 &&
                                    syscall(SYS_membarrier,
                                            MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_RSEQ, 0,
                                            0) == 0;
}  // namespace detail

[[nodiscard]] inline bool rseq_available() noexcept { return detail::rseq_registered; }

// Restarts the sequences that are running on other CPUs, with a full fence on each. A sequence that
// read its guard before this call has stored when the call returns, or never will.
inline void restart_sequences() noexcept {
  // (1) seq_cst: pairs with the kernel's fences on the other CPUs; it promises none on this one.
  fence(seq_cst);
  detail::membarrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED_RSEQ);
}

// Makes the calling thread's area name no sequence: the code that it ran may then be unloaded. Not
// done after each sequence, since that store would cost every request.
inline void forget_sequence() noexcept {
  if (__rseq_size == 0) return;
#if defined(__x86_64__)
  asm volatile("movq $0, %%fs:%c0(%1)"
               :
               : "i"(offsetof(struct rseq, rseq_cs)), "r"(__rseq_offset)
               : "memory");
#else
  asm volatile("str xzr, [%0, %1]"
               :
               : "r"(rseq_area()), "i"(offsetof(struct rseq, rseq_cs))
               : "memory");
#endif
}

// *cell = next, if this thread is on `cpu` and still sees *cell == expected and *guard == guarded.
// False: one of them differs, or the sequence was interrupted, and nothing was stored. The guard is
// read first, by acquire: a sequence that starts after restart_sequences(), and finds the guard
// back at its old value, sees what was done to the cell in between.
[[nodiscard, gnu::always_inline]] inline bool rseq_store(unsigned cpu, atomic<std::uint64_t>& cell,
                                                         std::uint64_t expected, std::uint64_t next,
                                                         const atomic<std::uint64_t>& guard,
                                                         std::uint64_t guarded) noexcept {
  // The sections carry the group flag "?": the linker drops them with the copy of an inline
  // function that they describe. The descriptor (1 to 2, abort at 4) is announced in rseq_cs. From
  // 1 on, an interrupted thread resumes at 4, which must follow the registered signature.
#if defined(__x86_64__)
  asm goto(
      ".pushsection __rseq_cs, \"aw?\"\n\t"
      ".balign 32\n"
      "3:\n\t"
      ".long 0, 0\n\t"
      ".quad 1f, 2f - 1f, 4f\n\t"
      ".popsection\n\t"
      "leaq 3b(%%rip), %%rax\n\t"
      "movq %%rax, %%fs:%c[rseq_cs](%[area])\n"
      "1:\n\t"
      "cmpl %[cpu], %%fs:%c[cpu_id](%[area])\n\t"
      "jne %l[differs]\n\t"
      "cmpq %[guarded], %[guard]\n\t"
      "jne %l[differs]\n\t"
      "cmpq %[expected], %[cell]\n\t"
      "jne %l[differs]\n\t"
      "movq %[next], %[cell]\n"
      "2:\n\t"
      ".pushsection __rseq_failure, \"ax?\"\n\t"
      ".byte 0x0f, 0xb9, 0x3d\n\t"
      ".long %c[signature]\n"
      "4:\n\t"
      "jmp %l[differs]\n\t"
      ".popsection\n\t"
      :
      : [area] "r"(__rseq_offset), [cpu] "r"(cpu), [cell] "m"(cell), [expected] "r"(expected),
        [next] "r"(next), [guard] "m"(guard), [guarded] "r"(guarded),
        [rseq_cs] "i"(offsetof(struct rseq, rseq_cs)), [cpu_id] "i"(offsetof(struct rseq, cpu_id)),
        [signature] "i"(RSEQ_SIG)
      : "memory", "cc", "rax"
      : differs);
#else
  asm goto(
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
      "cmp w15, %w[cpu]\n\t"
      "bne %l[differs]\n\t"
      "ldar x15, [%[guard]]\n\t"
      "cmp x15, %[guarded]\n\t"
      "bne %l[differs]\n\t"
      "ldr x15, [%[cell]]\n\t"
      "cmp x15, %[expected]\n\t"
      "bne %l[differs]\n\t"
      "str %[next], [%[cell]]\n"
      "2:\n\t"
      "b 5f\n\t"
      ".inst %c[signature]\n"
      "4:\n\t"
      "b %l[differs]\n"
      "5:\n\t"
      :
      : [area] "r"(rseq_area()), [cpu] "r"(cpu), [cell] "r"(&cell), [expected] "r"(expected),
        [next] "r"(next), [guard] "r"(&guard), [guarded] "r"(guarded),
        [rseq_cs] "i"(offsetof(struct rseq, rseq_cs)), [cpu_id] "i"(offsetof(struct rseq, cpu_id)),
        [signature] "i"(RSEQ_SIG)
      : "memory", "cc", "x15"
      : differs);
#endif
  return true;
differs:
  return false;
}

struct sequence : whole_sequence {
  // spend_by_steps() of quota/rseq_spend.hpp. `first_word`: of the first class's window.
  template <Layout At, class Node>
  [[nodiscard, gnu::always_inline]] static bool spend(const atomic<Node*>& current,
                                                      std::size_t traffic_class, void* shards,
                                                      unsigned cpus,
                                                      const atomic<std::uint64_t>& first_word,
                                                      std::uint64_t cost, std::uint64_t now,
                                                      std::uint64_t& version) noexcept {
    static_assert(std::has_single_bit(At.shard), "class_count must be a power of two");
    std::uint64_t found;
    // Laid out as rseq_store(). On x86-64 every load acquires. One register, scaled, is the class's
    // offset among leases, rules and windows: more registers would be spilled, and clang finds only
    // ten in an unoptimised caller with a frame pointer and a base pointer. For "rm" clang always
    // takes memory, here its stack. Aligned, or the store of the descriptor may lie across two
    // lines of code: Zen 5 then takes half as long again. volatile, though asm goto implies it: GCC
    // 12 drops the sequence if nobody uses the version, and then every request is admitted.
#if defined(__x86_64__)
    static_assert(At.rule == 4 * At.lease && At.window == 8 * At.lease);
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
        : [area] "r"(__rseq_offset), [shards] "rm"(shards), [cpus] "rm"(cpus),
          [current] "m"(current), [of_class] "r"(traffic_class * At.lease),
          [windows] "r"(&first_word), [end] "i"(At.end), [epoch] "i"(At.epoch), [cost] "r"(cost),
          [now] "r"(now), [shift] "i"(std::countr_zero(At.shard)),
          [epoch_of_rule] "i"(At.epoch_of_rule), [version] "i"(At.version),
          [rseq_cs] "i"(offsetof(struct rseq, rseq_cs)),
          [cpu_id] "i"(offsetof(struct rseq, cpu_id)), [signature] "i"(RSEQ_SIG)
        : "memory", "cc", "rax", "rcx", "rdx"
        : undecided);
#else
    const char* const word = reinterpret_cast<const char*>(&first_word) + traffic_class * At.window;
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
        : [area] "r"(rseq_area()),
          [cells] "r"(static_cast<char*>(shards) + traffic_class * At.lease), [cpus] "r"(cpus),
          [current] "r"(&current), [rule] "r"(traffic_class * At.rule), [end] "r"(word + At.end),
          [epoch] "r"(word + At.epoch), [word] "r"(word), [cost] "r"(cost), [now] "r"(now),
          [shift] "i"(std::countr_zero(At.shard)), [epoch_of_rule] "i"(At.epoch_of_rule),
          [version] "i"(At.version), [rseq_cs] "i"(offsetof(struct rseq, rseq_cs)),
          [cpu_id] "i"(offsetof(struct rseq, cpu_id)), [signature] "i"(RSEQ_SIG)
        : "memory", "cc", "x12", "x13", "x14", "x15"
        : undecided);
#endif
    version = found;
    return true;
  undecided:
    return false;
  }
};

#else

[[nodiscard]] inline bool rseq_available() noexcept { return false; }
inline void restart_sequences() noexcept {}
inline void forget_sequence() noexcept {}
template <class... Ignored>
[[nodiscard]] bool rseq_store(const Ignored&...) noexcept {
  return false;
}
struct sequence : whole_sequence {
  template <Layout, class... Ignored>
  [[nodiscard]] static bool spend(const Ignored&...) noexcept {
    return false;
  }
};

#endif

}  // namespace limiterbench::sync::inline native
