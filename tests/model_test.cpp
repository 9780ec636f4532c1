// The reference model: random requests, jumps of time and reloads, by one thread on several
// handles. Every decision and every configuration must equal the sequential reference's; an
// approximate row too is exact while one thread makes its requests one after the other.
#include <array>
#include <random>
#include <stdexcept>

#include "conformance.hpp"
#include "reference_limiter.hpp"

namespace limiterbench::conformance {

// A subject and the reference, driven alike.
class Pair {
 public:
  Pair(const Subject& subject, Report& report, std::uint64_t seed)
      : report_(report),
        seed_(seed),
        random_(seed),
        config_(random_config()),
        limiter_(subject.make(config_)),
        reference_(config_) {
    for (std::size_t i = 0; i < handles_.size(); ++i) {
      handles_[i] = limiter_->attach();
      reference_handles_[i] = reference_.attach();
    }
  }

  void step() {
    ++steps_;
    const std::uint64_t dice = below(100);
    if (dice < 88) return request();
    if (dice < 93) return reload();
    if (dice < 95) return reload_out_of_range();
    if (dice < 97) return move_or_replace_handle();
    const std::size_t i = below(handles_.size());
    report_.require(handles_[i]->config() == reference_.config(reference_handles_[i]),
                    "another configuration is in force", where());
  }

 private:
  std::uint64_t below(std::uint64_t bound) { return random_() % bound; }
  template <std::size_t count>
  std::uint64_t one_of(const std::array<std::uint64_t, count>& values) {
    return values[below(count)];
  }

  Rule random_rule() {
    Rule rule;
    rule.limit = below(3) == 0 ? one_of<4>({0, 1, 1'000'000'000, max_limit}) : 1 + below(30);
    rule.window = one_of<5>({min_window, 1'500, 4'096, 1'000'003, max_window});
    rule.backoff.initial = below(3) == 0 ? 0 : below(1'000);
    rule.backoff.multiplier = below(4) == 0 ? 1 + below(max_multiplier) : 1 + below(3);
    rule.backoff.ceiling = rule.backoff.initial + one_of<4>({0, 10, 100'000, max_backoff / 2});
    return rule;
  }

  // Few classes, so that each is visited often.
  static constexpr std::array<std::uint64_t, 4> busy{0, 1, 7, class_count - 1};

  Config random_config() {
    Config config{.version = 0, .rules = {}, .checksum = 0};
    for (Rule& rule : config.rules) rule = random_rule();
    return config;
  }

  // A class whose window is not turned before `now` is in the past for a while, which is meant.
  void advance() {
    const std::uint64_t dice = below(1'000);
    const Nanoseconds window = config_.rules[busy[below(busy.size())]].window;
    if (dice < 700)
      now_ += below(200);
    else if (dice < 850)
      now_ += below(3 * window);
    else if (dice < 950)
      now_ -= std::min(now_, below(5 * window));
    else if (dice < 970)
      now_ += Nanoseconds{1} << below(50);
    else if (dice < 980)
      now_ += (Nanoseconds{1} << (30 + below(10))) * min_window;
    else if (dice < 985)
      now_ -= std::min(now_, Nanoseconds{1} << below(55));
    else if (dice == 999 && steps_ > 700)
      now_ = max_now - below(max_window);
    now_ = std::min(now_, max_now);
  }

  void request() {
    advance();
    Request request{
        .traffic_class = static_cast<std::uint32_t>(one_of(busy)), .cost = 1, .now = now_};
    const Permits limit = config_.rules[request.traffic_class].limit;
    const std::uint64_t dice = below(100);
    if (dice < 30)
      request.cost = 1 + below(8);
    else if (dice < 36)
      request.cost = limit == 0 ? 1 : limit - below(std::min<Permits>(limit, 3));
    else if (dice < 38)
      request.cost = limit + 1 + below(2);
    else if (dice < 39)
      request.cost = 0;
    else if (dice < 40)
      request.traffic_class = class_count + static_cast<std::uint32_t>(below(9));
    else if (dice < 41)
      request.now = max_now + 1 + below(1'000);
    const std::size_t i = below(handles_.size());
    report_.same(handles_[i]->try_acquire(request),
                 reference_.try_acquire(reference_handles_[i], request), "class ",
                 request.traffic_class, ", cost ", request.cost, ", now ", request.now, where());
  }

  void reload() {
    config_.version = below(10) == 0 ? below(1'000) : config_.version + 1;
    for (const std::uint64_t i : busy) {
      const Rule rule = random_rule();
      const std::uint64_t dice = below(8);
      if (dice == 0) config_.rules[i] = rule;
      if (dice == 1 || dice == 2) config_.rules[i].limit = rule.limit;
      if (dice == 3) config_.rules[i].window = rule.window;
      if (dice == 4) config_.rules[i].backoff = rule.backoff;
    }
    limiter_->publish(config_);
    reference_.publish(config_);
  }

  void reload_out_of_range() {
    Config bad = random_config();
    bad.rules[below(class_count)].window = below(min_window);
    try {
      limiter_->publish(bad);
      report_.require(false, "a configuration out of range was accepted", where());
    } catch (const std::invalid_argument&) {
    }
  }

  void move_or_replace_handle() {
    const std::size_t i = below(handles_.size());
    if (below(2) == 0) {
      handles_[i] = handles_[i]->moved();
    } else {
      handles_[i] = limiter_->attach();
      reference_handles_[i] = reference_.attach();
    }
  }

  // Printed only for a violation.
  struct Where {
    std::uint64_t seed;
    std::uint64_t step;
    friend std::ostream& operator<<(std::ostream& out, const Where& where) {
      return out << " (seed " << where.seed << ", step " << where.step << ")";
    }
  };
  Where where() const { return {seed_, steps_}; }

  Report& report_;
  std::uint64_t seed_;
  std::mt19937_64 random_;
  std::uint64_t steps_ = 0;
  Nanoseconds now_ = 0;
  Config config_;
  std::unique_ptr<AnyLimiter> limiter_;
  reference reference_;
  std::array<std::unique_ptr<AnyHandle>, 3> handles_;
  std::array<reference::Handle, 3> reference_handles_;
};

LIMITERBENCH_CHECK(model, limiting, every_decision_equals_the_reference_s) {
  for (std::uint64_t seed = 1; seed <= 25 * work && !report.failed(); ++seed) {
    Pair pair(subject, report, seed);
    for (int i = 0; i < 1'500; ++i) pair.step();
  }
}

}  // namespace limiterbench::conformance
