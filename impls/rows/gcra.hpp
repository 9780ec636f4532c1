// Design `gcra`: hazard pointers; the generic cell rate algorithm on one word of virtual time.
// Properties: config/hazard_pointer.hpp and quota/gcra.hpp.
#pragma once

#include "../composed.hpp"
#include "../config/hazard_pointer.hpp"
#include "../quota/gcra.hpp"

namespace limiterbench::inline LIMITERBENCH_BACKEND {

class gcra : public Composed<HazardPointerSource, GcraQuota> {
 public:
  using Composed::Composed;
  static constexpr Info info{.name = "gcra",
                             .summary = "Hazard pointers; virtual scheduling on one double word",
                             .source = "ITU-T I.371, Annex A",
                             .needs = {"membarrier"},
                             .contract = Contract::gcra,
                             .progress = Progress::lock_free,
                             .bound = "limit (by its own contract)"};
};

}  // namespace limiterbench::inline LIMITERBENCH_BACKEND
