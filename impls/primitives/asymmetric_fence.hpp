// An asymmetric pair of fences: readers run light_fence(), which costs nothing, and the rare
// writer runs heavy_fence(), which makes every running thread of the process run a full fence.
//
// A store before light_fence() and a load after it are then ordered against a store before
// heavy_fence() and a load after it as if both sides had run seq_cst fences: at least one of the
// two loads sees the other side's store (store buffering is forbidden).
//
// Source: Linux membarrier(2); P1202R5, "Asymmetric Fences".
// Progress: light wait-free; heavy blocks in the kernel while it interrupts the other CPUs.
// Cost: light 0 instructions (a full fence where the kernel has no membarrier); heavy a system
// call, so batch what needs it.
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
  // (2) seq_cst: pairs with (1). Explicit also where the kernel takes part: it promises fences on
  // the other threads, not on the caller.
  sync::fence(sync::seq_cst);
  if (sync::process_fence_available()) sync::process_fence();
}

}  // namespace limiterbench::inline LIMITERBENCH_BACKEND
