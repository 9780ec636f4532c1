// How seldom the exact leases touch what all CPUs share.
#include <gtest/gtest.h>

#include <limiterbench/rows/leased.hpp>
#include <limiterbench/rows/leased_rseq.hpp>

#include "threads.hpp"

namespace limiterbench {
namespace {

template <class Quota>
class Leases : public testing::Test {};
using Quotas = testing::Types<LeasedQuota<AtomicCells>, LeasedQuota<RseqCells>>;
TYPED_TEST_SUITE(Leases, Quotas);

PublishedRule rule_of(Permits limit) {
  return {.rule = {.limit = limit, .window = 1'000'000, .backoff = {}},
          .version = 1,
          .sequence = 1,
          .epoch = 1};
}

template <class Quota>
Permits take_until_denied(Quota& quota, const PublishedRule& rule) {
  for (Permits taken = 0;; ++taken) {
    if (!quota.try_take(0, rule, 1, 0) && quota.take(0, rule, 1, 0).kind != Verdict::Kind::admitted)
      return taken;
  }
}

TYPED_TEST(Leases, WriteThePoolForLessThanOneDecisionInTwoHundred) {
  const PublishedRule rule = rule_of(1'000'000);
  TypeParam quota;
  quota.adopt(0, rule);
  std::atomic<Permits> admitted{0};
  conformance::in_threads(2, [&](unsigned) { admitted += take_until_denied(quota, rule); });
  EXPECT_EQ(admitted.load(), rule.rule.limit);
  EXPECT_GT(quota.pool_writes(), 0U);
  EXPECT_LT(quota.pool_writes() * 200, rule.rule.limit);
  this->RecordProperty("pool_writes", std::to_string(quota.pool_writes()));
}

// "Used up" is published: from then on a request only reads.
TYPED_TEST(Leases, DenyWithoutAWrite) {
  const PublishedRule rule = rule_of(1'000);
  TypeParam quota;
  quota.adopt(0, rule);
  take_until_denied(quota, rule);
  const std::uint64_t writes = quota.pool_writes();
  for (int i = 0; i < 1'000; ++i) EXPECT_EQ(take_until_denied(quota, rule), 0U);
  EXPECT_EQ(quota.pool_writes(), writes);
}

// A request that no longer fits is denied by reading, though small ones are still admitted, and
// leased, around it.
TYPED_TEST(Leases, DenyALargeCostWithoutAWriteForEach) {
  const PublishedRule rule = rule_of(1'000'000);
  TypeParam quota;
  quota.adopt(0, rule);
  constexpr std::uint64_t requests = 100'000;
  for (std::uint64_t i = 0; i < requests; ++i) {
    ASSERT_TRUE(quota.try_take(0, rule, 1, 0) ||
                quota.take(0, rule, 1, 0).kind == Verdict::Kind::admitted);
    ASSERT_EQ(quota.take(0, rule, rule.rule.limit, 0).kind, Verdict::Kind::denied);
  }
  EXPECT_LT(quota.pool_writes() * 200, 2 * requests);
}

// Leases lie with CPUs: threads that come and go strand nothing.
TYPED_TEST(Leases, AThousandThreadsStrandNothing) {
  const PublishedRule rule = rule_of(3'000);
  TypeParam quota;
  quota.adopt(0, rule);
  std::atomic<Permits> admitted{0};
  conformance::in_threads(1'000, [&](unsigned) {
    for (int i = 0; i < 2; ++i) {
      if (quota.try_take(0, rule, 1, 0) ||
          quota.take(0, rule, 1, 0).kind == Verdict::Kind::admitted)
        ++admitted;
    }
  });
  EXPECT_EQ(admitted.load(), 2'000U);
  EXPECT_EQ(take_until_denied(quota, rule), 1'000U);
}

// Sets the cells of all CPUs, as if a thread had been preempted while it takes a lease, or had
// taken one.
struct OpenedQuota : RseqQuota {
  std::uint64_t word() const { return windows_[0].parts().word.load(sync::relaxed); }
  void set_cells(std::uint64_t value) {
    for (unsigned i = 0; i <= cpus_; ++i) shard_[i].leases[0].cell.store(value, sync::relaxed);
  }
};

// The mark of a claim is a bit that assembler reads as permits.
TEST(RseqSpend, SpendsNothingFromAClaimedCell) {
  if (!sync::rseq_available()) GTEST_SKIP() << "no restartable sequences here";
  struct Node {
    sync::plain<Published> published;
  } node;
  const PublishedRule rule = rule_of(1'000);
  node.published.write().rules[0] = rule;
  const sync::atomic<Node*> current{&node};
  OpenedQuota quota;
  quota.adopt(0, rule);
  ASSERT_EQ(quota.take(0, rule, 1, 0).kind, Verdict::Kind::admitted);
  const Request request{.traffic_class = 0, .cost = 1, .now = 0};
  const auto spent = [&] {
    std::uint64_t version = 0;
    int times = 0;
    // Some attempts may be interrupted.
    for (int i = 0; i < 1'000; ++i) times += quota.try_spend(current, request, version);
    return times;
  };
  quota.set_cells(Claim::of(quota.word()));
  EXPECT_EQ(spent(), 0);
  quota.set_cells(Window::generation(quota.word()) + 1'000'000);
  EXPECT_GT(spent(), 0);
}

template <class Row>
class LeasedRows : public testing::Test {};
using Rows = testing::Types<leased, leased_rseq>;
TYPED_TEST_SUITE(LeasedRows, Rows);

// A compiler that sees all of a request may leave out what no result depends on, but not counting.
TYPED_TEST(LeasedRows, CountWhereNobodyAsksForTheVersion) {
  Config config{.version = 1};
  config.rules[0] = {.limit = 100'000, .window = max_window, .backoff = {}};
  TypeParam row(config);
  auto handle = row.attach();
  Permits admitted = 0;
  for (Permits i = 0; i < 2 * config.rules[0].limit; ++i) {
    admitted += row.try_acquire(handle, {.traffic_class = 0, .cost = 1, .now = i}).admitted();
  }
  EXPECT_EQ(admitted, config.rules[0].limit);
}

}  // namespace
}  // namespace limiterbench
