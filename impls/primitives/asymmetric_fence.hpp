// An asymmetric pair of fences: readers run light_fence(), which costs nothing, and the rare
// writer runs heavy_fence(), which makes every running thread of the process run a full fence.
//
// A store before light_fence() and a load after it are ordered against a store before heavy_fence()
// and a load after it as if both sides had run seq_cst fences: at least one of the two loads sees
// the other side's store (store buffering is forbidden).
//
// Source: Linux membarrier(2); P1202R5, "Asymmetric Fences".
// Progress: light_fence() wait-free; heavy_fence() blocks in the kernel.
// Cost: light_fence() no instruction (a full fence where the kernel has no membarrier);
//   heavy_fence() a system call that interrupts the other CPUs, so batch what needs it.
// Avoid when: the heavy side runs often.
#pragma once

#include "../sync.hpp"

namespace limiterbench::inline LIMITERBENCH_BACKEND {

[[gnu::always_inline]] inline void light_fence() noexcept {
  if (sync::process_fence_available()) [[likely]] {
    // The compiler must not reorder across it; heavy_fence() makes the processor comply. Not shown
    // without it: the checker runs in program order what a compiler would move.
    sync::compiler_fence();
  } else {
    // (1) seq_cst: pairs with (2).
    sync::fence(sync::seq_cst);
  }
}

inline void heavy_fence() noexcept {
  // (2) seq_cst: pairs with (1). Needed with membarrier too, which promises fences on the other
  // threads but none on the caller.
  sync::fence(sync::seq_cst);
  if (sync::process_fence_available()) sync::process_fence();
}

}  // namespace limiterbench::inline LIMITERBENCH_BACKEND
