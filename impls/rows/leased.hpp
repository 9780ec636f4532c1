// Design `leased`: hazard pointers; permits leased to CPUs in shrinking grants.
// Properties: config/hazard_pointer.hpp and quota/leased.hpp.
#pragma once

#include "../composed.hpp"
#include "../config/hazard_pointer.hpp"
#include "../quota/leased.hpp"

namespace limiterbench::inline LIMITERBENCH_BACKEND {

class leased : public Composed<HazardPointerSource, LeasedQuota<AtomicCells>> {
 public:
  using Composed::Composed;
  static constexpr Info info{.name = "leased",
                             .summary = "Hazard pointers; exact per-CPU leases from a shared pool",
                             .source = "original; after McKenney, perfbook ch. 5",
                             .needs = {"membarrier"},
                             .progress = Progress::lock_free_within_lease};
};

}  // namespace limiterbench::inline LIMITERBENCH_BACKEND
