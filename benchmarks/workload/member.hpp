// What one thread counts and checks, whatever executor it sends requests on.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>

#include "workload/admission.hpp"
#include "workload/histogram.hpp"
#include "workload/open_loop.hpp"
#include "workload/pages.hpp"
#include "workload/subject.hpp"

namespace limiterbench::bench {

struct Totals {
  std::array<std::uint64_t, 2> requests{};  // by kind, as in Tally
  std::array<std::uint64_t, 2> admitted{};
  std::array<std::uint64_t, 2> denied{};
  std::uint64_t first_tick = 0;  // when the thread began and stopped
  std::uint64_t last_tick = 0;

  [[nodiscard]] std::uint64_t operations() const noexcept { return requests[0] + requests[1]; }
};

struct ConfigChecks {
  std::uint64_t read = 0;
  std::uint64_t torn = 0;
  std::uint64_t backwards = 0;
  std::uint64_t last_version = 0;
};

class MemberBase {
 public:
  // `seconds`: the longest phase. `seed`: of the schedules of all threads. `scale`: of the
  // executor's clock.
  MemberBase(const Scenario& scenario, unsigned index, double seconds, std::uint64_t seed,
             const host::TickScale& scale)
      // Threads start at different places of the mix: the rare request is not sent by all at once.
      : position_{scenario.mix, index * 7 % scenario.mix.period},
        limited_{mask(scenario.mix.common == scenario.limited_class),
                 mask(scenario.mix.rare == scenario.limited_class)},
        limited_class_(scenario.limited_class) {
    if (scenario.sweeps_load) open_loop_ = make_on_own_pages<OpenLoop>(seed + index, scale);
    if (scenario.mix.is_drawn()) position_.drawn = &drawn_.emplace(scenario.mix, index);
    const Config config = configuration(scenario, 1, 1);
    for (std::uint32_t i = 0; i < class_count; ++i)
      if (scenario.checks(i)) ledgers_[i].emplace(config.rules[i].window, seconds * 1.25 + 0.05);
  }
  MemberBase(const MemberBase&) = delete;
  MemberBase& operator=(const MemberBase&) = delete;

  // What the last run found. The latencies are empty unless it timed each request.
  [[nodiscard]] const Totals& totals() const noexcept { return totals_; }
  // nullptr if the class is not checked.
  [[nodiscard]] const Ledger* ledger(std::uint32_t traffic_class) const noexcept {
    return ledgers_[traffic_class] ? &*ledgers_[traffic_class] : nullptr;
  }
  [[nodiscard]] const Histogram& latencies() const noexcept { return latencies_; }
  // Summed over all runs.
  [[nodiscard]] const ConfigChecks& config_checks() const noexcept { return config_checks_; }
  // Only in a scenario that sweeps the load.
  [[nodiscard]] const OpenLoop& open_loop() const noexcept { return *open_loop_; }

 protected:
  ~MemberBase() = default;

  void clear() noexcept {
    totals_ = {};
    latencies_.clear();
    for (auto& ledger : ledgers_)
      if (ledger) ledger->clear();
  }
  void start_ledgers(Nanoseconds begin) noexcept {
    for (auto& ledger : ledgers_)
      if (ledger) ledger->start(begin);
  }
  void count(const Tally& tally, Nanoseconds from, Nanoseconds to) noexcept {
    for (std::size_t kind = 0; kind < 2; ++kind) {
      totals_.requests[kind] += tally.requests[kind];
      totals_.admitted[kind] += tally.admitted[kind];
      totals_.denied[kind] += tally.denied[kind];
    }
    if (drawn_) return count_drawn(from, to);
    const bool denied = ((tally.denied[0] & limited_[0]) | (tally.denied[1] & limited_[1])) != 0;
    ledgers_[limited_class_]->note(
        from, to,
        {.admitted = (tally.admitted[0] & limited_[0]) + (tally.admitted[1] & limited_[1]),
         .least_denied = denied ? 1U : 0U});
  }
  void check(const Config& config) noexcept {
    ++config_checks_.read;
    if (!is_untorn(config)) ++config_checks_.torn;
    if (config.version < config_checks_.last_version) ++config_checks_.backwards;
    config_checks_.last_version = config.version;
  }

  Position position_;
  Totals totals_;
  ConfigChecks config_checks_;
  Histogram latencies_;
  OnOwnPages<OpenLoop> open_loop_;  // null unless the scenario sweeps the load

 private:
  void count_drawn(Nanoseconds from, Nanoseconds to) noexcept {
    for (std::uint32_t i = 0; i < class_count; ++i)
      ledgers_[i]->note(from, to, drawn_->outcomes[i]);
    drawn_->outcomes = {};
  }

  std::array<std::uint32_t, 2> limited_;  // by kind: all ones if it is checked by window, else 0
  std::uint32_t limited_class_;
  std::optional<Drawn> drawn_;
  std::array<std::optional<Ledger>, class_count> ledgers_;  // by class

  static constexpr std::uint32_t mask(bool set) { return set ? ~std::uint32_t{0} : 0; }
};

}  // namespace limiterbench::bench
