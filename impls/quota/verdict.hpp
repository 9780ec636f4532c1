// A quota's answer to a request that try_take() did not admit.
#pragma once

#include <cstdint>

#include "../published.hpp"

namespace limiterbench::inline LIMITERBENCH_BACKEND {

struct Verdict {
  enum class Kind : std::uint8_t {
    admitted,
    denied,
    stale,  // a newer rule than the given one is in force: read the configuration again
  };
  Kind kind;
  Nanoseconds end = 0;  // of the window in force, if denied
};

}  // namespace limiterbench::inline LIMITERBENCH_BACKEND
