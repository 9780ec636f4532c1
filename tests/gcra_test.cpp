// The contract of the generic cell rate algorithm, which is not that of windows: quota/gcra.hpp.
#include <gtest/gtest.h>

#include <algorithm>
#include <barrier>
#include <cstdint>
#include <random>
#include <thread>
#include <vector>

#include <limiterbench/rows/gcra.hpp>

namespace limiterbench {
namespace {

Config config_of(Rule rule, std::uint64_t version = 1) {
  Config config{.version = version};
  config.rules.fill(rule);
  return config;
}

TEST(Gcra, AdmitsABurstOfTheLimitThenOnePermitEachInterval) {
  gcra limiter(config_of({.limit = 10, .window = 1'000'000}));
  auto handle = limiter.attach();
  const Nanoseconds start = 5'000'000'000;
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(limiter.try_acquire(handle, {0, 1, start}).admitted());
  for (int k = 1; k < 50; ++k) {
    const Nanoseconds due = start + static_cast<Nanoseconds>(k) * 100'000;
    EXPECT_EQ(limiter.try_acquire(handle, {0, 1, due - 1}).retry_after(), 1U);
    EXPECT_TRUE(limiter.try_acquire(handle, {0, 1, due}).admitted());
  }
}

TEST(Gcra, DeniesAllOfACostOrNone) {
  gcra limiter(config_of({.limit = 10, .window = 1'000'000}));
  auto handle = limiter.attach();
  EXPECT_TRUE(limiter.try_acquire(handle, {0, 7, 0}).admitted());
  EXPECT_EQ(limiter.try_acquire(handle, {0, 4, 0}).retry_after(), 100'000U);
  EXPECT_TRUE(limiter.try_acquire(handle, {0, 3, 0}).admitted());
  EXPECT_TRUE(limiter.try_acquire(handle, {0, 11, 0}).never());
}

TEST(Gcra, AddsTheBackoffToAnExactWait) {
  gcra limiter(config_of({.limit = 1, .window = 1'000, .backoff = {10, 3, 50}}));
  auto handle = limiter.attach();
  EXPECT_TRUE(limiter.try_acquire(handle, {0, 1, 0}).admitted());
  EXPECT_EQ(limiter.try_acquire(handle, {0, 1, 400}).retry_after(), 600U + 10U);
  EXPECT_EQ(limiter.try_acquire(handle, {0, 1, 400}).retry_after(), 600U + 30U);
  EXPECT_EQ(limiter.try_acquire(handle, {0, 1, 400}).retry_after(), 600U + 50U);
}

TEST(Gcra, TimeRunningBackwardsGivesNothingBack) {
  gcra limiter(config_of({.limit = 5, .window = 1'000}));
  auto handle = limiter.attach();
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(limiter.try_acquire(handle, {0, 1, 10'000}).admitted());
  EXPECT_EQ(limiter.try_acquire(handle, {0, 1, 9'000}).retry_after(), 1'200U);
}

// The duration of a cost is the exact rational, rounded up once: checked against wider arithmetic.
TEST(Gcra, DurationIsExactOverTheWholeRange) {
  std::mt19937_64 random(7);
  for (int i = 0; i < 200'000; ++i) {
    const Rule rule{.limit = 1 + random() % max_limit,
                    .window = min_window + random() % (max_window - min_window + 1)};
    const Permits cost = 1 + random() % rule.limit;
    __extension__ using Wide = unsigned __int128;
    const Wide exact = (Wide{cost} * rule.window + rule.limit - 1) / rule.limit;
    ASSERT_TRUE(Wide{GcraQuota::duration(cost, rule)} == exact);
  }
  EXPECT_EQ(GcraQuota::duration(max_limit, {.limit = max_limit, .window = max_window}), max_window);
}

// Threads that race over a moving clock: in every span of time no more than burst + rate * span.
TEST(Gcra, NeverExceedsItsRateUnderContention) {
  const Rule rule{.limit = 100, .window = 100'000};
  gcra limiter(config_of(rule));
  constexpr int threads = 4;
  std::vector<std::vector<Nanoseconds>> admitted(threads);
  std::barrier round(threads);
  std::vector<std::thread> team;
  for (int t = 0; t < threads; ++t) {
    team.emplace_back([&, t] {
      auto handle = limiter.attach();
      for (Nanoseconds now = 1'000'000; now < 3'000'000; now += 25'000) {
        round.arrive_and_wait();
        while (limiter.try_acquire(handle, {0, 1, now}).admitted())
          admitted[static_cast<std::size_t>(t)].push_back(now);
      }
    });
  }
  for (auto& thread : team) thread.join();
  std::vector<Nanoseconds> all;
  for (const auto& one : admitted) all.insert(all.end(), one.begin(), one.end());
  std::sort(all.begin(), all.end());
  // A full burst, then one permit for each microsecond that passes.
  EXPECT_EQ(all.size(), 100U + (3'000'000U - 25'000U - 1'000'000U) / 1'000U);
  for (std::size_t i = 0; i < all.size(); ++i) {
    for (std::size_t j = i; j < all.size(); j += 97) {
      ASSERT_LE(j - i + 1, rule.limit + (all[j] - all[i]) / 1'000U);
    }
  }
}

TEST(Gcra, ReloadKeepsTheDebtAndUsesTheNewRate) {
  gcra limiter(config_of({.limit = 10, .window = 1'000'000}));
  auto handle = limiter.attach();
  EXPECT_TRUE(limiter.try_acquire(handle, {0, 10, 0}).admitted());
  limiter.publish(config_of({.limit = 20, .window = 1'000'000}, 2));
  EXPECT_EQ(limiter.try_acquire(handle, {0, 1, 0}).retry_after(), 50'000U);
  const Decision later = limiter.try_acquire(handle, {0, 1, 50'000});
  EXPECT_TRUE(later.admitted());
  EXPECT_EQ(later.version(), 2U);
}

}  // namespace
}  // namespace limiterbench
