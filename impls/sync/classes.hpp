// How many traffic classes a limiter has, where a backend may have fewer.
#pragma once

#include <cstddef>

namespace limiterbench::sync {

// A model check builds millions of limiters and uses one class of each: it may ask for fewer.
consteval std::size_t classes([[maybe_unused]] std::size_t count) noexcept {
#if defined(LIMITERBENCH_SYNC_RELACY) && defined(LIMITERBENCH_CLASS_COUNT)
  return LIMITERBENCH_CLASS_COUNT;
#else
  return count;
#endif
}

}  // namespace limiterbench::sync
