// The contention map: which pairs it measures, and that what it measures makes sense.
#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "native/contention.hpp"

namespace limiterbench::bench {
namespace {

using Pairs = std::vector<std::pair<std::size_t, std::size_t>>;

TEST(contention, measures_every_pair_of_a_small_host) {
  EXPECT_EQ(choose_pairs(1, 256), Pairs{});
  EXPECT_EQ(choose_pairs(3, 256), (Pairs{{0, 1}, {0, 2}, {1, 2}}));
}

TEST(contention, samples_the_pairs_of_a_big_host) {
  for (const std::size_t cpus : {24U, 64U, 256U}) {
    const Pairs pairs = choose_pairs(cpus, 256);
    const std::set<std::pair<std::size_t, std::size_t>> unique(pairs.begin(), pairs.end());
    EXPECT_EQ(pairs.size(), 256U);
    EXPECT_EQ(unique.size(), pairs.size());
    std::set<std::size_t> seen;
    for (const auto& [a, b] : pairs) {
      EXPECT_LT(a, b);
      EXPECT_LT(b, cpus);
      seen.insert({a, b});
    }
    EXPECT_EQ(seen.size(), cpus);  // none is left out
  }
}

// A host of one CPU has nothing to transfer, and shares with itself.
TEST(contention, of_one_cpu_is_the_price_of_an_increment) {
  const host::Topology whole = host::Topology::this_host();
  const host::Topology one = whole.restricted_to({whole.cpus().front().os_index});
  const ContentionMap map = measure_contention(one);
  EXPECT_TRUE(map.transfers.empty());
  ASSERT_EQ(map.sharings.size(), 1U);
  EXPECT_EQ(map.sharings[0].threads, 1U);
  EXPECT_GT(map.sharings[0].aggregate_ns, 0);
}

TEST(contention, of_this_host_is_complete) {
  const host::Topology topology = host::Topology::this_host();
  if (topology.cpus().size() < 2) GTEST_SKIP() << "one CPU";
  const ContentionMap map = measure_contention(topology, 3);
  EXPECT_EQ(map.transfers.size(), std::min<std::size_t>(3, map.pairs));
  for (const Transfer& transfer : map.transfers) {
    EXPECT_NE(transfer.a, transfer.b);
    EXPECT_GT(transfer.one_way_ns, 0);
    // A clock that is ahead by more than a transfer would show effects before their causes.
    EXPECT_LT(std::abs(transfer.skew_ns), 100 * transfer.one_way_ns);
  }
  const auto json = contention_json(map);
  EXPECT_EQ(json.at("transfers").size(), map.transfers.size());
  EXPECT_EQ(json.at("sharings").back().at("threads"), topology.cpus().size());
  EXPECT_NE(describe(map, topology).find("one-way transfer"), std::string::npos);
}

}  // namespace
}  // namespace limiterbench::bench
