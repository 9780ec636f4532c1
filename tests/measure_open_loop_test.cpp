// Requests by a schedule: what is drawn, what is recorded, and that a stall cannot hide.
#include <gtest/gtest.h>

#include <cmath>
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

  double capacity_gap() {
    run({});
    return static_cast<double>(duration_) / static_cast<double>(sent());
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
  const double gap = capacity_gap();
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

TEST_F(open_loop, of_a_closed_loop_leaves_nothing_to_count) {
  const OpenLoop& loop = run({});
  EXPECT_EQ(loop.unsent(), 0U);
  EXPECT_LE(sent(), static_cast<std::uint64_t>(seconds * 1e9 / 300));
  expect_accounted_for(loop);
}

template <Fault Chosen>
TrialResult sweep_of(unsigned threads) {
  static const host::Topology topology = host::Topology::this_host();
  const Row row = row_of<faulty_limiter<Chosen>>();
  const Cell cell{&row.info, find_scenario("open_loop"), host::Placement::compact, threads, false};
  return run_trial(row, trial_spec(topology, cell, 0.1));
}

TEST(sweep, has_a_point_for_each_load) {
  const TrialResult result = sweep_of<Fault::none>(1);
  EXPECT_EQ(result.failure, "");
  ASSERT_TRUE(result.sweep);
  EXPECT_GT(result.sweep->capacity_per_second, 0);
  EXPECT_EQ(phases_of(*find_scenario("open_loop")) - phases_of(*find_scenario("steady")),
            0.5 * static_cast<double>(result.sweep->points.size() + 1));
  double before = 0;
  for (const LoadPoint& point : result.sweep->points) {
    if (point.arrivals == Arrivals::bursty && before > 0.9) before = 0;
    EXPECT_GT(point.load, before);
    before = point.load;
    EXPECT_DOUBLE_EQ(point.rate_per_second, point.load * result.sweep->capacity_per_second);
    EXPECT_EQ(point.response.count(), point.phase.operations[0]);
    EXPECT_EQ(point.service.count(), point.phase.operations[0]);
  }
  // Both phases before the sweep have no more than two.
  EXPECT_LE(result.publishes.count(), 4U);
}

// One schedule for all would make repetitions agree on what is the schedule's own.
TEST(sweep, has_another_schedule_in_each_repetition) {
  std::set<std::uint64_t> seeds;
  for (int i = 0; i < 3; ++i) seeds.insert(sweep_of<Fault::none>(1).sweep.value().seed);
  EXPECT_GT(seeds.size(), 1U);
  EXPECT_NE(gaps_of(Arrivals::poisson, 0), gaps_of(Arrivals::poisson, 1));
}

TEST(sweep, is_checked_as_every_phase_is) {
  const std::string failure = sweep_of<Fault::denies_open_class>(1).failure;
  for (const char* phase : {"capacity: ", "poisson arrivals at 90 % load: ", "bursty arrivals at"})
    EXPECT_NE(failure.find(phase), std::string::npos) << failure;
}

}  // namespace
}  // namespace limiterbench::bench
