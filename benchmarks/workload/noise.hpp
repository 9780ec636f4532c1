// What an executor found out about its machine during a repetition: what disturbed it, how far its
// clocks differ, and what its counters counted.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace limiterbench::bench {

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
  // Summed over these CPUs and that span, in steps of the kernel's tick of 10 ms.
  std::optional<std::uint64_t> steal_ns;
  std::optional<std::uint64_t> others_ns;   // run by anyone but this process, the kernel included
  std::optional<std::uint64_t> khz_before;  // of the slowest CPU, at the end of the idle loop
  std::optional<std::uint64_t> khz_after;   // at the end of the last phase
};

// Why a sceptic would blame the host for the repetition rather than the design; empty if there is
// no reason.
// - An idle CPU lost more than 2 %. A mean is off by as much, and more than one event in fifty that
//   a tail shows may be the host's. (A healthy kernel's tick takes about 0.1 %.)
// - The hypervisor took more than 1 % of the CPUs' time, and at least two ticks of its counter.
// - Others ran for more than 5 % of it, and more than 50 ms: ticks cannot resolve less.
// - The clock frequency changed by more than 5 %: the two phases ran at different speeds.
// Involuntary context switches are recorded and not judged: a writer on a measured thread's CPU,
// and the membarrier of some designs, cause them as well.
[[nodiscard]] std::vector<std::string> disturbances(const Noise& noise);

// How far the clocks of a team's CPUs differ.
struct Skew {
  double worst_ns = 0;    // the greatest difference from the first CPU's clock, signed
  double error_ns = 0;    // of that: the time of a message between the two
  unsigned cpu = 0;       // whose clock it is
  bool apart = false;     // a message was read before it was sent
  std::size_t pairs = 0;  // of CPUs that were tried; fewer than there are if time ran out
};

// What it took to move a line between the first and the last CPU, one way, in ns; nullopt where
// there is one CPU or this was not measured.
struct TransferTime {
  std::optional<double> before;  // the first phase
  std::optional<double> after;   // the last one
};

// By the processor's own counters; nullopt where it cannot be counted.
using Count = std::optional<std::uint64_t>;
inline constexpr std::array<std::string_view, 4> event_names{"cycles", "instructions", "l1d_misses",
                                                             "llc_misses"};

}  // namespace limiterbench::bench
