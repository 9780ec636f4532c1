// Whether the clocks of a team's CPUs agree: by messages between the first CPU and each other one.
//
// One way may take longer than the other, hence a difference is known to within the time of a
// message. Clocks that differ by more contradict each other: a message is read before it was sent.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "native/team.hpp"
#include "workload/noise.hpp"

namespace limiterbench::bench {

// `cpus`: where the members are. Takes about a millisecond a pair, and begins no pair after
// `budget_ns`. nullopt if there is only one CPU, or no pair was played to its end. `ahead_ns`, for
// tests, is added to what the other clocks show.
[[nodiscard]] std::optional<Skew> measure_skew(Team& team, const std::vector<host::Cpu>& cpus,
                                               double budget_ns = 20e6, double ahead_ns = 0);

// "the TSC of CPU 3 is 250 ns ahead …", for clocks that are apart.
[[nodiscard]] std::string describe(const Skew& skew);

// 1 to count - 1, each once, halves before quarters: any first few of them are spread evenly.
[[nodiscard]] std::vector<std::size_t> spread_over(std::size_t count);

}  // namespace limiterbench::bench
