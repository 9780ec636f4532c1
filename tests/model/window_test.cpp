// The window's protocol under its plainest counter: requests, a turn, a changed rule, two or three
// at a time. As the rows' models, but without a source of configurations, so that more of the
// schedules fit.
#include <limiterbench/quota/packed.hpp>

#include "model.hpp"

namespace limiterbench::model {
namespace {

constexpr Nanoseconds length = 1'000;
constexpr Nanoseconds first = 100, second = length + 100;

PublishedRule rule_of(std::uint64_t epoch, Permits limit, Nanoseconds window = length) {
  return {.rule = {.limit = limit, .window = window, .backoff = {}},
          .version = epoch,
          .sequence = epoch,
          .epoch = epoch};
}

struct Counting : Model {
  enum class Answer { admitted, denied, stale };
  Answer take(const PublishedRule& rule, Nanoseconds now) {
    const Verdict verdict = quota.take(1, rule, 1, now);
    if (verdict.kind == Verdict::Kind::stale) return Answer::stale;
    if (verdict.kind == Verdict::Kind::denied) {
      require(verdict.end > now, "denied by a window that is over");
      return Answer::denied;
    }
    ++admitted;
    return Answer::admitted;
  }
  PackedQuota quota;
  Permits admitted = 0;
};

// Three requests for two permits, in a window that the first of them opens.
struct filled : Counting {
  static constexpr int threads = 3;
  PublishedRule rule = rule_of(1, 2);
  void before() override { quota.adopt(1, rule); }
  void thread(unsigned) override { take(rule, first); }
  void after() override { require(admitted == 2, "not the limit"); }
};

// A used-up window is over: both requests in the next are admitted, whoever turns it.
struct turned_from_full : Counting {
  static constexpr int threads = 2;
  PublishedRule rule = rule_of(1, 2);
  void before() override {
    quota.adopt(1, rule);
    take(rule, first);
    take(rule, first);
  }
  void thread(unsigned) override { take(rule, second); }
  void after() override { require(admitted == 4, "denied by the window before"); }
};

// Late for its window: counted in the next, and denied with the end of that.
struct stamped_earlier : Counting {
  static constexpr int threads = 2;
  PublishedRule rule = rule_of(1, 1);
  void before() override {
    quota.adopt(1, rule);
    // Opens the first window, and leaves it empty.
    take(rule_of(2, 0), first);
    quota.adopt(1, rule = rule_of(3, 1));
  }
  void thread(unsigned index) override {
    if (index == 0) {
      take(rule, second);
    } else {
      const Verdict verdict = quota.take(1, rule, 1, first);
      if (verdict.kind == Verdict::Kind::denied)
        require(verdict.end == 2 * length, "denied by a window that had room");
    }
  }
};

// From 3 to 1 permits: no request under the old rule is admitted once adopt() has returned.
struct lowered : Counting {
  static constexpr int threads = 3;
  PublishedRule old_rule = rule_of(1, 3), new_rule = rule_of(2, 1);
  bool adopted = false;
  bool new_admitted = false;
  void before() override { quota.adopt(1, old_rule); }
  void thread(unsigned index) override {
    if (index == 2) {
      quota.adopt(1, new_rule);
      adopted = true;
      new_admitted |= take(new_rule, first) == Answer::admitted;
      return;
    }
    const bool too_late = adopted;
    const Answer answer = take(old_rule, first);
    if (too_late) require(answer != Answer::admitted, "admitted under the replaced rule");
    if (answer == Answer::stale) new_admitted |= take(new_rule, first) == Answer::admitted;
  }
  void after() override {
    require(admitted >= 1 && admitted <= 3, "over both limits");
    if (new_admitted) require(admitted == 1, "over the lowered limit");
  }
};

// A changed length starts a new window: the request under the new rule is admitted, adopted or not.
struct resized : Counting {
  static constexpr int threads = 3;
  PublishedRule old_rule = rule_of(1, 1), new_rule = rule_of(2, 1, 2 * length);
  void before() override {
    quota.adopt(1, old_rule);
    take(old_rule, first);
  }
  void thread(unsigned index) override {
    if (index == 0) quota.adopt(1, new_rule);
    if (index == 1)
      require(take(new_rule, first) == Answer::admitted, "denied by the window before");
    if (index == 2)
      require(take(old_rule, first) != Answer::admitted, "admitted twice under the old rule");
  }
};

// A turn against a changed rule, each by its own thread: whoever is second sees all of the first.
struct turned_and_resized : Counting {
  static constexpr int threads = 2;
  PublishedRule old_rule = rule_of(1, 1), new_rule = rule_of(2, 1, 2 * length);
  void before() override { quota.adopt(1, old_rule); }
  void thread(unsigned index) override {
    if (index == 0) quota.adopt(1, new_rule);
    if (index == 1 && take(old_rule, second) == Answer::stale)
      require(take(new_rule, second) == Answer::admitted, "a new window denied");
  }
};

// Two rules in a row against requests that hold the first.
struct changed_twice : Counting {
  static constexpr int threads = 2;
  PublishedRule rules[3] = {rule_of(1, 2), rule_of(2, 1), rule_of(3, 2)};
  void before() override { quota.adopt(1, rules[0]); }
  void thread(unsigned index) override {
    if (index == 0) {
      quota.adopt(1, rules[1]);
      quota.adopt(1, rules[2]);
    } else {
      for (const PublishedRule& rule : rules) {
        if (take(rule, first) != Answer::stale) break;
      }
    }
  }
  void after() override { require(admitted == 1, "room, but denied"); }
};

}  // namespace
}  // namespace limiterbench::model

int main() {
  using namespace limiterbench::model;
  const Search tree = Search::tree(100'000, 3);
  const Search random = Search::random(60'000);
  Report report;
  report.clean<filled>("filled", {tree, random});
  report.clean<turned_from_full>("turned from full", {tree, random});
  report.clean<stamped_earlier>("stamped earlier", {tree, random});
  report.clean<lowered>("lowered", {tree, random});
  report.clean<resized>("resized", {tree, random});
  report.clean<turned_and_resized>("turned and resized", {tree, random});
  report.clean<changed_twice>("changed twice", {tree, random});
  return report.status();
}
