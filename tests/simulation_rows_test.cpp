// The rows on the simulated machine, and two rows that were spoiled on purpose: a model that does
// not notice would not be worth asking.
#include <gtest/gtest.h>

#include <limiterbench/config/hazard_pointer.hpp>
#include <limiterbench/rows/leased.hpp>
#include <limiterbench/rows/sharded.hpp>

#include <vector>

#include "simulated/subject_of.hpp"
#include "simulation.hpp"

namespace limiterbench::simulation {
namespace {

TEST(simulated_rows, each_admits_what_it_promises) {
  const Host host = small_host();
  ASSERT_FALSE(simulated_rows().empty());
  for (const SimulatedRow& row : simulated_rows()) {
    for (const char* scenario : {"edge", "keyed", "reload_storm"}) {
      const auto result = simulate_cell(host, row, scenario, 4, {0.2, Policy::random, 3});
      EXPECT_EQ(result.failure, "") << row.name << " " << scenario;
      EXPECT_GT(result.throughput.admitted, 0U) << row.name << " " << scenario;
    }
  }
}

// Some of the limits are reached, each in some windows at most.
TEST(simulated_rows, keyed_denies_now_and_then) {
  const auto phase =
      simulate_cell(small_host(), *find_simulated_row("hazard"), "keyed", 4, {0.2}, 3e-3)
          .throughput;
  EXPECT_GT(phase.denied, 0U);
  EXPECT_GT(phase.admitted, 4 * phase.denied);
}

TEST(simulated_rows, same_seed_same_run) {
  const Host host = small_host();
  const auto latencies = [&host](std::uint64_t seed) {
    std::vector<std::pair<std::size_t, std::uint64_t>> counts;
    simulate_cell(host, *find_simulated_row("hazard"), "steady", 8, {0.2, Policy::random, seed})
        .latencies.for_each(
            [&](std::size_t bucket, std::uint64_t count) { counts.emplace_back(bucket, count); });
    return counts;
  };
  EXPECT_EQ(latencies(1), latencies(1));
  EXPECT_NE(latencies(1), latencies(2));
}

TEST(simulated_rows, a_denial_takes_its_own_instructions) {
  const auto cost = [](const nlohmann::json& denial_ns, const char* scenario) {
    nlohmann::json file = small_host_file();
    file["denial_ns"] = denial_ns;
    const Host host = parse_host(file, "");
    return 1 / operations_per_ns(
                   simulate_cell(host, *find_simulated_row("hazard"), scenario, 1, {0.2}));
  };
  const auto more = [&cost](const char* scenario) {
    return cost({{"hazard", 50}}, scenario) - cost({{"gcra", 50}}, scenario);
  };
  // All but the rare requests are denied in overload, and only those in readonly.
  const double rare = 1.0 / bench::find_scenario("readonly")->mix.period;
  const double rest = 1 - 1.0 / bench::find_scenario("overload")->mix.period;
  EXPECT_NEAR(more("overload"), 50 * rest, 0.5);
  EXPECT_NEAR(more("readonly"), 50 * rare, 0.1);
}

const bench::Capacity& within_10us(const bench::TrialResult& result) {
  return result.sweep.value().capacities.at(1);
}

TEST(simulated_rows, are_offered_rates_up_to_saturation) {
  const Host host = small_host();
  for (const char* name : {"rwmutex", "hazard"}) {
    const auto result =
        simulate_cell(host, *find_simulated_row(name), "open_loop", 8, {0.2, Policy::fifo, 1});
    EXPECT_EQ(result.failure, "");
    const double most = operations_per_ns(result) * 1e9;
    EXPECT_LT(within_10us(result).rate_per_second, 1.05 * most) << name;
    EXPECT_GT(within_10us(result).rate_per_second, 0.1 * most) << name;
    EXPECT_EQ(result.sweep->generator_per_second, std::nullopt);
    for (const bench::LoadPoint& point : result.sweep->points) {
      const auto due = static_cast<double>(point.response.count() + point.unsent);
      EXPECT_GT(due, 9'000);
      // Almost nobody waits at a hundredth of the capacity.
      if (point.rate_per_second > 0.01 * most) continue;
      EXPECT_EQ(point.response.percentile(0.5), point.service.percentile(0.5));
      EXPECT_LT(point.response.percentile(0.99), 2 * point.service.percentile(0.99));
    }
  }
}

TEST(simulated_rows, are_offered_the_rates_that_are_asked_for) {
  const auto cell = bench::Cell{bench::find_design("hazard"), bench::find_scenario("open_loop"),
                                host::Placement::compact, 2, false};
  const Host host = small_host();
  bench::TrialSpec spec = bench::trial_spec(host.topology, cell, 2e-4);
  spec.rates = {3e5, 7e5};
  const auto result = simulate(host, *find_simulated_row("hazard"), spec, {0.2});
  std::vector<double> offered;
  for (const bench::LoadPoint& point : result.sweep.value().points)
    if (point.arrivals == bench::Arrivals::poisson) offered.push_back(point.rate_per_second);
  EXPECT_EQ(offered, spec.rates);
  EXPECT_TRUE(within_10us(result).at_least);
}

// The CPUs' cells of one class side by side: the padding of `sharded` removed.
class CellsByClass {
 public:
  using Cell = sync::atomic<std::uint64_t>;
  explicit CellsByClass(unsigned shards) : shards_(shards), cells_(shards * class_count) {}
  [[nodiscard]] Cell& at(unsigned shard, std::uint32_t traffic_class) noexcept {
    return cells_[traffic_class * shards_ + shard];
  }
  [[nodiscard]] const Cell& at(unsigned shard, std::uint32_t traffic_class) const noexcept {
    return cells_[traffic_class * shards_ + shard];
  }
  [[nodiscard]] static constexpr std::uint64_t bytes(unsigned shards) noexcept {
    return shards * class_count * sizeof(Cell);
  }

 private:
  unsigned shards_;
  std::vector<Cell> cells_;
};

class sharded_without_padding
    : public Composed<HazardPointerSource, BasicShardedQuota<CellsByClass>> {
 public:
  using Composed::Composed;
  static constexpr Info info = sharded::info;
};

template <class L>
double throughput_of(const Host& host) {
  const SimulatedRow row{L::info.name, &SubjectOf<L>::create};
  return operations_per_ns(simulate_cell(host, row, "readonly", 8, {0.2}));
}

TEST(simulated_rows, sharded_without_padding_collapses) {
  const Host host = small_host();
  EXPECT_GT(throughput_of<sharded>(host), 5 * throughput_of<sharded_without_padding>(host));
}

// Near its limit a row announces, leases or takes back: what is shared by then must be rare enough,
// and held for moments only, or 64 CPUs are slower than one.
TEST(simulated_rows, scale_up_to_the_limit) {
  nlohmann::json file = small_host_file();
  file["topology"] = "pack:2 core:32 pu:1";
  const Host host = parse_host(file, "");
  for (const char* name : {"sharded", "leased", "leased_rseq"}) {
    const auto throughput = [&](unsigned threads, Policy policy) {
      return operations_per_ns(
          simulate_cell(host, *find_simulated_row(name), "edge", threads, {0.2, policy}, 1e-3));
    };
    for (const Policy policy : {Policy::fifo, Policy::random})
      EXPECT_GT(throughput(64, policy), 8 * throughput(1, policy)) << name;
  }
}

// `leased`, but every request also advances one clock that all share.
class leased_by_shared_clock : public leased {
 public:
  using leased::leased;
  Decision try_acquire(Handle& handle, const Request& request) noexcept {
    clock_.fetch_add(1, sync::relaxed);
    return leased::try_acquire(handle, request);
  }

 private:
  alignas(128) sync::atomic<std::uint64_t> clock_{0};
};

TEST(simulated_rows, shared_clock_costs_throughput) {
  const Host host = small_host();
  EXPECT_GT(throughput_of<leased>(host), 3 * throughput_of<leased_by_shared_clock>(host));
}

}  // namespace
}  // namespace limiterbench::simulation
