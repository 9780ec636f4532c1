// What disturbed the CPUs of a repetition, whatever the row that it measured: so that a row is not
// blamed for its host.
//
// Just before the repetition each CPU runs an empty loop that reads the clock: a reading that comes
// more than 1 us after the one before was held up by something else. Over the whole repetition the
// kernel counts what the hypervisor took, and what ran there that is not of this process.
//
// Source: the idle loop of sysjitter and osnoise.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "host/cpu_state.hpp"
#include "native/team.hpp"

namespace limiterbench::bench {

inline constexpr std::uint64_t hiccup_ns = 1'000;

struct CpuNoise {
  unsigned cpu = 0;
  std::uint64_t hiccups = 0;
  std::uint64_t longest_ns = 0;
  double stolen_share = 0;  // of the idle loop's time, in hiccups
};

struct Noise {
  std::uint64_t idle_ns = 0;   // of the loop, on each CPU
  std::vector<CpuNoise> cpus;  // each once, the writer's last
  std::uint64_t span_ns = 0;   // from the idle loop to the end of the last phase
  // Of all these CPUs over that span, in steps of the kernel's tick of 10 ms.
  std::optional<std::uint64_t> steal_ns;
  std::optional<std::uint64_t> others_ns;   // run by anyone but this process, the kernel included
  std::optional<std::uint64_t> khz_before;  // of the slowest CPU, at the end of the idle loop
  std::optional<std::uint64_t> khz_after;   // at the end of the last phase
};

// Why a sceptic would not take the repetition as the row's own; empty if there is no reason.
// - An idle CPU lost more than 2 %: a mean is off by as much, and more than one event in fifty that
//   a tail shows may be the host's. (A healthy kernel's tick takes about 0.1 %.)
// - The hypervisor took more than 1 % of the CPUs' time, and at least two ticks of its counter.
// - Others ran for more than 5 % of it, and more than 50 ms: less is within what ticks can tell.
// - The clock frequency changed by more than 5 %: the two phases are not of one machine.
// Not judged: involuntary context switches, which a writer on a measured thread's CPU, and the
// membarrier of some rows, cause as well; the record has their number.
[[nodiscard]] std::vector<std::string> disturbances(const Noise& noise);

// The members of a team that are the first on their CPU: of several, only one can watch it.
[[nodiscard]] std::vector<unsigned> one_a_cpu(const std::vector<host::Cpu>& cpus);

// Watches from construction, which runs the idle loop, to end().
class NoiseWatch {
 public:
  // `cpus`: where the team's members are.
  NoiseWatch(Team& team, const std::vector<host::Cpu>& cpus, double idle_seconds);

  [[nodiscard]] Noise end() const;

 private:
  void run_idle(Team& team, const std::vector<unsigned>& watchers, double seconds);

  std::vector<unsigned> os_indexes_;
  Noise noise_;
  std::uint64_t began_ticks_ = 0;
  std::uint64_t own_ns_ = 0;
  std::optional<host::CpuTime> before_;
};

}  // namespace limiterbench::bench
