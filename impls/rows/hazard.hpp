// Design `hazard`: raw pointer made safe by hazard pointers, fetch_add.
// Properties: config/hazard_pointer.hpp and quota/fetch_add.hpp.
#pragma once

#include "../composed.hpp"
#include "../config/hazard_pointer.hpp"
#include "../quota/fetch_add.hpp"

namespace limiterbench::inline LIMITERBENCH_BACKEND {

class hazard : public Composed<HazardPointerSource, FetchAddQuota> {
 public:
  using Composed::Composed;
  static constexpr Info info{.name = "hazard",
                             .summary = "Raw pointer made safe by hazard pointers, fetch_add",
                             .source = "Michael, Hazard Pointers, IEEE TPDS 2004",
                             .needs = {"membarrier"},
                             .progress = Progress::lock_free_within_window};
};

}  // namespace limiterbench::inline LIMITERBENCH_BACKEND
