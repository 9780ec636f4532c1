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
// Where there is no rseq (older glibc or kernel, another architecture, emulation) rseq_available()
// is false and rseq_store() never stores.
#pragma once

#include <cstdint>

#include "../sync.hpp"

#if defined(LIMITERBENCH_HAS_RSEQ) && LIMITERBENCH_HAS_RSEQ && \
    (defined(__x86_64__) || defined(__aarch64__))
#define LIMITERBENCH_RSEQ_ASM 1
#else
#define LIMITERBENCH_RSEQ_ASM 0
#endif

namespace limiterbench::inline LIMITERBENCH_BACKEND {

#if defined(LIMITERBENCH_SYNC_RELACY) || defined(LIMITERBENCH_SYNC_SIMULATED)

[[nodiscard]] inline bool rseq_available() noexcept { return sync::restartable_available(); }
inline void restart_sequences() noexcept { sync::restart_all(); }
inline void forget_sequence() noexcept {}
[[nodiscard]] inline bool rseq_store(unsigned cpu, sync::atomic<std::uint64_t>& cell,
                                     std::uint64_t expected, std::uint64_t next,
                                     const sync::atomic<std::uint64_t>& guard,
                                     std::uint64_t guarded) noexcept {
  return sync::restartable_store(cpu, cell, expected, next, guard, guarded);
}

#elif LIMITERBENCH_RSEQ_ASM

namespace detail {
inline const bool rseq_registered = __rseq_size > 0 &&
                                    syscall(SYS_membarrier,
                                            MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_RSEQ, 0,
                                            0) == 0;
}  // namespace detail

[[nodiscard]] inline bool rseq_available() noexcept { return detail::rseq_registered; }

// Restarts the sequences that are running on other CPUs, with a full fence on each: one that read
// its guard before this call has stored when it returns, or never will.
inline void restart_sequences() noexcept {
  // (1) seq_cst: pairs with the fences that the kernel runs on the other CPUs. It promises none on
  // the caller's. Not shown at all: the checker is given a restart_sequences() of its own, above.
  sync::fence(sync::seq_cst);
  sync::detail::membarrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED_RSEQ);
}

// The calling thread's area names no sequence any more: the code that it ran may be unloaded. Not
// after each sequence: that store would cost every request.
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
               : "r"(sync::rseq_area()), "i"(offsetof(struct rseq, rseq_cs))
               : "memory");
#endif
}

// *cell = next, if this thread is on `cpu` and still sees *cell == expected and *guard == guarded.
// False: one of them differs, or the sequence was interrupted; then nothing was stored.
// The guard is read first, by acquire: a sequence that starts after restart_sequences() and finds
// the guard as it was again sees what was done to the cell in between.
[[nodiscard, gnu::always_inline]] inline bool rseq_store(unsigned cpu,
                                                         sync::atomic<std::uint64_t>& cell,
                                                         std::uint64_t expected, std::uint64_t next,
                                                         const sync::atomic<std::uint64_t>& guard,
                                                         std::uint64_t guarded) noexcept {
  // The sections carry the group flag "?": the linker drops them with the copy of an inline
  // function that they describe. The descriptor (1 to 2, abort at 4) is announced in rseq_cs; from
  // 1 on, an interruption resumes at 4, which must follow the signature that the registration
  // named.
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
      : [area] "r"(sync::rseq_area()), [cpu] "r"(cpu), [cell] "r"(&cell), [expected] "r"(expected),
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

#else

[[nodiscard]] inline bool rseq_available() noexcept { return false; }
inline void restart_sequences() noexcept {}
inline void forget_sequence() noexcept {}
[[nodiscard]] inline bool rseq_store(unsigned, sync::atomic<std::uint64_t>&, std::uint64_t,
                                     std::uint64_t, const sync::atomic<std::uint64_t>&,
                                     std::uint64_t) noexcept {
  return false;
}

#endif

}  // namespace limiterbench::inline LIMITERBENCH_BACKEND
