// Leases spent by nonatomic stores inside restartable sequences.
//
// Source, semantics, memory: quota/leased.hpp; sync/native_rseq.hpp.
// Progress: as quota/leased.hpp; a sweep also makes the kernel interrupt the other CPUs.
// Cost: as quota/leased.hpp, with a store in place of the read-modify-write.
// Avoid when: limits are reached often on many CPUs: each sweep is a membarrier.
//
// Why a store suffices. A cell is spent and claimed only on its own CPU, by a sequence that reads
// the window's word first and then the cell. It does not store if the kernel interrupts it, or if
// it finds the window closed or rolled over. A rollover that does not sweep may pass between its
// load and its store. What it spends then belonged to the old window; what it claims then gets
// permits of the new one. No sequence touches a claimed cell, so whoever claimed it may write it
// from any CPU.
//
// A sweep first closes the window, then restarts every running sequence. From then until the window
// opens none can store. All cells may then be read and written from any CPU, except claimed ones,
// for which the sweep waits. A sequence that finds the window open again sees the cells as the
// sweep left them. Where rseq is not available the cells are changed as in quota/leased.hpp.
//
// A spending store ends the release sequence of (2) in quota/leased.hpp. Whoever spends next on
// that CPU came there by a context switch or is the same thread: it has seen the lease's rollover.
#pragma once

#include <cstdint>

#include "../published.hpp"
#include "leased.hpp"
#include "window.hpp"

namespace limiterbench::inline LIMITERBENCH_BACKEND {

struct RseqCells {
  using Cell = AtomicCells::Cell;

  [[nodiscard, gnu::always_inline]] static bool spend(unsigned cpu, Cell& cell, std::uint64_t seen,
                                                      Permits cost, const Window& window,
                                                      std::uint64_t word) noexcept {
    if (!sync::rseq_available()) [[unlikely]]
      return AtomicCells::spend(cpu, cell, seen, cost, window, word);
    return sync::rseq_store(cpu, cell, seen, seen - cost, window.parts().word, word);
  }

  // A thread that moves to another CPU between choosing the cell and storing claims nothing.
  [[nodiscard]] static bool claim(unsigned cpu, Cell& cell, std::uint64_t seen,
                                  const Window& window, std::uint64_t word) noexcept {
    if (!sync::rseq_available()) return AtomicCells::claim(cpu, cell, seen, window, word);
    return sync::rseq_store(cpu, cell, seen, Claim::of(word), window.parts().word, word);
  }

  static void quiesce() noexcept {
    if (sync::rseq_available()) sync::restart_sequences();
  }
};

}  // namespace limiterbench::inline LIMITERBENCH_BACKEND
