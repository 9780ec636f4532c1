// Whether the clocks of a team's CPUs agree: by messages between the first CPU and each other one.
//
// A difference is known to within the time of a message, since one way may take longer than the
// other. Beyond it the clocks contradict each other: a message is read before it was sent.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "native/team.hpp"

namespace limiterbench::bench {

struct Skew {
  double worst_ns = 0;    // the greatest difference from the first CPU's clock, signed
  double error_ns = 0;    // of that: the time of a message between the two
  unsigned cpu = 0;       // whose clock it is
  bool apart = false;     // a message was read before it was sent
  std::size_t pairs = 0;  // of CPUs that were tried; fewer than there are if time ran out
};

// `cpus`: where the members are. Takes about a millisecond a pair, and no new pair after
// `budget_ns`. nullopt if there is only one CPU, or no pair was played to its end. `ahead_ns`, for
// tests: so much more the other clocks are to show than they do.
[[nodiscard]] std::optional<Skew> measure_skew(Team& team, const std::vector<host::Cpu>& cpus,
                                               double budget_ns = 20e6, double ahead_ns = 0);

// "the TSC of CPU 3 is 250 ns ahead …", of clocks that are apart.
[[nodiscard]] std::string describe(const Skew& skew);

// 1 to count - 1, each once, halves before quarters: any first few of them are spread evenly.
[[nodiscard]] std::vector<std::size_t> spread_over(std::size_t count);

}  // namespace limiterbench::bench
