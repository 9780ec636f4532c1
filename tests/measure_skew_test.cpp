// Clocks that agree, and clocks that are made to disagree.
#include "native/skew.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "host/clock.hpp"

namespace limiterbench::bench {
namespace {

// A player that is kept from its CPU for long gives no result: asked again.
std::optional<Skew> skew_of(const host::Topology& topology, double ahead_ns) {
  Team team(topology, topology.cpus());
  for (int attempt = 0; attempt < 50; ++attempt)
    if (const auto skew = measure_skew(team, topology.cpus(), 20e6, ahead_ns)) return skew;
  return std::nullopt;
}

class SkewTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (topology.cpus().size() < 2) GTEST_SKIP() << "one CPU";
    if (!host::Clock::get().is_tsc()) GTEST_SKIP() << "no TSC in use";
  }
  const host::Topology topology = host::Topology::this_host();
};

using skew = SkewTest;

TEST_F(skew, of_a_sound_host_is_within_the_time_of_a_message) {
  const auto found = skew_of(topology, 0);
  ASSERT_TRUE(found);
  EXPECT_FALSE(found->apart);
  EXPECT_GT(found->error_ns, 0);
  EXPECT_LE(std::abs(found->worst_ns), found->error_ns);
  EXPECT_GE(found->pairs, 1U);
}

TEST_F(skew, of_clocks_set_apart_is_seen_with_its_sign) {
  for (const double ahead : {1e6, -1e6}) {
    const auto found = skew_of(topology, ahead);
    ASSERT_TRUE(found);
    EXPECT_TRUE(found->apart);
    EXPECT_NEAR(found->worst_ns, ahead, 2 * found->error_ns);
    EXPECT_NE(describe(*found).find(ahead > 0 ? "ahead of" : "behind"), std::string::npos);
  }
}

TEST_F(skew, of_one_cpu_is_unknown) {
  const std::vector<host::Cpu> twice{topology.cpus()[0], topology.cpus()[0]};
  Team team(topology, twice);
  EXPECT_FALSE(measure_skew(team, twice));
}

TEST(skew_order, visits_each_once_and_the_far_ones_early) {
  for (const std::size_t count : {0U, 1U, 2U, 3U, 7U, 8U, 64U, 100U}) {
    std::vector<std::size_t> order = spread_over(count);
    std::ranges::sort(order);
    ASSERT_EQ(order.size(), count == 0 ? 0 : count - 1);
    for (std::size_t i = 0; i < order.size(); ++i) EXPECT_EQ(order[i], i + 1);
  }
  EXPECT_EQ(spread_over(64)[0], 32U);
}

// In a process of its own, since the clock is the whole program's.
TEST(clock_fallback, takes_hold_at_once) {
  EXPECT_EXIT(
      {
        host::Clock::distrust_tsc("the TSCs are apart");
        const host::Clock& clock = host::Clock::get();
        const bool fell = clock.fell_back() && !clock.is_tsc() && clock.ns_per_tick() == 1 &&
                          clock.reason() == "the TSCs are apart";
        std::exit(fell ? 0 : 1);
      },
      ::testing::ExitedWithCode(0), "");
}

}  // namespace
}  // namespace limiterbench::bench
