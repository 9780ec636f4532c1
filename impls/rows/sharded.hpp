// Design `sharded`: hazard pointers; one counter per CPU, summed near the limit.
// Properties: config/hazard_pointer.hpp and quota/sharded.hpp.
#pragma once

#include "../composed.hpp"
#include "../config/hazard_pointer.hpp"
#include "../quota/sharded.hpp"

namespace limiterbench::inline LIMITERBENCH_BACKEND {

class sharded : public Composed<HazardPointerSource, ShardedQuota> {
 public:
  using Composed::Composed;
  static constexpr Info info{
      .name = "sharded",
      .summary = "Hazard pointers; one counter per CPU, summed near the limit",
      .source = "after Linux percpu_counter and McKenney, perfbook ch. 5",
      .needs = {"membarrier"},
      .exactness = Exactness::approximate,
      .progress = Progress::lock_free_within_window,
      .bound = "(cpus - 1) * cost"};
};

}  // namespace limiterbench::inline LIMITERBENCH_BACKEND
