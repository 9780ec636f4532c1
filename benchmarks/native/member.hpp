// One thread of the team, and what it keeps. Everything here is made, used and counted on that
// thread, in pages of its own.
#pragma once

#include <cstdint>
#include <memory>

#include "native/barrier.hpp"
#include "native/counters.hpp"
#include "native/nothing.hpp"
#include "native/subject.hpp"
#include "workload/member.hpp"
#include "workload/open_loop.hpp"
#include "workload/pages.hpp"

namespace limiterbench::bench {

enum class Mode : std::uint8_t {
  throughput,
  latency,
  open_loop,
  generator  // as open_loop, with a limiter that admits at once
};

struct Switches {
  std::int64_t voluntary = 0;
  std::int64_t involuntary = 0;
};

class Member : public MemberBase {
 public:
  // `seconds`: the longest phase. `seed`: of the schedules of all threads.
  Member(std::unique_ptr<Worker> worker, const Scenario& scenario, unsigned index, double seconds,
         std::uint64_t seed = 0);

  // Waits for the others and sends requests for this long; `load` is for the last two modes, which
  // take a scenario that sweeps the load.
  void run(Mode mode, StartBarrier& barrier, std::uint64_t duration_ticks,
           const Load& load = {}) noexcept;

  // In the last run.
  [[nodiscard]] const Switches& switches() const noexcept { return switches_; }
  // Nothing unless the last run's mode was Mode::throughput.
  [[nodiscard]] const std::vector<Count>& counts() const noexcept { return counts_; }
  [[nodiscard]] const std::string& counters_absent() const noexcept { return counters_.absent(); }

 private:
  template <class Source>
  void send_untimed(std::uint64_t end) noexcept;
  void send_timed(std::uint64_t end) noexcept;
  void send_paced(Worker& worker) noexcept;
  void check_config() noexcept { check(worker_->config()); }

  std::unique_ptr<Worker> worker_;
  std::unique_ptr<Worker> idle_ = work_on_nothing();
  Switches switches_;
  ThreadCounters counters_;
  std::vector<Count> counts_;
};

}  // namespace limiterbench::bench
