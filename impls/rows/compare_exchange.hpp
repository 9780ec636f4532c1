// Design `compare_exchange`: hazard pointers; load, then compare-and-swap of one word.
// Properties: config/hazard_pointer.hpp and quota/packed.hpp.
#pragma once

#include "../composed.hpp"
#include "../config/hazard_pointer.hpp"
#include "../quota/packed.hpp"

namespace limiterbench::inline LIMITERBENCH_BACKEND {

class compare_exchange : public Composed<HazardPointerSource, PackedQuota> {
 public:
  using Composed::Composed;
  static constexpr Info info{.name = "compare_exchange",
                             .summary = "Hazard pointers; load and compare-and-swap of one word",
                             .source = "original; how exact counters are usually written",
                             .needs = {"membarrier"},
                             .progress = Progress::lock_free_within_window};
};

}  // namespace limiterbench::inline LIMITERBENCH_BACKEND
