// Leases spent by plain stores inside restartable sequences.
//
// Source, semantics, invariant: quota/leased.hpp; sync/native_rseq.hpp.
// Progress: as quota/leased.hpp; a sweep also makes the kernel interrupt the other CPUs.
// Cost: as quota/leased.hpp, with a store in place of the read-modify-write.
// Avoid when: limits are reached often on many CPUs: each sweep is a membarrier.
//
// A cell is spent and claimed only on its own CPU, by a sequence that reads first the window's word
// and then the cell: if the kernel interrupts it, or it finds the window closed or turned, it does
// not store. A turn that does not sweep may pass between its look and its store: what it spends
// then belonged to the old window, or its claim is put back, since the swap of the word fails. A
// claimed cell no sequence touches, so that whoever claimed it may write it from any CPU. A sweep
// first closes the window, then restarts every running sequence. From then until it opens the
// window none can store, and all cells but claimed ones, which are waited for, may be read and
// written from any CPU; a sequence that finds the window open again sees the cells as they were
// left. Where rseq is not available the cells are changed as in quota/leased.hpp.
//
// A spend's plain store ends the release sequence of (2) in quota/leased.hpp. Who spends next on
// that CPU came there by a context switch, or is the same thread: either has seen the lease's turn.
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

  // A thread that is moved to another CPU between choosing the cell and storing claims nothing.
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
