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

// The same contract from the other side: a bucket that holds `limit` permits and fills steadily.
// It counts in parts of a permit, `window` parts to each: a nanosecond adds `limit` parts.
class Bucket {
 public:
  __extension__ using Parts = __int128;

  // 0 if admitted, or the exact wait.
  Nanoseconds take(const Rule& rule, Permits cost, Nanoseconds now) {
    const Parts limit{rule.limit};
    const Parts full = limit * Parts{rule.window};
    const Parts flowed = (Parts{now} - Parts{last_}) * limit;  // time may run back
    const Parts level = std::min(full, full - missing_by(limit) + flowed);
    const Parts short_of = Parts{cost} * Parts{rule.window} - level;
    if (short_of > 0) return static_cast<Nanoseconds>((short_of + limit - 1) / limit);
    limit_ = limit;
    missing_ = full + short_of;
    last_ = now;
    return 0;
  }

 private:
  // A reload keeps the time that the bucket takes to fill, rounded up to what is 1 part now.
  [[nodiscard]] Parts missing_by(Parts limit) const {
    return limit == limit_ ? missing_ : (missing_ * limit + limit_ - 1) / limit_;
  }

  Parts limit_ = 1;
  Parts missing_ = 0;  // at `last_`
  Nanoseconds last_ = 0;
};

// Values of every size, not only large ones.
class Draw {
 public:
  explicit Draw(std::uint64_t seed) : random_(seed) {}

  std::uint64_t within(std::uint64_t low, std::uint64_t high) {
    return low + (random_() >> below(64)) % (high - low + 1);
  }
  std::uint64_t below(std::uint64_t bound) { return random_() % bound; }
  Rule rule() { return {.limit = within(1, max_limit), .window = within(min_window, max_window)}; }

 private:
  std::mt19937_64 random_;
};

void expect_burst(const Rule& rule, Nanoseconds now) {
  gcra limiter(config_of(rule));
  auto handle = limiter.attach();
  Permits at_once = 0;
  while (at_once <= rule.limit && limiter.try_acquire(handle, {0, 1, now}).admitted()) ++at_once;
  EXPECT_EQ(at_once, rule.limit) << "per " << rule.window << " ns, at " << now;
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

// Whatever the limit: also where an interval is no whole nanosecond, or shorter than one.
TEST(Gcra, AdmitsTheWholeLimitAtOnceInUnitRequests) {
  for (const Rule& rule :
       {Rule{.limit = 3, .window = 1'000'000'000}, Rule{.limit = 7, .window = 1'000'000'000},
        Rule{.limit = 600, .window = 1'000}, Rule{.limit = 999, .window = 1'000},
        Rule{.limit = 1'001, .window = 1'000}, Rule{.limit = 30'000, .window = 1'000'000'000},
        Rule{.limit = 600'000, .window = 1'000'000}}) {
    for (const Nanoseconds now : {Nanoseconds{0}, Nanoseconds{5}, max_now}) expect_burst(rule, now);
  }
  Draw draw(11);
  for (int i = 0; i < 300; ++i) {
    Rule rule = draw.rule();
    rule.limit = draw.within(1, 5'000);
    expect_burst(rule, draw.within(0, max_now));
  }
}

TEST(Gcra, AdmitsTheWholeLimitAtOnceHoweverItIsCut) {
  Draw draw(12);
  for (int i = 0; i < 20'000; ++i) {
    const Rule rule = draw.rule();
    const Nanoseconds now = draw.within(0, max_now);
    gcra limiter(config_of(rule));
    auto handle = limiter.attach();
    Permits left = rule.limit;
    for (int part = 0; part < 20 && left > 0; ++part) {
      const Permits cost = part == 19 ? left : draw.within(1, left);
      ASSERT_TRUE(limiter.try_acquire(handle, {0, cost, now}).admitted())
          << cost << " of " << left << " left of " << rule.limit << " per " << rule.window;
      left -= cost;
    }
    ASSERT_TRUE(limiter.try_acquire(handle, {0, 1, now}).denied()) << rule.limit;
  }
}

// All that is asked while it is due, for many windows: what is lost by rounding would add up.
TEST(Gcra, AdmitsItsRateForEver) {
  for (const Rule& rule : {Rule{.limit = 3, .window = 1'000}, Rule{.limit = 600, .window = 1'000},
                           Rule{.limit = 2'300, .window = 1'000}}) {
    gcra limiter(config_of(rule));
    auto handle = limiter.attach();
    Permits admitted = 0;
    for (Nanoseconds now = 0; now <= 200 * rule.window; ++now)
      while (limiter.try_acquire(handle, {0, 1, now}).admitted()) ++admitted;
    EXPECT_EQ(admitted, 201 * rule.limit);
  }
}

// Rules, costs, gaps and steps back over their whole ranges, against the bucket: each admission,
// and each wait to the nanosecond.
TEST(Gcra, DecidesAsTheExactBucketDoes) {
  Draw draw(13);
  for (int round = 0; round < 3'000; ++round) {
    Rule rule = draw.rule();
    gcra limiter(config_of(rule));
    auto handle = limiter.attach();
    Bucket bucket;
    Nanoseconds now = draw.within(0, max_now);
    for (int i = 0; i < 100; ++i) {
      if (draw.below(50) == 0) {
        rule = draw.rule();
        limiter.publish(config_of(rule));
      }
      const Permits cost = draw.within(1, draw.below(2) == 0 ? rule.limit : 1);
      const Decision decision = limiter.try_acquire(handle, {0, cost, now});
      const Nanoseconds wait = bucket.take(rule, cost, now);
      ASSERT_EQ(decision.retry_after(), wait)
          << cost << " at " << now << ", limit " << rule.limit << " per " << rule.window;
      ASSERT_EQ(decision.admitted(), wait == 0);
      switch (draw.below(4)) {
        case 0: now += std::min(wait, max_now - now); break;  // to the nanosecond
        case 1: now += std::min(wait == 0 ? 0 : wait - 1, max_now - now); break;
        case 2: now += draw.within(0, std::min(2 * rule.window, max_now - now)); break;
        default: now -= draw.within(0, std::min(rule.window, now)); break;
      }
    }
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

// Threads that race over a moving clock: in every span of time no more than burst + rate * span.
void race(const Rule& rule, Nanoseconds step) {
  gcra limiter(config_of(rule));
  constexpr int threads = 4;
  const Nanoseconds begin = 1'000'000;
  const Nanoseconds end = begin + 80 * step;
  std::vector<std::vector<Nanoseconds>> admitted(threads);
  std::barrier round(threads);
  std::vector<std::thread> team;
  for (int t = 0; t < threads; ++t) {
    team.emplace_back([&, t] {
      auto handle = limiter.attach();
      for (Nanoseconds now = begin; now < end; now += step) {
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
  // A full burst, then all that the time brings.
  EXPECT_EQ(all.size(), rule.limit + 79 * step * rule.limit / rule.window);
  for (std::size_t i = 0; i < all.size(); ++i) {
    for (std::size_t j = i; j < all.size(); j += 97) {
      ASSERT_LE(j - i + 1, rule.limit + (all[j] - all[i]) * rule.limit / rule.window);
    }
  }
}

TEST(Gcra, NeverExceedsItsRateUnderContention) {
  race({.limit = 100, .window = 100'000}, 25'000);
  race({.limit = 99, .window = 100'000}, 24'999);
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

// The rule in between, under which nothing was admitted, leaves no trace.
TEST(Gcra, ReloadToALimitOfZeroKeepsTheDebt) {
  gcra limiter(config_of({.limit = 3, .window = 1'000'000}));
  auto handle = limiter.attach();
  EXPECT_TRUE(limiter.try_acquire(handle, {0, 3, 0}).admitted());
  limiter.publish(config_of({.limit = 0, .window = 1'000}, 2));
  EXPECT_TRUE(limiter.try_acquire(handle, {0, 1, 0}).never());
  limiter.publish(config_of({.limit = 3, .window = 1'000'000}, 3));
  EXPECT_EQ(limiter.try_acquire(handle, {0, 1, 0}).retry_after(), 333'334U);
}

}  // namespace
}  // namespace limiterbench
