// Design `xenium_hp`: xenium's hazard pointers; fetch_add.
//
// Source: M. Michael, "Hazard Pointers: Safe Memory Reclamation for Lock-Free Objects", IEEE TPDS
//   15(6), 2004; xenium 0.0.2 or newer.
// Semantics: exact (quota/fetch_add.hpp).
// Progress: reads lock-free; publish lock-free but for the allocator.
// Cost of the configuration: two loads of a line that only writers write, two stores to the
//   thread's own line with a full fence between them, and a list of the thread's free hazard
//   pointers popped and pushed.
// Memory: at most 100 retired configurations and 6 for each thread, of all limiters of this type
//   together, on each thread that publishes (xenium.hpp).
// Avoid when: std::bad_alloc must be survived: publish() and the end of a thread that published
//   scan for readers, which allocates in functions that must not throw; otherwise as xenium.hpp.
#pragma once

#include "../composed.hpp"
#include "../quota/fetch_add.hpp"
#include "xenium.hpp"

namespace limiterbench::inline LIMITERBENCH_BACKEND {

class xenium_hp
    : public Composed<XeniumSource<xenium::reclamation::hazard_pointer<>>, FetchAddQuota> {
 public:
  using Composed::Composed;
  static constexpr Info info{
      .name = "xenium_hp",
      .summary = "xenium, hazard pointers, fetch_add",
      .source = "xenium (hazard_pointer); Michael, Hazard Pointers, IEEE TPDS 2004",
      .library = "xenium",
      .package = "libxenium-dev",
      .progress = Progress::lock_free_within_window,
      .survives_bad_alloc = false};
};

}  // namespace limiterbench::inline LIMITERBENCH_BACKEND
