// Design `mcs`: Mellor-Crummey and Scott's queue lock around configuration and counters.
// Properties: primitives/mcs_lock.hpp and locked.hpp.
#pragma once

#include "../locked.hpp"
#include "../primitives/mcs_lock.hpp"

namespace limiterbench::inline LIMITERBENCH_BACKEND {

class mcs : public Locked<McsLock, McsLock::Guard> {
 public:
  using Locked::Locked;
  static constexpr Info info{
      .name = "mcs",
      .summary = "A first-come-first-served queue lock around configuration and counters",
      .source = "Mellor-Crummey and Scott, ACM TOCS 9(1), 1991",
      .progress = Progress::blocking,
      .denial = Denial::writes_shared_line};
};

}  // namespace limiterbench::inline LIMITERBENCH_BACKEND
