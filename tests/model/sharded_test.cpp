// The sharded counter: the bound of its error, and what sequential consistency is there for.
#include <limiterbench/quota/sharded.hpp>

#include "quota_models.hpp"

namespace limiterbench::model {
namespace {

// All but 18 permits of 127 are used, by one CPU. It uses the rest; the other CPU asks for 6 and
// for 1, less than the batch of 8 that it may count unannounced. One comes after the other, with
// nothing to order them but seq_cst: whoever comes later must see enough not to exceed the bound,
// which is the cost of one request, 6.
template <bool filler_first>
struct one_after_the_other : Counting<ShardedQuota> {
  static constexpr int threads = 2;
  const PublishedRule rule = rule_of(2, 127);
  unsigned filler = 0;
  bool over = false;  // no synchronisation: it only makes the one come after the other
  void before() override {
    adopt(rule_of(1, 126));
    filler = sync::current_cpu();
    take(rule_of(1, 126), first, 109);
    // Stamps every cell, so that both CPUs count without entering the window.
    adopt(rule);
  }
  void thread(unsigned index) override {
    const bool fills = index == filler;
    if (fills != filler_first) {
      // Not by a pause, after which Relacy shows a thread nothing older than what it has seen.
      while (!over) rl::ctx().sched();
    }
    if (fills) {
      for (int i = 0; i < 3; ++i) take(rule, first, 6);
    } else {
      take(rule, first, 6);
      take(rule, first, 1);
    }
    over = true;
  }
  void after() override {
    require(used_ >= 127 - 6, "denied while there was room");
    require(used_ <= 127 + bound(6), "over the bound");
  }
};

// Two requests on one CPU have found nothing on their cell under the window's generation; then the
// other CPU fills the window. Only one of them may still exceed the limit. Together they stay below
// the batch of 8 that a CPU may count unannounced.
struct late_on_one_cpu : Counting<ShardedQuota> {
  static constexpr int threads = 4;
  const PublishedRule rule = rule_of(1, 127);
  unsigned filler = 0;
  static constexpr Permits cost = 3;
  int begun = 0;  // no synchronisation, as `filled`
  bool filled = false;
  void before() override {
    adopt(rule);
    filler = sync::current_cpu();
    // Turns the window, which stamps this CPU's cell alone.
    take(rule, second, 109);
  }
  void thread(unsigned index) override {
    if (sync::current_cpu() == filler) {
      if (index > 1) return;
      while (begun < 2) rl::ctx().sched();
      for (int i = 0; i < 6; ++i) take(rule, second, cost);
      filled = true;
    } else {
      require(!quota().try_take(1, rule, cost, second), "counted under another generation");
      ++begun;
      while (!filled) rl::ctx().sched();
      if (quota().take(1, rule, cost, second).kind == Verdict::Kind::admitted) used_ += cost;
    }
  }
  void after() override { require(used_ <= 127 + bound(cost), "over the bound"); }
};

// Far from the limit under the old rule, within a batch of four and with no announcement.
struct lowered_while_far : Counting<ShardedQuota> {
  static constexpr int threads = 2;
  const PublishedRule old_rule = rule_of(1, 16), new_rule = rule_of(2, 1);
  bool adopted = false;
  void before() override {
    adopt(old_rule);
    take(old_rule, first);
  }
  void thread(unsigned index) override {
    if (index == 0) {
      adopt(new_rule);
      adopted = true;
    } else {
      for (int i = 0; i < 3; ++i) {
        const bool too_late = adopted;
        const Answer answer = take(old_rule, first);
        if (too_late) require(answer != Answer::admitted, "admitted under the replaced rule");
      }
    }
  }
};

// The bound is no larger than it must be: in some schedule the CPUs, each of which finds the whole
// limit free, all take it.
template <unsigned cpus>
struct over_by_the_bound : Counting<ShardedQuota> {
  static constexpr int threads = cpus;
  static constexpr Permits limit = 6;
  const PublishedRule rule = rule_of(1, limit);
  over_by_the_bound() : Counting({.cpus = cpus}) {}
  void before() override { adopt(rule); }
  void thread(unsigned) override { take(rule, first, limit); }
  void after() override { require(used_ < limit + bound(limit), "reached"); }
};

// Exceeded by its bound, a window turns while one more request for it sums the cells: that request
// must notice, since the CPU that turned it no longer shows what it had counted.
struct turned_while_summed : Counting<ShardedQuota> {
  static constexpr int threads = 2;
  static constexpr Permits limit = 3;
  const PublishedRule rule = rule_of(1, limit);
  unsigned filler = 0;
  void before() override {
    adopt(rule);
    filler = sync::current_cpu();
    for (Permits i = 0; i < limit - 1; ++i) take(rule, first);
  }
  void thread(unsigned index) override {
    take(rule, first);
    take(rule, index == filler ? second : first);
  }
  void after() override {
    const Permits used = used_;
    while (take(rule, second) == Answer::admitted) {
    }
    const Permits room = used_ - used;
    require(used - (limit - room) <= limit + bound(), "over the bound");
  }
};

// Far from the limit a request finds that its CPU counts for the next window already: it must not
// count over that, however old the window's word looks to it.
struct late_for_its_window : Counting<ShardedQuota> {
  static constexpr int threads = 2;
  static constexpr Permits limit = 7;
  const PublishedRule rule = rule_of(1, limit);
  late_for_its_window() : Counting({.cpus = 1}) {}
  void before() override {
    adopt(rule);
    take(rule, first);
  }
  void thread(unsigned index) override { take(rule, index == 0 ? first : second); }
  void after() override {
    while (take(rule, second) == Answer::admitted) {
    }
    require(used_ <= 2 + limit, "what the next window had counted was lost");
  }
};

// Threads that change CPUs at every step, and a window between them.
struct migrating : filled<ShardedQuota, 3> {
  migrating() : filled({.cpus = 2, .migrates = true}) {}
};
struct on_one_cpu : filled<ShardedQuota, 3> {
  on_one_cpu() : filled({.cpus = 1}) {}
};

}  // namespace
}  // namespace limiterbench::model

int main() {
  using namespace limiterbench;
  using namespace limiterbench::model;
  const Search tree = Search::tree(30'000, 2);
  const Search random = Search::random(40'000);
  Report report;
  check_quota<ShardedQuota>(report, tree, random);
  report.clean<filled<ShardedQuota, 12, 2>>("filled, batches of two", {random});
  report.clean<turned_from_full<ShardedQuota, 10>>("turned from full, batches of two", {random});
  report.clean<one_after_the_other<true>>("the filling CPU first", {random});
  report.clean<one_after_the_other<false>>("the filling CPU last", {random});
  report.clean<late_on_one_cpu>("late on one CPU", {random});
  report.clean<lowered_while_far>("lowered while far", {tree, random});
  report.caught<over_by_the_bound<2>>("the bound of 2 CPUs is reached",
                                      rl::test_result_user_assert_failed, {random});
  report.caught<over_by_the_bound<4>>("the bound of 4 CPUs is reached",
                                      rl::test_result_user_assert_failed, {random});
  report.clean<turned_while_summed>("turned while summed", {tree, random});
  report.clean<late_for_its_window>("late for its window", {tree, random});
  report.clean<migrating>("migrating", {random});
  report.clean<on_one_cpu>("on one CPU", {random});
  return report.status();
}
