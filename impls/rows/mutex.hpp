// Design `mutex`: one std::mutex around configuration and counters.
// Properties: locked.hpp.
#pragma once

#include "../locked.hpp"

namespace limiterbench::inline LIMITERBENCH_BACKEND {

class mutex : public Locked<sync::mutex> {
 public:
  using Locked::Locked;
  static constexpr Info info{.name = "mutex",
                             .summary = "One std::mutex around configuration and counters",
                             .source = "original; what most services have before they measure",
                             .progress = Progress::blocking,
                             .denial = Denial::writes_shared_line};
};

}  // namespace limiterbench::inline LIMITERBENCH_BACKEND
