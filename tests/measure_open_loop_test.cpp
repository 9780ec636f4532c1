// Requests by a schedule: what is drawn, what is recorded, and that a stall cannot hide.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <set>
#include <thread>
#include <vector>

#include "faulty_limiter.hpp"
#include "native/member.hpp"
#include "native/subject_of.hpp"
#include "native/trial.hpp"
#include "workload/plan.hpp"

namespace limiterbench::bench {
namespace {

std::vector<float> gaps_of(Arrivals arrivals, std::uint64_t seed) {
  std::vector<float> gaps(OpenLoop::gap_count);
  draw_gaps(arrivals, seed, gaps);
  return gaps;
}

struct Moments {
  double mean;
  double variation;  // the standard deviation in means
};

Moments moments_of(const std::vector<float>& values) {
  double sum = 0;
  double squares = 0;
  for (const double value : values) {
    sum += value;
    squares += value * value;
  }
  const auto count = static_cast<double>(values.size());
  const double mean = sum / count;
  return {mean, std::sqrt(squares / count - mean * mean) / mean};
}

double share_above(const std::vector<float>& values, double least) {
  const auto above = std::ranges::count_if(values, [&](float value) { return value > least; });
  return static_cast<double>(above) / static_cast<double>(values.size());
}

TEST(arrivals, poisson_gaps_are_exponential) {
  for (const std::uint64_t seed : {0U, 1U, 77U}) {
    const std::vector<float> gaps = gaps_of(Arrivals::poisson, seed);
    const Moments moments = moments_of(gaps);
    EXPECT_NEAR(moments.mean, 1, 1e-6);
    EXPECT_NEAR(moments.variation, 1, 0.03);
    for (const double least : {0.1, 1.0, 3.0})
      EXPECT_NEAR(share_above(gaps, least), std::exp(-least), 0.01) << least;
    EXPECT_GE(std::ranges::min(gaps), 0);
  }
}

TEST(arrivals, bursty_gaps_are_short_or_a_pause) {
  for (const std::uint64_t seed : {0U, 1U, 77U}) {
    const std::vector<float> gaps = gaps_of(Arrivals::bursty, seed);
    const Moments moments = moments_of(gaps);
    EXPECT_NEAR(moments.mean, 1, 1e-6);
    EXPECT_GT(moments.variation, 5);
    // Within a burst, gaps beyond 16 times their mean are as good as none: those are pauses.
    const double pauses = share_above(gaps, 4);
    EXPECT_NEAR(pauses, 0.0095, 0.002);
    EXPECT_NEAR(share_above(gaps, 0.25), std::exp(-1.0), 0.04);
  }
}

TEST(arrivals, follow_from_the_seed_alone) {
  EXPECT_EQ(gaps_of(Arrivals::bursty, 3), gaps_of(Arrivals::bursty, 3));
  EXPECT_NE(gaps_of(Arrivals::bursty, 3), gaps_of(Arrivals::bursty, 4));
}

std::uint64_t ticks_of(double ns) {
  return static_cast<std::uint64_t>(ns / host::Clock::get().ns_per_tick());
}

// Takes 300 ns, and once, when told to, 10 ms.
class stalling_limiter : public faulty_limiter<Fault::none> {
 public:
  static constexpr double stall_ns = 10e6;
  using faulty_limiter::faulty_limiter;

  Decision try_acquire(Handle& handle, const Request& request) noexcept {
    const double ns = stalls_after != 0 && --stalls_after == 0 ? stall_ns : 300;
    const host::Clock& clock = host::Clock::get();
    for (const std::uint64_t end = clock.ticks() + ticks_of(ns); clock.ticks() < end;) {
    }
    return faulty_limiter::try_acquire(handle, request);
  }

  inline static unsigned stalls_after = 0;
};

class open_loop : public ::testing::Test {
 protected:
  static constexpr double seconds = 0.2;

  const OpenLoop& run(const Load& load) {
    duration_ = ticks_of(seconds * 1e9);
    StartBarrier barrier(1);
    barrier.open(host::Clock::get().ticks());
    member_->run(Mode::open_loop, barrier, duration_, load);
    return member_->open_loop();
  }

  [[nodiscard]] std::uint64_t sent() const { return member_->totals().operations(); }

  // In the phase, by the schedule's own gaps; as the first phase of the thread.
  std::uint64_t due(const Load& load) {
    const std::vector<float> gaps = gaps_of(load.arrivals, 0);
    std::uint64_t count = 0;
    double offset = 0;
    for (std::size_t i = 0;; ++i, ++count) {
      offset += static_cast<double>(gaps[i % gaps.size()]) * load.mean_gap;
      if (static_cast<std::uint64_t>(offset) >= duration_) return count;
    }
  }

  void expect_accounted_for(const OpenLoop& loop) {
    EXPECT_EQ(loop.response().count(), sent());
    EXPECT_EQ(loop.service().count(), sent());
    EXPECT_LE(loop.late(), sent());
  }

  std::unique_ptr<NativeSubject> subject_ =
      SubjectOf<stalling_limiter>::create(configuration(*find_scenario("open_loop"), 1, 1));
  std::unique_ptr<Member> member_ =
      std::make_unique<Member>(subject_->attach(), *find_scenario("open_loop"), 0, seconds);
  std::uint64_t duration_ = 0;
};

// 200 service times of 5 ms do not fit in the phase: what is asserted of them no busy host breaks.
TEST_F(open_loop, shows_a_stall_that_service_times_hide) {
  // The loop itself takes about as long as the limiter.
  const auto gap = static_cast<double>(ticks_of(1000));
  stalling_limiter::stalls_after = 5000;
  const OpenLoop& loop = run({Arrivals::poisson, 2 * gap});
  EXPECT_EQ(stalling_limiter::stalls_after, 0U);
  ASSERT_GT(sent(), 40'000U);
  EXPECT_GT(loop.response().percentile(0.999), stalling_limiter::stall_ns / 2);
  EXPECT_LT(loop.service().percentile(0.999), stalling_limiter::stall_ns / 2);
  EXPECT_GE(static_cast<double>(loop.service().max()), stalling_limiter::stall_ns * 0.99);
  // Half of those that were due meanwhile, at the least.
  EXPECT_GT(static_cast<double>(loop.late()),
            static_cast<double>(ticks_of(stalling_limiter::stall_ns)) / gap / 4);
  expect_accounted_for(loop);
}

TEST_F(open_loop, sends_or_counts_whatever_is_due) {
  for (const Arrivals arrivals : {Arrivals::poisson, Arrivals::bursty}) {
    member_ = std::make_unique<Member>(subject_->attach(), *find_scenario("open_loop"), 0, seconds);
    const Load load{arrivals, static_cast<double>(ticks_of(5000))};
    const OpenLoop& loop = run(load);
    EXPECT_EQ(sent() + loop.unsent(), due(load));
    EXPECT_GT(sent(), 0U);
    expect_accounted_for(loop);
  }
}

TEST_F(open_loop, counts_what_an_overload_leaves_unsent) {
  // Three times as much as 300 ns allow.
  const Load load{Arrivals::poisson, static_cast<double>(ticks_of(100))};
  const OpenLoop& loop = run(load);
  EXPECT_EQ(sent() + loop.unsent(), due(load));
  EXPECT_GT(loop.unsent(), due(load) / 2);
  EXPECT_GT(loop.late(), sent() / 2);
  EXPECT_GT(loop.response().percentile(0.5), 10 * loop.service().percentile(0.5));
  expect_accounted_for(loop);
}

// A climb in which every response at a rate takes response_ns(rate).
LoadSweep climb_of(const std::function<double(double)>& response_ns, double generator = 1e9,
                   const std::vector<double>& rates = ladder()) {
  LoadSweep sweep{.generator_per_second = generator};
  climb(sweep, rates, [&](Arrivals arrivals, double rate) {
    LoadPoint point{arrivals, rate};
    for (int i = 0; i < 1000; ++i)
      point.response.record(static_cast<std::uint64_t>(response_ns(rate)));
    return point;
  });
  return sweep;
}

std::vector<double> rates_of(const LoadSweep& sweep, Arrivals arrivals) {
  std::vector<double> rates;
  for (const LoadPoint& point : sweep.points)
    if (point.arrivals == arrivals) rates.push_back(point.rate_per_second);
  return rates;
}

// Saturated at `most` a second.
std::function<double(double)> queue(double most) {
  return [most](double rate) { return rate < most ? 100 / (1 - rate / most) : 1e9; };
}

TEST(climb, finds_the_capacity_to_within_a_tenth) {
  for (const double most : {23'456.0, 1e5, 1.1e5, 3.3e6, 87e6}) {
    const LoadSweep sweep = climb_of(queue(most));
    ASSERT_EQ(sweep.capacities.size(), budgets_ns.size());
    const Capacity& found = sweep.capacities[1];
    EXPECT_EQ(found.within_ns, principal_budget_ns);
    EXPECT_FALSE(found.at_least);
    const double exact = most * (1 - 100.0 / principal_budget_ns);
    EXPECT_LE(found.rate_per_second, exact * 1.0001);
    EXPECT_GT(found.rate_per_second, exact / 1.1);
    // A tighter budget allows less.
    for (std::size_t i = 1; i < budgets_ns.size(); ++i)
      EXPECT_LE(sweep.capacities[i - 1].rate_per_second, sweep.capacities[i].rate_per_second);
    for (const double share : {1.0 / 3, 2.0 / 3})
      EXPECT_EQ(
          std::ranges::count(rates_of(sweep, Arrivals::bursty), share * found.rate_per_second), 1);
    EXPECT_LE(sweep.points.size(), typical_steps + 5);
  }
}

TEST(climb, offers_every_design_the_same_rates) {
  const std::vector<double> slow = rates_of(climb_of(queue(1e6)), Arrivals::poisson);
  const std::vector<double> fast = rates_of(climb_of(queue(3e7)), Arrivals::poisson);
  for (const double rate : {1e5, 2e5, 5e5}) {
    EXPECT_EQ(std::ranges::count(slow, rate), 1) << rate;
    EXPECT_EQ(std::ranges::count(fast, rate), 1) << rate;
  }
}

TEST(climb, stops_at_what_the_generator_can_offer) {
  const LoadSweep sweep = climb_of(queue(1e12), 6e6);
  EXPECT_EQ(std::ranges::max(rates_of(sweep, Arrivals::poisson)), 5e6);
  for (const Capacity& capacity : sweep.capacities) {
    EXPECT_EQ(capacity.rate_per_second, 5e6);
    EXPECT_TRUE(capacity.at_least);
  }
}

TEST(climb, finds_no_capacity_where_the_lowest_rate_is_too_much) {
  const LoadSweep sweep = climb_of([](double) { return 1e9; });
  for (const Capacity& capacity : sweep.capacities) {
    EXPECT_EQ(capacity.rate_per_second, 0);
    EXPECT_FALSE(capacity.at_least);
  }
  EXPECT_TRUE(rates_of(sweep, Arrivals::bursty).empty());
  const LoadSweep none = climb_of(queue(1e6), 5000);
  EXPECT_TRUE(none.points.empty());
  EXPECT_EQ(none.capacities[0].rate_per_second, 0);
  // The design is not charged for it.
  EXPECT_TRUE(none.capacities[0].at_least);
}

// A disturbance of the host looks like a saturated design, and does not last.
TEST(climb, is_not_ended_by_one_disturbed_phase) {
  for (unsigned disturbed = 0; disturbed < 12; ++disturbed) {
    unsigned phase = 0;
    const auto quiet = queue(3.3e6);
    const LoadSweep sweep =
        climb_of([&](double rate) { return phase++ / 1000 == disturbed ? 5e7 : quiet(rate); });
    EXPECT_GT(sweep.capacities[1].rate_per_second, 2.9e6) << disturbed;
  }
}

TEST(climb, takes_other_rates) {
  const LoadSweep sweep = climb_of(queue(1e9), 1e9, {3e5, 7e5});
  EXPECT_EQ(rates_of(sweep, Arrivals::poisson), (std::vector{3e5, 7e5}));
}

TEST(load_point, counts_what_was_never_sent_as_slowest) {
  LoadPoint point{Arrivals::poisson, 1e6};
  EXPECT_TRUE(std::isinf(point.p99()));
  for (std::uint64_t i = 1; i <= 10'000; ++i) point.response.record(i <= 9900 ? 50 : 100);
  EXPECT_EQ(point.p99(), 50);
  point.unsent = 10;
  EXPECT_EQ(point.p99(), 100);
  point.unsent = 20;
  EXPECT_TRUE(std::isinf(point.p99()));
}

template <Fault Chosen>
TrialResult sweep_of(unsigned threads, std::vector<double> rates = {}) {
  static const host::Topology topology = host::Topology::this_host();
  const Row row = row_of<faulty_limiter<Chosen>>();
  const Cell cell{&row.info, find_scenario("open_loop"), host::Placement::compact, threads, false};
  TrialSpec spec = trial_spec(topology, cell, 0.02);
  spec.rates = std::move(rates);
  return run_trial(row, spec);
}

TEST(sweep, offers_what_it_says) {
  const TrialResult result = sweep_of<Fault::none>(1, {1e5, 2e5});
  EXPECT_EQ(result.failure, "");
  ASSERT_TRUE(result.sweep);
  EXPECT_GT(result.sweep->generator_per_second.value(), 1e6);
  for (const LoadPoint& point : result.sweep->points) {
    EXPECT_EQ(point.response.count(), point.service.count());
    const auto due = static_cast<double>(point.response.count() + point.unsent);
    if (point.arrivals == Arrivals::bursty) continue;
    // Poisson: the standard deviation of 1000 is 3 %.
    EXPECT_NEAR(due, 1000, 200) << point.rate_per_second;
  }
}

// One schedule for all would make repetitions agree on what is the schedule's own.
TEST(sweep, has_another_schedule_in_each_repetition) {
  std::set<std::uint64_t> seeds;
  for (int i = 0; i < 3; ++i) seeds.insert(sweep_of<Fault::none>(1, {1e5}).sweep.value().seed);
  EXPECT_GT(seeds.size(), 1U);
  EXPECT_NE(gaps_of(Arrivals::poisson, 0), gaps_of(Arrivals::poisson, 1));
}

TEST(sweep, is_checked_as_every_phase_is) {
  const std::string failure = sweep_of<Fault::denies_open_class>(1, {1e5}).failure;
  EXPECT_NE(failure.find("poisson arrivals, 100000 a second: "), std::string::npos) << failure;
}

}  // namespace
}  // namespace limiterbench::bench
