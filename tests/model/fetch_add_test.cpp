// The counter that adds first and looks afterwards: what becomes of an addition that does not fit,
// or that falls into another window or under another rule than the request has read.
#include <algorithm>
#include <limiterbench/quota/fetch_add.hpp>

#include "quota_models.hpp"

namespace limiterbench::model {
namespace {

using Quota = FetchAddQuota;

// Costs that do not fit between costs that do: whoever fits is admitted, in whatever order.
struct mixed_costs : Counting<Quota> {
  static constexpr int threads = 3;
  static constexpr Permits limit = 6;
  const PublishedRule rule = rule_of(1, limit);
  Permits denied = limit + 1;
  void before() override {
    adopt(rule);
    take(rule, first, 2);
  }
  void thread(unsigned index) override { ask(Permits{index} + 2); }
  void ask(Permits cost) {
    if (take(rule, first, cost) == Answer::denied) denied = std::min(denied, cost);
  }
  void after() override {
    require(used_ <= limit, "over the limit");
    require(used_ + denied > limit, "denied although it fits in every order");
    for (Permits left = limit - used_; left > 0; --left) ask(1);
    require(used_ == limit, "permits were lost");
  }
};

// A large request that never fits, against small ones that together use up the window.
struct large_among_small : Counting<Quota> {
  static constexpr int threads = 3;
  static constexpr Permits limit = 4;
  const PublishedRule rule = rule_of(1, limit);
  void before() override {
    adopt(rule);
    take(rule, first);
  }
  void thread(unsigned index) override {
    if (index == 0)
      require(take(rule, first, limit) == Answer::denied, "over the limit");
    else
      require(take(rule, first) == Answer::admitted, "denied because of one that was denied");
  }
  void after() override {
    require(take(rule, first) == Answer::admitted, "permits were lost");
    require(take(rule, first) == Answer::denied, "over the limit");
  }
};

// The window rolls over between reading it and adding: the addition counts in the new one, whether
// it fits there or is the first that does not.
struct added_to_the_next : Counting<Quota> {
  static constexpr int threads = 3;
  static constexpr Permits limit = 2;
  const PublishedRule rule = rule_of(1, limit);
  Permits in_second = 0;
  bool late_admitted = false;
  void before() override {
    adopt(rule);
    take(rule, first);
  }
  void thread(unsigned index) override {
    if (index == 0) {
      late_admitted = take(rule, first) == Answer::admitted;
      return;
    }
    for (int i = 0; i < 2; ++i) in_second += take(rule, second) == Answer::admitted;
  }
  void after() override {
    in_second += take(rule, second) == Answer::admitted;
    require(in_second <= limit, "over the limit");
    require(in_second + late_admitted >= limit, "permits were lost");
    require(take(rule, second) == Answer::denied, "over the limit");
  }
};

// A raised limit while requests hold the old rule. Together they get the new limit, and those that
// were admitted by the old rule stay within the old one.
struct raised : Counting<Quota> {
  static constexpr int threads = 3;
  const PublishedRule old_rule = rule_of(1, 1), new_rule = rule_of(2, 2);
  Permits by_old = 0;
  void before() override { adopt(old_rule); }
  void thread(unsigned index) override {
    if (index == 0) return adopt(new_rule);
    const Answer answer = take(old_rule, first);
    by_old += answer == Answer::admitted;
    if (answer == Answer::stale)
      require(take(new_rule, first) == Answer::admitted, "denied while there was room");
  }
  void after() override {
    require(by_old <= 1, "over the old limit");
    while (used_ < 2) require(take(new_rule, first) == Answer::admitted, "permits were lost");
    require(take(new_rule, first) == Answer::denied, "over the new limit");
  }
};

// A rule changes while the first request that does not fit has not written the usage yet.
struct changed_when_full : Counting<Quota> {
  static constexpr int threads = 3;
  const PublishedRule old_rule = rule_of(1, 3), new_rule = rule_of(2, 4);
  void before() override {
    adopt(old_rule);
    take(old_rule, first, 2);
  }
  void thread(unsigned index) override {
    if (index == 0) return adopt(new_rule);
    if (take(old_rule, first, 2) == Answer::stale) take(new_rule, first, 2);
  }
  void after() override {
    require(used_ <= 4, "over the limit");
    while (used_ < 4) require(take(new_rule, first) == Answer::admitted, "permits were lost");
    require(take(new_rule, first) == Answer::denied, "over the limit");
  }
};

// A shorter window that ends before the one that a request has read: nothing that is stamped after
// its end is counted in it.
struct shortened : Counting<Quota> {
  static constexpr int threads = 2;
  const PublishedRule old_rule = rule_of(1, 2), new_rule = rule_of(2, 2, length / 2);
  static constexpr Nanoseconds later = length - 100;  // after the shorter window's end
  void before() override {
    adopt(old_rule);
    take(old_rule, first);
  }
  void thread(unsigned index) override {
    if (index == 0) {
      adopt(new_rule);
      require(take(new_rule, first) != Answer::stale, "its own rule is not in force");
      return;
    }
    const Answer answer = take(old_rule, later);
    require(answer != Answer::admitted_by_newer, "counted in a window that is over for it");
    if (answer == Answer::stale)
      require(take(new_rule, later) == Answer::admitted, "denied by a window that is over for it");
  }
};

// A reload changes another class: here the version grows and the epoch stays. The next reload
// changes this class. A request that it counts names no version older than the one it has read.
struct reloaded_for_another_class : Counting<Quota> {
  static constexpr int threads = 3;
  PublishedRule rule = rule_of(1, 4);
  const PublishedRule newest = rule_of(3, 4);
  void before() override {
    adopt(rule);
    take(rule, first);
    rule.version = 2;
  }
  void thread(unsigned index) override {
    if (index == 0) take(rule, first);
    if (index == 1) take(rule, second);
    if (index == 2) adopt(newest);
  }
};

}  // namespace
}  // namespace limiterbench::model

int main() {
  using namespace limiterbench::model;
  Report report;
  const Search tree = Search::tree(100'000, 3), random = Search::random(60'000);
  check_quota<limiterbench::FetchAddQuota>(report, tree, random);
  report.clean<mixed_costs>("mixed costs", {tree, random});
  report.clean<large_among_small>("large among small", {tree, random});
  report.clean<added_to_the_next>("added to the next window", {tree, random});
  report.clean<raised>("raised", {tree, random});
  report.clean<changed_when_full>("changed when full", {tree, random});
  report.clean<shortened>("shortened", {tree, random});
  report.clean<reloaded_for_another_class>("reloaded for another class",
                                           {tree, Search::random(600'000)});
  return report.status();
}
