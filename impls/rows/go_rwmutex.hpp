// Design `go_rwmutex`: Go's sync.RWMutex around configuration and counters, taken exclusively.
// Properties: primitives/go_rwmutex.hpp and locked.hpp.
#pragma once

#include "../locked.hpp"
#include "../primitives/go_rwmutex.hpp"

namespace limiterbench::inline LIMITERBENCH_BACKEND {

class go_rwmutex : public Locked<GoRwMutex> {
 public:
  using Locked::Locked;
  static constexpr Info info{
      .name = "go_rwmutex",
      .summary = "Go's sync.RWMutex around configuration and counters, taken exclusively",
      .source = "Go, src/sync/rwmutex.go",
      .progress = Progress::blocking,
      .denial = Denial::writes_shared_line};
};

}  // namespace limiterbench::inline LIMITERBENCH_BACKEND
