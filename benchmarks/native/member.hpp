// What one thread of the team does and keeps. Everything here is made, used and counted on that
// thread, in pages of its own.
#pragma once

#include <cstdint>
#include <memory>

#include "native/barrier.hpp"
#include "native/counters.hpp"
#include "native/subject.hpp"
#include "workload/admission.hpp"
#include "workload/histogram.hpp"
#include "workload/open_loop.hpp"
#include "workload/pages.hpp"

namespace limiterbench::bench {

enum class Mode : std::uint8_t { throughput, latency, open_loop };

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

struct Switches {
  std::int64_t voluntary = 0;
  std::int64_t involuntary = 0;
};

class Member {
 public:
  // `seconds`: the longest phase. `seed`: of the schedules of all threads.
  Member(Subject& subject, const Scenario& scenario, unsigned index, double seconds,
         std::uint64_t seed = 0);

  // Waits for the others and sends requests for this long; `load` is for Mode::open_loop, which
  // takes a scenario that sweeps the load.
  void run(Mode mode, StartBarrier& barrier, std::uint64_t duration_ticks,
           const Load& load = {}) noexcept;

  // Of the last run; the histogram of its latencies is empty unless it was in Mode::latency, and
  // nothing is counted unless it was in Mode::throughput.
  [[nodiscard]] const Totals& totals() const noexcept { return totals_; }
  [[nodiscard]] const Ledger& ledger() const noexcept { return ledger_; }
  [[nodiscard]] const Histogram& latencies() const noexcept { return latencies_; }
  [[nodiscard]] const Switches& switches() const noexcept { return switches_; }
  [[nodiscard]] const std::vector<Count>& counts() const noexcept { return counts_; }
  [[nodiscard]] const OpenLoop& open_loop() const noexcept { return *open_loop_; }
  [[nodiscard]] const std::string& counters_absent() const noexcept { return counters_.absent(); }
  // Of all runs.
  [[nodiscard]] const ConfigChecks& config_checks() const noexcept { return config_checks_; }

 private:
  template <class Source>
  void send_untimed(std::uint64_t end) noexcept;
  void send_timed(std::uint64_t end) noexcept;
  void send_paced() noexcept;
  void count(const Tally& tally, Nanoseconds from, Nanoseconds to) noexcept;
  void check_config() noexcept;

  std::unique_ptr<Worker> worker_;
  Position position_;
  std::array<std::uint32_t, 2> limited_;  // by kind: all ones if it is checked by window, else 0
  Totals totals_;
  ConfigChecks config_checks_;
  Switches switches_;
  ThreadCounters counters_;
  std::vector<Count> counts_;
  Ledger ledger_;
  Histogram latencies_;
  OnOwnPages<OpenLoop> open_loop_;  // null unless the scenario sweeps the load
};

}  // namespace limiterbench::bench
