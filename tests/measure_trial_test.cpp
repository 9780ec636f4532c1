// A whole repetition: a right limiter passes it, each faulty one fails it and says why.
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <cstdlib>
#include <map>
#include <numeric>
#include <set>
#include <string>

#include "faulty_limiter.hpp"
#include "native/layout.hpp"
#include "native/subject_of.hpp"
#include "native/trial.hpp"
#include "this_host.hpp"
#include "workload/plan.hpp"

namespace limiterbench::bench {
namespace {

struct Setting {
  std::string scenario = "overload";
  unsigned threads = 1;
  double seconds = 0.1;
};

template <Fault Chosen>
TrialResult trial_of(const Setting& setting) {
  const Row row = row_of<faulty_limiter<Chosen>>();
  const Cell cell{&row.info, find_scenario(setting.scenario), host::Placement::compact,
                  setting.threads, false};
  return run_trial(row, trial_spec(this_host(), cell, setting.seconds));
}

template <Fault Chosen>
std::string failure_of(const Setting& setting = {}) {
  return trial_of<Chosen>(setting).failure;
}

unsigned two_if_possible() { return this_host().cpus().size() < 2 ? 1 : 2; }

std::uint64_t sum(const std::vector<std::uint64_t>& values) {
  return std::accumulate(values.begin(), values.end(), std::uint64_t{0});
}

void expect_whole(const PhaseResult& phase, unsigned threads) {
  ASSERT_EQ(phase.operations.size(), threads);
  EXPECT_GT(phase.wall_ns, 0U);
  EXPECT_GT(sum(phase.operations), 0U);
  EXPECT_EQ(phase.admitted + phase.denied + phase.never, sum(phase.operations));
  EXPECT_EQ(phase.open_admitted, phase.open_requests);
}

TEST(trial, passes_a_right_limiter_in_every_scenario) {
  for (const Scenario& scenario : scenarios()) {
    for (const unsigned threads : {1U, two_if_possible(), 9U}) {
      const Setting setting{std::string(scenario.name), threads, 0.05};
      const TrialResult result = trial_of<Fault::none>(setting);
      EXPECT_EQ(result.failure, "") << scenario.name << ", threads: " << threads;
      expect_whole(result.throughput, threads);
      expect_whole(result.latency, threads);
      EXPECT_GT(result.configs_read, 0U);
      EXPECT_EQ(result.latencies.count(), sum(result.latency.operations));
      EXPECT_EQ(result.publishes.count() > 0, scenario.reloads_per_second > 0) << scenario.name;
      EXPECT_EQ(result.admission.error, 0U);
      EXPECT_LE(result.admission.admitted, result.admission.expected_max);
      EXPECT_GE(result.admission.admitted, result.admission.expected_min);
      EXPECT_EQ(result.retired_peak_bytes, 7U);
      EXPECT_EQ(result.live_bytes, 100U);
      EXPECT_GT(result.timer_floor.count(), 0U);
    }
  }
}

// Right, and counts what it is asked.
class counting_limiter : public faulty_limiter<Fault::none> {
 public:
  using faulty_limiter::faulty_limiter;
  Decision try_acquire(Handle& handle, const Request& request) noexcept {
    asked.fetch_add(1, std::memory_order_relaxed);
    return faulty_limiter::try_acquire(handle, request);
  }
  static inline std::atomic<std::uint64_t> asked{0};
};

TEST(trial, does_not_count_the_warm_up) {
  const Row row = row_of<counting_limiter>();
  const Cell cell{&row.info, find_scenario("readonly"), host::Placement::compact, 1, false};
  TrialSpec spec = trial_spec(this_host(), cell, 0.02);
  // Longer than what is measured: most of what is asked is warm-up.
  spec.warmup_seconds = 0.2;
  counting_limiter::asked = 0;
  const TrialResult result = run_trial(row, spec);
  EXPECT_EQ(result.failure, "");
  const std::uint64_t counted = sum(result.throughput.operations) + sum(result.latency.operations);
  EXPECT_GT(counting_limiter::asked, 2 * counted);
  EXPECT_EQ(result.latencies.count(), sum(result.latency.operations));
}

// Right, and notes where the stack was when it was asked.
class placed_limiter : public faulty_limiter<Fault::none> {
 public:
  using faulty_limiter::faulty_limiter;
  [[gnu::noinline]] Decision try_acquire(Handle& handle, const Request& request) noexcept {
    place = reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0));
    return faulty_limiter::try_acquire(handle, request);
  }
  static inline std::atomic<std::uintptr_t> place{0};
};

TEST(trial, lowers_the_stack_of_its_threads_as_the_layout_says) {
  constexpr std::uintptr_t page = 4096;
  const Row row = row_of<placed_limiter>();
  const Cell cell{&row.info, find_scenario("readonly"), host::Placement::compact, 1, false};
  const auto place_at = [&](unsigned offset) {
    TrialSpec spec = trial_spec(this_host(), cell, 0.01);
    spec.layout.stack_offset = offset;
    EXPECT_EQ(run_trial(row, spec).failure, "");
    return placed_limiter::place.load();
  };
  const std::uintptr_t first = place_at(0);
  for (const unsigned offset : {16U, 2544U, 4080U})
    EXPECT_EQ((first - place_at(offset)) % page, offset);
}

TEST(trial, stack_offsets_cover_a_page_before_one_comes_again) {
  std::set<unsigned> seen;
  for (unsigned repetition = 0; repetition < 256; ++repetition) {
    const unsigned offset = stack_offset_of(repetition);
    EXPECT_EQ(offset % 16, 0U);
    EXPECT_LT(offset, 4096U);
    seen.insert(offset);
  }
  EXPECT_EQ(seen.size(), 256U);
  EXPECT_EQ(stack_offset_of(0), 0U);
  EXPECT_EQ(stack_offset_of(1'000'000'000) % 16, 0U);
}

TEST(trial, says_what_disturbed_it_and_what_was_counted) {
  const unsigned threads = two_if_possible();
  const TrialResult result = trial_of<Fault::none>({"steady", threads, 0.05});
  const std::size_t cpus = std::min<std::size_t>(threads + 1, this_host().cpus().size());
  EXPECT_EQ(result.noise.cpus.size(), cpus);
  EXPECT_GE(result.noise.span_ns, result.throughput.wall_ns + result.latency.wall_ns);
  EXPECT_EQ(result.counters.size(), event_names.size());
  for (const Count& count : result.counters) EXPECT_TRUE(count || !result.counters_absent.empty());
  if (result.counters[1]) {
    EXPECT_GT(*result.counters[1], sum(result.throughput.operations));
  }
  if (result.skew) {
    EXPECT_FALSE(result.skew->apart);
  }
}

// In a process of its own, since the clock is the whole program's.
TEST(trial, falls_back_to_another_clock_or_fails_if_strict) {
  if (!host::Clock::get().is_tsc() || this_host().cpus().size() < 2) GTEST_SKIP() << "no two TSCs";
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  for (const bool strict : {false, true}) {
    const auto measure = [strict] {
      const Row row = row_of<faulty_limiter<Fault::none>>();
      const Cell cell{&row.info, find_scenario("readonly"), host::Placement::compact, 2, false};
      TrialSpec spec = trial_spec(this_host(), cell, 0.02);
      spec.test_skew_ns = 5e6;
      spec.strict = strict;
      TrialResult result;
      // A host that is busy may not let the clocks be compared.
      for (int i = 0; i < 20 && !host::Clock::get().fell_back(); ++i) result = run_trial(row, spec);
      const bool failed = result.failure.starts_with("the clock cannot be trusted: the TSC of CPU");
      const bool measured = result.failure.empty() && sum(result.latency.operations) > 0;
      std::exit(host::Clock::get().source() == "clock_monotonic" && failed == strict &&
                        measured == !strict
                    ? 0
                    : 1);
    };
    EXPECT_EXIT(measure(), ::testing::ExitedWithCode(0), "");
  }
}

TEST(trial, uses_up_the_limits_that_it_sets) {
  for (const char* scenario : {"overload", "edge", "keyed"}) {
    const TrialResult result = trial_of<Fault::none>({scenario, 1, 0.2});
    EXPECT_GT(result.throughput.denied, 0U) << scenario;
    EXPECT_GT(result.admission.expected_min, 0U) << scenario;
  }
}

TEST(trial, fails_on_one_permit_too_many) {
  for (const unsigned threads : {1U, two_if_possible()}) {
    const TrialResult result = trial_of<Fault::one_too_many>({"overload", threads, 0.2});
    EXPECT_NE(result.failure.find("over the"), std::string::npos) << result.failure;
    EXPECT_EQ(result.admission.error, 1U);
  }
}

TEST(trial, accepts_an_error_within_the_bound) {
  const TrialResult result = trial_of<Fault::within_bound>({"overload", two_if_possible(), 0.2});
  EXPECT_EQ(result.failure, "");
  EXPECT_EQ(result.admission.error, 1U);
  EXPECT_EQ(result.admission.bound, 1U);
}

TEST(trial, fails_on_a_denial_before_the_limit) {
  EXPECT_NE(failure_of<Fault::one_too_few>().find("denied a cost of 1 after 99 of 100 permits"),
            std::string::npos);
}

TEST(trial, checks_every_class_if_requests_are_drawn) {
  const TrialResult result = trial_of<Fault::one_too_many>({"keyed", 1, 0.2});
  unsigned classes = 0;
  for (std::uint32_t i = 0; i < class_count; ++i)
    classes += result.failure.find("class " + std::to_string(i) + ":") != std::string::npos ? 1 : 0;
  EXPECT_GT(classes, 1U) << result.failure;
  EXPECT_EQ(result.admission.error, 1U);
}

TEST(trial, fails_on_a_denial_far_from_the_limit) {
  EXPECT_NE(failure_of<Fault::denies_open_class>().find("far from its limit"), std::string::npos);
}

TEST(trial, fails_on_a_refusal) {
  EXPECT_NE(failure_of<Fault::refuses>().find("requests refused"), std::string::npos);
}

TEST(trial, fails_on_a_torn_configuration) {
  const TrialResult result = trial_of<Fault::tears_config>({});
  EXPECT_NE(result.failure.find("were torn"), std::string::npos);
  EXPECT_GT(result.configs_torn, 0U);
}

TEST(trial, fails_on_a_configuration_that_goes_backwards) {
  EXPECT_NE(failure_of<Fault::goes_backwards>().find("older than one read before"),
            std::string::npos);
}

TEST(trial, reports_what_a_thread_throws) {
  EXPECT_EQ(failure_of<Fault::cannot_attach>(), "thread 0: no slot left");
  EXPECT_EQ(failure_of<Fault::cannot_publish>({"steady", 1, 0.2}), "thread 1: out of memory");
}

TEST(trial, reloads_are_counted_and_timed) {
  const TrialResult steady = trial_of<Fault::none>({"steady", 1, 0.2});
  EXPECT_GE(steady.publishes.count(), 2U);
  EXPECT_LE(steady.publishes.count(), 4U);
  const TrialResult storm = trial_of<Fault::none>({"reload_storm", 1, 0.2});
  EXPECT_GT(storm.publishes.count(), steady.publishes.count());
  EXPECT_LE(storm.publishes.count(), 40'000U);
}

TEST(mix, keeps_its_shares_over_batches_of_any_size) {
  Position position{{open_class, tight_class, 32}, 5};
  std::vector<std::uint32_t> distances;
  std::uint32_t since = 0;
  for (std::uint32_t batch = 1; batch <= 200; ++batch) {
    const Tally tally =
        mixed(position, batch, [&](std::uint32_t traffic_class, std::uint32_t count) -> Refused {
          since += count;
          if (traffic_class == open_class) return {};
          EXPECT_EQ(count, 1U);
          distances.push_back(std::exchange(since, 0));
          return {.denied = count};
        });
    EXPECT_EQ(tally.requests[0] + tally.requests[1], batch);
    EXPECT_EQ(tally.admitted[0], tally.requests[0]);
    EXPECT_EQ(tally.denied[0] + tally.admitted[1], 0U);
    EXPECT_EQ(tally.denied[1], tally.requests[1]);
  }
  ASSERT_GT(distances.size(), 600U);
  EXPECT_EQ(distances[0], 6U);
  for (std::size_t i = 1; i < distances.size(); ++i) EXPECT_EQ(distances[i], 32U);
}

TEST(mix, counts_what_is_refused_for_good_as_neither_admitted_nor_denied) {
  Position position{{open_class, tight_class, 32}, 31};
  const Tally tally = mixed(position, 31, [](std::uint32_t, std::uint32_t) -> Refused {
    return {.denied = 4, .never = 3};
  });
  EXPECT_EQ(tally.requests[0], 31U);
  EXPECT_EQ(tally.admitted[0], 24U);
  EXPECT_EQ(tally.denied[0], 4U);
}

std::vector<std::pair<unsigned, unsigned>> drawn_with(std::uint64_t seed, std::uint32_t at_once) {
  Drawn drawn(find_scenario("keyed")->mix, seed);
  std::vector<std::pair<unsigned, unsigned>> all;
  while (all.size() < 2 * Drawn::request_count) {
    const Drawn::Request* next = drawn.next(at_once);
    for (std::uint32_t i = 0; i < at_once; ++i)
      all.emplace_back(next[i].traffic_class, next[i].cost);
  }
  all.resize(2 * Drawn::request_count);
  return all;
}

TEST(drawn, is_the_same_for_a_seed_whatever_is_taken_at_once) {
  const auto all = drawn_with(3, 1);
  for (const std::uint32_t at_once : {7U, 64U}) EXPECT_EQ(drawn_with(3, at_once), all);
  EXPECT_NE(drawn_with(4, 1), all);
  for (std::size_t i = 0; i < Drawn::request_count; ++i)
    ASSERT_EQ(all[i], all[i + Drawn::request_count]);
}

TEST(drawn, has_the_shares_of_the_mix) {
  const Mix& mix = find_scenario("keyed")->mix;
  std::map<std::pair<unsigned, unsigned>, double> counts;
  for (const auto& request : drawn_with(0, 64)) counts[request] += 0.5;
  EXPECT_EQ(counts.size(), class_count * mix.most_cost);
  for (const auto& [request, count] : counts) {
    const double share = drawn_share(mix, request.first) / static_cast<double>(mix.most_cost);
    EXPECT_NEAR(count, share * Drawn::request_count, 1.2) << request.first << " " << request.second;
  }
}

TEST(drawn, sums_permits_and_keeps_the_smallest_cost_denied) {
  Drawn drawn(find_scenario("keyed")->mix, 0);
  drawn.note({3, 5}, Decision::admit(1));
  drawn.note({3, 2}, Decision::admit(1));
  for (const std::uint8_t cost : std::array<std::uint8_t, 3>{7, 4, 6})
    drawn.note({3, cost}, Decision::deny(1, 1));
  drawn.note({4, 1}, Decision::refuse(Reason::cost_above_limit, 1));
  EXPECT_EQ(drawn.outcomes[3].admitted, 7U);
  EXPECT_EQ(drawn.outcomes[3].least_denied, 4U);
  EXPECT_EQ(drawn.outcomes[4].admitted + drawn.outcomes[4].least_denied, 0U);
}

TEST(fairness, is_jains_index) {
  EXPECT_DOUBLE_EQ(fairness({5, 5, 5, 5}), 1);
  EXPECT_DOUBLE_EQ(fairness({8, 0, 0, 0}), 0.25);
  EXPECT_DOUBLE_EQ(fairness({1, 3}), 16.0 / 20);
  EXPECT_DOUBLE_EQ(fairness({0, 0}), 0);
}

}  // namespace
}  // namespace limiterbench::bench
