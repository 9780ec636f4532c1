// Where an access was made, for the checkers' reports. Not every clang has std::source_location.
#pragma once

namespace limiterbench::sync {

struct location {
  const char* function;
  const char* file;
  unsigned line;
  static constexpr location current(const char* function = __builtin_FUNCTION(),
                                    const char* file = __builtin_FILE(),
                                    unsigned line = __builtin_LINE()) {
    return {function, file, line};
  }
};

}  // namespace limiterbench::sync
