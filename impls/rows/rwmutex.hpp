// Design `rwmutex`: one std::shared_mutex around configuration and counters, taken exclusively.
// Properties: locked.hpp.
#pragma once

#include "../locked.hpp"

namespace limiterbench::inline LIMITERBENCH_BACKEND {

class rwmutex : public Locked<sync::shared_mutex> {
 public:
  using Locked::Locked;
  static constexpr Info info{
      .name = "rwmutex",
      .summary = "One std::shared_mutex around configuration and counters, taken exclusively",
      .source = "original; the design that most services start from",
      .progress = Progress::blocking,
      .denial = Denial::writes_shared_line};
};

}  // namespace limiterbench::inline LIMITERBENCH_BACKEND
