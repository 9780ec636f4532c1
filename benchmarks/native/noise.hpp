// What disturbed the CPUs of a repetition. Without this a design would be blamed for its host.
//
// Just before the repetition each CPU runs an empty loop that reads the clock. A reading that comes
// more than 1 us after the one before was held up by something else. Over the whole repetition the
// kernel counts the time that the hypervisor took, and the time of other processes.
//
// Source: the idle loop of sysjitter and osnoise.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "host/cpu_state.hpp"
#include "native/team.hpp"
#include "workload/noise.hpp"

namespace limiterbench::bench {

inline constexpr std::uint64_t hiccup_ns = 1'000;

// The members of a team that are the first on their CPU: one thread is enough to watch it.
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
