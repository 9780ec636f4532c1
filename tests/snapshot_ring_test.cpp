// What a reload costs the allocator.
#include <gtest/gtest.h>

#include <limiterbench/rows/hazard.hpp>
#include <limiterbench/rows/snapshot_ring.hpp>

#include "allocations.hpp"

namespace limiterbench {
namespace {

// Allocations of a thousand reloads, each of which a reader follows.
template <class Row>
unsigned allocations_of_reloads() {
  Config config{.version = 1};
  for (Rule& rule : config.rules) rule = {.limit = 1'000'000, .window = max_window, .backoff = {}};
  Row row(config);
  auto handle = row.attach();
  const unsigned before = allocations;
  for (config.version = 2; config.version <= 1'001; ++config.version) {
    row.publish(config);
    const Decision decision = row.try_acquire(handle, {.traffic_class = 0, .cost = 1, .now = 1});
    if (!decision.admitted() || decision.version() != config.version) return ~0U;
  }
  return allocations - before;
}

TEST(SnapshotRing, ReloadsWithoutAllocating) {
  EXPECT_EQ(allocations_of_reloads<snapshot_ring>(), 0U);
}

// So the count is one.
TEST(SnapshotRing, WhereOthersAllocate) { EXPECT_GE(allocations_of_reloads<hazard>(), 1'000U); }

}  // namespace
}  // namespace limiterbench
