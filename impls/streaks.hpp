// The consecutive denials of each class on one handle, and the backoff that follows from them.
// Per-thread state: a denial writes nothing shared.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>

#include "published.hpp"

namespace limiterbench::inline LIMITERBENCH_BACKEND {

class Streaks {
 public:
  [[gnu::always_inline]] void admit(std::uint32_t traffic_class) noexcept {
    streaks_[traffic_class].count = 0;
  }

  // The decision for a denial in a window that ends at `end`, later than `now`. Out of line:
  // inlining it makes the admitting path spill registers.
  [[nodiscard, gnu::noinline]] Decision deny(std::uint32_t traffic_class, const PublishedRule& rule,
                                             Nanoseconds end, Nanoseconds now) noexcept {
    Streak& streak = streaks_[traffic_class];
    const Backoff& backoff = rule.rule.backoff;
    ++streak.count;
    if (streak.count > 1 && streak.sequence == rule.sequence) {
      // At most max_backoff * max_multiplier, below 2^57.
      streak.delay = std::min(backoff.ceiling, streak.delay * backoff.multiplier);
    } else {
      streak.delay = delay_after(streak.count, backoff);
      streak.sequence = rule.sequence;
    }
    return Decision::deny(end - now + streak.delay, rule.version);
  }

 private:
  struct Streak {
    std::uint64_t count = 0;
    std::uint64_t sequence = 0;  // of the rule that `delay` was computed from
    Nanoseconds delay = 0;
  };

  // min(ceiling, initial * multiplier^(count-1)). A multiplier of 2 or more reaches the largest
  // ceiling within 47 steps.
  static Nanoseconds delay_after(std::uint64_t count, const Backoff& backoff) noexcept {
    Nanoseconds delay = std::min(backoff.initial, backoff.ceiling);
    if (delay == 0 || backoff.multiplier == 1) return delay;
    for (std::uint64_t k = 1; k < count && delay < backoff.ceiling; ++k) {
      delay = std::min(backoff.ceiling, delay * backoff.multiplier);
    }
    return delay;
  }

  std::array<Streak, class_count> streaks_{};
};

}  // namespace limiterbench::inline LIMITERBENCH_BACKEND
