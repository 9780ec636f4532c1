// What a quota answers.
#pragma once

#include <cstdint>

#include "../published.hpp"

namespace limiterbench::inline LIMITERBENCH_BACKEND {

// To try_take(): whether the request was counted, and if so the version by which.
struct Taken {
  bool taken = false;
  std::uint64_t version = 0;
  explicit operator bool() const noexcept { return taken; }
};

// To take(), which decides what try_take() did not count.
struct Verdict {
  enum class Kind : std::uint8_t {
    admitted,
    denied,
    stale,  // a newer rule than the given one is in force: read the configuration again
    again,  // the window has changed: call try_take() again
  };
  Kind kind;
  Nanoseconds end = 0;  // of the window in force, if denied
};

[[nodiscard]] inline Verdict verdict(bool counted, Nanoseconds end) noexcept {
  if (counted) return {Verdict::Kind::admitted};
  return {Verdict::Kind::denied, end};
}

}  // namespace limiterbench::inline LIMITERBENCH_BACKEND
