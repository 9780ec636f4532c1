// Design `xenium_ebr`: xenium's epoch-based reclamation; fetch_add.
//
// Source: K. Fraser, "Practical Lock-Freedom", PhD thesis, University of Cambridge, 2004; xenium
//   0.0.2 or newer.
// Semantics: exact (quota/fetch_add.hpp).
// Progress: reads wait-free but for every hundredth, which looks at every thread's epoch and may
//   free what its own thread retired.
// Cost of the configuration: three loads of lines that only writers write, two stores to the
//   thread's own line with a full fence between them.
// Memory: no bound while a reader is preempted inside a section; otherwise some three hundred
//   retired configurations on each thread that publishes (xenium.hpp).
// Avoid when: memory must be bounded; or std::bad_alloc must be survived: a thread's first attach()
//   or publish() allocates its record in a function that must not throw; otherwise as xenium.hpp.
#pragma once

#include "../composed.hpp"
#include "../quota/fetch_add.hpp"
#include "xenium.hpp"

namespace limiterbench::inline LIMITERBENCH_BACKEND {

class xenium_ebr
    : public Composed<XeniumSource<xenium::reclamation::epoch_based<>>, FetchAddQuota> {
 public:
  using Composed::Composed;
  static constexpr Info info{.name = "xenium_ebr",
                             .summary = "xenium, epoch-based reclamation, fetch_add",
                             .source = "xenium (epoch_based); Fraser, Practical Lock-Freedom, 2004",
                             .library = "xenium",
                             .package = "libxenium-dev",
                             .progress = Progress::lock_free_within_window,
                             .survives_bad_alloc = false};
};

}  // namespace limiterbench::inline LIMITERBENCH_BACKEND
