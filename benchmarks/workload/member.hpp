// What one thread counts and checks, whatever executor it sends requests on.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>

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
        ledger_(configuration(scenario, 1, 1).rules[scenario.limited_class].window,
                seconds * 1.25 + 0.05) {
    if (scenario.sweeps_load) open_loop_ = make_on_own_pages<OpenLoop>(seed + index, scale);
  }

  // What the last run found. The latencies are empty unless it timed each request.
  [[nodiscard]] const Totals& totals() const noexcept { return totals_; }
  [[nodiscard]] const Ledger& ledger() const noexcept { return ledger_; }
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
    ledger_.clear();
  }
  void count(const Tally& tally, Nanoseconds from, Nanoseconds to) noexcept {
    for (std::size_t kind = 0; kind < 2; ++kind) {
      totals_.requests[kind] += tally.requests[kind];
      totals_.admitted[kind] += tally.admitted[kind];
      totals_.denied[kind] += tally.denied[kind];
    }
    ledger_.note(from, to, (tally.admitted[0] & limited_[0]) + (tally.admitted[1] & limited_[1]),
                 (tally.denied[0] & limited_[0]) + (tally.denied[1] & limited_[1]));
  }
  void check(const Config& config) noexcept {
    ++config_checks_.read;
    if (!is_untorn(config)) ++config_checks_.torn;
    if (config.version < config_checks_.last_version) ++config_checks_.backwards;
    config_checks_.last_version = config.version;
  }

  Position position_;
  std::array<std::uint32_t, 2> limited_;  // by kind: all ones if it is checked by window, else 0
  Totals totals_;
  ConfigChecks config_checks_;
  Ledger ledger_;
  Histogram latencies_;
  OnOwnPages<OpenLoop> open_loop_;  // null unless the scenario sweeps the load

 private:
  static constexpr std::uint32_t mask(bool set) { return set ? ~std::uint32_t{0} : 0; }
};

}  // namespace limiterbench::bench
