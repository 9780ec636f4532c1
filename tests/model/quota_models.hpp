// Models that any counter of usage must pass: requests, a turn, a changed rule, two or three at a
// time. As the rows' models, but without a source of configurations, so that more of the schedules
// fit.
#pragma once

#include <limiterbench/composed.hpp>

#include "model.hpp"

namespace limiterbench::model {

inline constexpr Nanoseconds length = 1'000;
inline constexpr Nanoseconds first = 100, second = length + 100;  // one time in each window

inline PublishedRule rule_of(std::uint64_t epoch, Permits limit, Nanoseconds window = length) {
  return {.rule = {.limit = limit, .window = window, .backoff = {}},
          .version = epoch,
          .sequence = epoch,
          .epoch = epoch};
}

enum class Answer { admitted, admitted_by_newer, denied, stale };

template <class Quota>
class Counting : public Model {
 protected:
  explicit Counting(sync::Host host = {}) {
    sync::host = host;
    quota_ = sync::make<Quota>();
  }
  ~Counting() override { sync::destroy(quota_); }

  Quota& quota() { return *quota_; }
  void adopt(const PublishedRule& rule) { quota_->adopt(1, rule); }
  // As Composed does it. `version` is by which a request was admitted.
  Verdict decide(const PublishedRule& rule, Nanoseconds now, Permits cost, std::uint64_t& version) {
    for (;;) {
      version = rule.version;
      if (const Taken taken = quota_->try_take(1, rule, cost, now)) {
        version = taken.version;
        return {Verdict::Kind::admitted};
      }
      const Verdict verdict = quota_->take(1, rule, cost, now);
      if (verdict.kind != Verdict::Kind::again) return verdict;
    }
  }
  Answer take(const PublishedRule& rule, Nanoseconds now, Permits cost = 1) {
    std::uint64_t version;
    const Verdict verdict = decide(rule, now, cost, version);
    if (verdict.kind == Verdict::Kind::stale) return Answer::stale;
    if (verdict.kind == Verdict::Kind::denied) {
      require(verdict.end > now, "denied by a window that is over");
      return Answer::denied;
    }
    require(version >= rule.version, "admitted by an older rule");
    used_ += cost;
    return version == rule.version ? Answer::admitted : Answer::admitted_by_newer;
  }
  Permits bound(Permits cost = 1) const { return quota_->error_bound({}, cost); }

  Permits used_ = 0;

 private:
  Quota* quota_;
};

// Each thread makes as many requests as a window admits: together they get no more.
template <class Quota, Permits limit, Permits cost = 1>
struct filled : Counting<Quota> {
  static constexpr int threads = 2;
  const PublishedRule rule = rule_of(1, limit);
  using Counting<Quota>::Counting;
  void before() override { this->adopt(rule); }
  void thread(unsigned) override {
    for (Permits i = 0; i < limit / cost; ++i) this->take(rule, first, cost);
  }
  void after() override {
    require(this->used_ >= limit / cost * cost, "denied while there was room");
    require(this->used_ <= limit + this->bound(cost), "over the limit");
  }
};

// A used-up window is over: all that fits in the next is admitted, whoever turns it.
template <class Quota, Permits limit = 2>
struct turned_from_full : Counting<Quota> {
  static constexpr int threads = 2;
  const PublishedRule rule = rule_of(1, limit);
  void before() override {
    this->adopt(rule);
    while (this->used_ < limit) this->take(rule, first);
  }
  void thread(unsigned) override {
    for (Permits i = 0; i < limit / 2; ++i) this->take(rule, second);
  }
  void after() override { require(this->used_ == 2 * limit, "denied by the window before"); }
};

// Late for its window: counted in the next, and denied with the end of that.
template <class Quota>
struct stamped_earlier : Counting<Quota> {
  static constexpr int threads = 2;
  const PublishedRule rule = rule_of(3, 1);
  void before() override {
    // Opens the first window and leaves it empty.
    this->take(rule_of(2, 0), first);
    this->adopt(rule);
  }
  void thread(unsigned index) override {
    if (index == 0) {
      this->take(rule, second);
    } else {
      std::uint64_t version;
      const Verdict verdict = this->decide(rule, first, 1, version);
      if (verdict.kind == Verdict::Kind::denied)
        require(verdict.end == 2 * length, "denied by a window that had room");
    }
  }
};

// A limit lowered to 1: no request under the old rule is admitted once adopt() has returned.
template <class Quota, Permits old_limit = 3>
struct lowered : Counting<Quota> {
  static constexpr int threads = 3;
  const PublishedRule old_rule = rule_of(1, old_limit), new_rule = rule_of(2, 1);
  bool adopted = false, admitted_by_new = false;
  void before() override { this->adopt(old_rule); }
  void thread(unsigned index) override {
    if (index == 2) {
      this->adopt(new_rule);
      adopted = true;
      take_new();
      return;
    }
    for (int i = 0; i < 2; ++i) {
      const bool too_late = adopted;
      const Answer answer = this->take(old_rule, first);
      if (too_late) require(answer != Answer::admitted, "admitted under the replaced rule");
      admitted_by_new |= answer == Answer::admitted_by_newer;
      if (answer == Answer::stale) return take_new();
    }
  }
  void take_new() { admitted_by_new |= this->take(new_rule, first) == Answer::admitted; }
  void after() override {
    require(this->used_ >= 1, "denied while there was room");
    require(this->used_ <= old_limit + this->bound(), "over both limits");
    if (admitted_by_new) require(this->used_ <= 1 + this->bound(), "over the lowered limit");
  }
};

// A changed length starts a new window, which admits one request, adopted or not. Under the old
// rule none is admitted any more.
template <class Quota>
struct resized : Counting<Quota> {
  static constexpr int threads = 3;
  const PublishedRule old_rule = rule_of(1, 1), new_rule = rule_of(2, 1, 2 * length);
  void before() override {
    this->adopt(old_rule);
    this->take(old_rule, first);
  }
  void thread(unsigned index) override {
    if (index == 0) this->adopt(new_rule);
    if (index == 1) this->take(new_rule, first);
    if (index == 2)
      require(this->take(old_rule, first) != Answer::admitted, "admitted twice under the old rule");
  }
  void after() override {
    require(this->used_ >= 2, "denied by the window before");
    require(this->used_ <= 2 + this->bound(), "over the limit");
  }
};

// A changed length with room left in the old window, in time after adopt() has returned but in no
// order with it: the old rule admits nothing any more, not from a cell that its CPU left behind
// either.
template <class Quota, Permits new_limit = 1>
struct resized_with_room : Counting<Quota> {
  static constexpr int threads = 2;
  const PublishedRule old_rule = rule_of(1, 16), new_rule = rule_of(2, new_limit, 2 * length);
  bool adopted = false;
  resized_with_room() : Counting<Quota>({.cpus = 1}) {}
  void before() override {
    this->adopt(old_rule);
    this->take(old_rule, first);
  }
  void thread(unsigned index) override {
    if (index == 0) {
      this->adopt(new_rule);
      adopted = true;
    } else {
      // Not by a pause, after which Relacy shows a thread nothing older than what it has seen.
      while (!adopted) rl::ctx().sched();
      require(this->take(old_rule, first) != Answer::admitted, "admitted under the replaced rule");
    }
  }
};

// A turn against a changed rule, each by its own thread: whoever is second sees all of the first.
template <class Quota>
struct turned_and_resized : Counting<Quota> {
  static constexpr int threads = 2;
  const PublishedRule old_rule = rule_of(1, 1), new_rule = rule_of(2, 1, 2 * length);
  void before() override { this->adopt(old_rule); }
  void thread(unsigned index) override {
    if (index == 0) this->adopt(new_rule);
    if (index == 1 && this->take(old_rule, second) == Answer::stale)
      require(this->take(new_rule, second) == Answer::admitted, "a new window denied");
  }
};

// Two rules in a row against a request that holds the first.
template <class Quota>
struct changed_twice : Counting<Quota> {
  static constexpr int threads = 2;
  const PublishedRule rules[3] = {rule_of(1, 2), rule_of(2, 1), rule_of(3, 2)};
  void before() override { this->adopt(rules[0]); }
  void thread(unsigned index) override {
    if (index == 0) {
      this->adopt(rules[1]);
      this->adopt(rules[2]);
    } else {
      for (const PublishedRule& rule : rules) {
        if (this->take(rule, first) != Answer::stale) break;
      }
    }
  }
  void after() override { require(this->used_ == 1, "denied while there was room"); }
};

// A limit lowered below what is used, and a request that has the new rule before it is in force: it
// gets none of what the old rule left on its CPU.
template <class Quota>
struct lowered_below_usage : Counting<Quota> {
  static constexpr int threads = 2;
  const PublishedRule old_rule = rule_of(1, 128), new_rule = rule_of(2, 7);
  lowered_below_usage() : Counting<Quota>({.cpus = 1}) {}
  void before() override {
    this->adopt(old_rule);
    for (int i = 0; i < 8; ++i) this->take(old_rule, first);
  }
  void thread(unsigned index) override {
    if (index == 0) this->adopt(new_rule);
    if (index == 1)
      require(this->take(new_rule, first) != Answer::admitted, "over the lowered limit");
  }
};

// Put in force by a request, while adopt() waits for it to finish: what adopt() promises holds.
template <class Quota>
struct adopted_by_request : Counting<Quota> {
  static constexpr int threads = 3;
  const PublishedRule old_rule = rule_of(1, 16), new_rule = rule_of(2, 7);
  bool adopted = false;
  adopted_by_request() : Counting<Quota>({.cpus = 1}) {}
  void before() override {
    this->adopt(old_rule);
    this->take(old_rule, first);
  }
  void thread(unsigned index) override {
    if (index == 0) this->take(new_rule, first);
    if (index == 1) {
      this->adopt(new_rule);
      adopted = true;
    }
    if (index == 2) {
      const bool too_late = adopted;
      const Answer answer = this->take(old_rule, first);
      if (too_late) require(answer != Answer::admitted, "admitted under the replaced rule");
    }
  }
};

// Who is told to read the configuration again finds what was published before adopt().
template <class Quota>
struct told_to_read_again : Counting<Quota> {
  static constexpr int threads = 2;
  const PublishedRule old_rule = rule_of(1, 2), new_rule = rule_of(2, 2 + 1);
  sync::atomic<int> published{1};
  void before() override { this->adopt(old_rule); }
  void thread(unsigned index) override {
    // relaxed: the counter must order it.
    if (index == 0) {
      published.store(2, sync::relaxed);
      this->adopt(new_rule);
    } else if (this->take(old_rule, second) == Answer::stale) {
      require(published.load(sync::relaxed) == 2, "told to read again what has not changed");
    }
  }
};

template <class Quota>
void check_quota(Report& report, Search tree, Search random) {
  report.clean<filled<Quota, 2>>("filled", {tree, random});
  report.clean<turned_from_full<Quota>>("turned from full", {tree, random});
  report.clean<stamped_earlier<Quota>>("stamped earlier", {tree, random});
  report.clean<lowered<Quota>>("lowered", {tree, random});
  report.clean<resized<Quota>>("resized", {tree, random});
  report.clean<resized_with_room<Quota>>("resized with room", {random});
  report.clean<turned_and_resized<Quota>>("turned and resized", {tree, random});
  report.clean<changed_twice<Quota>>("changed twice", {tree, random});
  report.clean<lowered_below_usage<Quota>>("lowered below usage", {tree, random});
  report.clean<adopted_by_request<Quota>>("adopted by a request",
                                          {Search::tree(60'000, 1), random});
  report.clean<told_to_read_again<Quota>>("told to read again", {tree, random});
}

}  // namespace limiterbench::model
