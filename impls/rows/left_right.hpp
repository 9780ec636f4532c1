// Design `left_right`: two copies, read indicators per CPU, fetch_add.
// Properties: config/left_right.hpp and quota/fetch_add.hpp.
#pragma once

#include "../composed.hpp"
#include "../config/left_right.hpp"
#include "../quota/fetch_add.hpp"

namespace limiterbench::inline LIMITERBENCH_BACKEND {

class left_right : public Composed<LeftRightSource, FetchAddQuota> {
 public:
  using Composed::Composed;
  static constexpr Info info{.name = "left_right",
                             .summary = "Two copies, read indicators per CPU, fetch_add",
                             .source = "Ramalhete and Correia, Left-Right, 2015",
                             .progress = Progress::lock_free_within_window,
                             .denial = Denial::writes_line_of_cpu};
};

}  // namespace limiterbench::inline LIMITERBENCH_BACKEND
