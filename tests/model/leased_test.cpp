// Leases: taken, spent, swept back before a denial, revoked by a changed rule; by compare-and-swap
// and by restartable sequences.
#include <cstdio>
#include <limiterbench/quota/leased_rseq.hpp>

#include "quota_models.hpp"

namespace limiterbench::model {
namespace {

// One request leaves its CPU with a lease; then a window's worth by each of two threads. Exact.
template <class Quota>
struct swept : Counting<Quota> {
  static constexpr int threads = 2;
  const PublishedRule rule = rule_of(1, 8);
  void before() override {
    this->adopt(rule);
    this->take(rule, first);
  }
  void thread(unsigned) override {
    for (int i = 0; i < 5; ++i) this->take(rule, first);
  }
  void after() override { require(this->used_ == 8, "not the limit"); }
};

// A lease is outstanding when the limit is lowered below what was handed out.
template <class Quota>
struct revoked : Counting<Quota> {
  static constexpr int threads = 2;
  const PublishedRule old_rule = rule_of(1, 16), new_rule = rule_of(2, 2);
  bool adopted = false, admitted_by_new = false;
  void before() override {
    this->adopt(old_rule);
    this->take(old_rule, first);
  }
  void thread(unsigned index) override {
    if (index == 0) {
      this->adopt(new_rule);
      adopted = true;
    }
    for (int i = 0; i < 3; ++i) {
      const bool too_late = adopted;
      const Answer answer = this->take(index == 0 ? new_rule : old_rule, first);
      if (index == 0) admitted_by_new |= answer == Answer::admitted;
      if (index == 1 && too_late)
        require(answer != Answer::admitted, "admitted under the replaced rule");
    }
  }
  void after() override {
    if (admitted_by_new) require(this->used_ <= 2, "over the lowered limit");
    require(this->used_ >= 2, "denied while there was room");
  }
};

// A request has drawn, and may not yet hold its lease, when the others find the pool empty, or
// while a rule is adopted that changes nothing. Together they are as many as the limit: all fit.
template <class Quota, bool adopts>
struct drawn : Counting<Quota> {
  static constexpr int threads = 2;
  const PublishedRule rule = rule_of(1, 6), same_rule = rule_of(2, 6);
  Permits asked = 0;
  void before() override { this->adopt(rule); }
  void thread(unsigned index) override {
    if (index == 0) {
      asked += this->take(rule, first) != Answer::stale;
    } else {
      if (adopts) this->adopt(same_rule);
      for (int i = 0; i < 5; ++i) this->take(adopts ? same_rule : rule, first);
      asked += 5;
    }
  }
  void after() override { require(this->used_ == asked, "denied while there was room"); }
};

// Costs too large for a lease leave the cell alone. Together with small ones, which leave a lease
// behind, they are as many as the limit: all fit.
template <class Quota>
struct too_large_to_lease : Counting<Quota> {
  static constexpr int threads = 2;
  struct Constants : Quota {
    using Quota::max_grant;
  };
  static constexpr Permits large = Constants::max_grant + 1;
  const PublishedRule rule = rule_of(1, 2 * large + 2);
  void before() override { this->adopt(rule); }
  void thread(unsigned index) override {
    for (int i = 0; i < 2; ++i) this->take(rule, first, index == 0 ? large : 1);
  }
  void after() override { require(this->used_ == 2 * large + 2, "denied while there was room"); }
};

// Leases under the new rule, on the CPU where a request still holds the old one.
template <class Quota>
struct leased_anew : Counting<Quota> {
  static constexpr int threads = 2;
  const PublishedRule old_rule = rule_of(1, 16), new_rule = rule_of(2, 12);
  bool adopted = false;
  leased_anew() : Counting<Quota>({.cpus = 1}) {}
  void before() override {
    this->adopt(old_rule);
    this->take(old_rule, first);
  }
  void thread(unsigned index) override {
    if (index == 0) {
      this->adopt(new_rule);
      adopted = true;
      this->take(new_rule, first);
      this->take(new_rule, first);
    } else {
      const bool too_late = adopted;
      const Answer answer = this->take(old_rule, first);
      if (too_late) require(answer != Answer::admitted, "admitted under the replaced rule");
    }
  }
};

// Leases of a window that is over are worth nothing in the next.
template <class Quota>
struct turned_with_leases : Counting<Quota> {
  static constexpr int threads = 2;
  const PublishedRule rule = rule_of(1, 6);
  void before() override {
    this->adopt(rule);
    this->take(rule, first);
  }
  void thread(unsigned) override {
    for (int i = 0; i < 4; ++i) this->take(rule, second);
  }
  void after() override { require(this->used_ == 1 + 6, "not the limit of the next window"); }
};

template <class Quota>
struct migrating : filled<Quota, 6> {
  migrating() : filled<Quota, 6>({.cpus = 2, .migrates = true}) {}
};
template <class Quota>
struct on_one_cpu : filled<Quota, 6> {
  on_one_cpu() : filled<Quota, 6>({.cpus = 1}) {}
};

template <class Access>
void check(Report& report) {
  using Quota = LeasedQuota<Access>;
  const Search tree = Search::tree(20'000, 2);
  const Search random = Search::random(30'000);
  check_quota<Quota>(report, tree, random);
  report.clean<filled<Quota, 6>>("filled, with leases", {tree, random});
  report.clean<swept<Quota>>("swept", {random});
  report.clean<revoked<Quota>>("revoked", {tree, random});
  report.clean<drawn<Quota, false>>("drawn while others sweep", {tree, random});
  report.clean<drawn<Quota, true>>("drawn while a rule is adopted", {tree, random});
  report.clean<resized_with_room<Quota, 16>>("resized with room to lease", {random});
  report.clean<too_large_to_lease<Quota>>("too large to lease", {tree, random});
  report.clean<leased_anew<Quota>>("leased anew", {tree, random});
  report.clean<turned_with_leases<Quota>>("turned, with leases", {random});
  report.clean<migrating<Quota>>("migrating", {random});
  report.clean<on_one_cpu<Quota>>("on one CPU", {random});
}

}  // namespace
}  // namespace limiterbench::model

int main() {
  limiterbench::model::Report report;
  limiterbench::model::check<limiterbench::AtomicCells>(report);
  std::puts("by restartable sequences:");
  limiterbench::model::check<limiterbench::RseqCells>(report);
  return report.status();
}
