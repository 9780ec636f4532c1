#include "host/clock.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <type_traits>

namespace limiterbench::host {
namespace {

std::uint64_t raw_ns() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC_RAW, &now);
  return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000 +
         static_cast<std::uint64_t>(now.tv_nsec);
}

// One span measured by both clocks, each reading enclosed by the other clock's: holds however the
// thread is interrupted.
TEST(clock, ticks_at_the_rate_it_says) {
  const Clock& clock = Clock::get();
  const std::uint64_t outer_begin = clock.ticks();
  const std::uint64_t raw_begin = raw_ns();
  const std::uint64_t inner_begin = clock.ticks();
  while (raw_ns() - raw_begin < 20'000'000) {
  }
  const std::uint64_t inner_end = clock.ticks();
  const std::uint64_t raw_end = raw_ns();
  const std::uint64_t outer_end = clock.ticks();
  const auto raw = static_cast<double>(raw_end - raw_begin);
  EXPECT_LE(static_cast<double>(clock.to_ns(inner_end - inner_begin)), raw * 1.001);
  EXPECT_GE(static_cast<double>(clock.to_ns(outer_end - outer_begin)), raw * 0.999);
}

TEST(clock, never_runs_back_on_one_cpu) {
  Clock::get().with_source([](auto source) {
    std::uint64_t last = source.ticks();
    for (int i = 0; i < 100'000; ++i) {
      const std::uint64_t now = source.ticks();
      ASSERT_GE(now, last);
      last = now;
    }
  });
}

TEST(clock, converts_ticks_without_overflow) {
  const Clock& clock = Clock::get();
  EXPECT_EQ(clock.to_ns(0), 0U);
  for (std::uint64_t ticks : {1'000ULL, 1'000'000'000ULL, 1ULL << 50, 1ULL << 60}) {
    const double exact = static_cast<double>(ticks) * clock.ns_per_tick();
    EXPECT_NEAR(static_cast<double>(clock.to_ns(ticks)), exact, exact * 1e-8 + 1);
  }
}

TEST(clock, falls_back_to_nanoseconds_as_they_are) {
  const Clock clock = Clock::monotonic("asked for");
  EXPECT_EQ(clock.source(), "clock_monotonic");
  EXPECT_EQ(clock.reason(), "asked for");
  EXPECT_EQ(clock.ns_per_tick(), 1.0);
  const std::uint64_t most = std::numeric_limits<std::uint64_t>::max();
  EXPECT_EQ(clock.to_ns(most), most);
  const std::uint64_t before = MonotonicClock::ticks();
  const std::uint64_t now = clock.ticks();
  EXPECT_LE(before, now);
  EXPECT_LE(now, MonotonicClock::ticks());
  EXPECT_TRUE(clock.with_source(
      [](auto source) { return std::is_same_v<decltype(source), MonotonicClock>; }));
}

TEST(clock, hands_out_the_source_it_names) {
  const Clock& clock = Clock::get();
  EXPECT_EQ(&clock, &Clock::get());
  EXPECT_FALSE(clock.reason().empty());
  EXPECT_EQ(clock.source(), clock.is_tsc() ? "tsc" : "clock_monotonic");
  const bool got_tsc =
      clock.with_source([](auto source) { return std::is_same_v<decltype(source), TscClock>; });
  constexpr bool is_one_type = std::is_same_v<TscClock, MonotonicClock>;
  EXPECT_EQ(got_tsc, clock.is_tsc() || is_one_type);
}

}  // namespace
}  // namespace limiterbench::host
