// The rows on the simulated machine, and two rows that were spoiled on purpose: a model that does
// not notice would not be worth asking.
#include <gtest/gtest.h>

#include <limiterbench/config/hazard_pointer.hpp>
#include <limiterbench/rows/leased.hpp>
#include <limiterbench/rows/unlimited.hpp>

#include "simulation.hpp"
#include "simulation/subject_of.hpp"

namespace limiterbench::simulation {
namespace {

TEST(simulated_rows, each_admits_what_it_promises) {
  const Host host = small_host();
  ASSERT_EQ(simulated_rows().size(), 14U);
  for (const SimulatedRow& row : simulated_rows()) {
    for (const char* scenario : {"edge", "reload_storm"}) {
      const auto result = simulate_cell(host, row, scenario, 4, {0.2, Policy::random, 3});
      EXPECT_EQ(result.failure, "") << row.name << " " << scenario;
      EXPECT_GT(result.throughput.admitted, 0U) << row.name << " " << scenario;
    }
  }
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

// As `sharded` far from its limit: one counter a CPU. Spacing 128 keeps them on lines of their own.
template <std::size_t Spacing>
class PerCpuQuota {
 public:
  bool try_take(std::uint32_t, const PublishedRule&, Permits cost, Nanoseconds) noexcept {
    cells_[sync::current_cpu() % cells_.size()].count.fetch_add(cost, sync::relaxed);
    return true;
  }
  Verdict take(std::uint32_t, const PublishedRule&, Permits, Nanoseconds) noexcept {
    return {Verdict::Kind::admitted};
  }
  void adopt(std::uint32_t, const PublishedRule&) noexcept {}
  [[nodiscard]] Permits error_bound(const Rule&, Permits) const noexcept { return max_limit; }
  [[nodiscard]] Footprint footprint() const noexcept { return {}; }

 private:
  struct alignas(Spacing) Cell {
    sync::atomic<std::uint64_t> count{0};
  };
  alignas(128) std::array<Cell, 8> cells_;
};

template <std::size_t Spacing>
class Sharded : public Composed<HazardPointerSource, PerCpuQuota<Spacing>> {
 public:
  using Composed<HazardPointerSource, PerCpuQuota<Spacing>>::Composed;
  static constexpr Info info = unlimited::info;
};

template <class L>
double throughput_of(const Host& host) {
  const SimulatedRow row{L::info.name, &SubjectOf<L>::create};
  return operations_per_ns(simulate_cell(host, row, "readonly", 8, {0.2}));
}

TEST(simulated_rows, shards_without_padding_collapse) {
  const Host host = small_host();
  EXPECT_GT(throughput_of<Sharded<128>>(host), 5 * throughput_of<Sharded<8>>(host));
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
