// Two words that change as one.
#pragma once

#include <cstdint>

namespace limiterbench::sync {

struct wide {
  std::uint64_t high = 0;
  std::uint64_t low = 0;
  friend constexpr bool operator==(const wide&, const wide&) = default;
};

}  // namespace limiterbench::sync
