// One repetition of one cell, simulated. Looking at the clock is free here: a single phase gives
// both the throughput and the latencies. It starts as if in the middle of a window: the small limit
// is used up, and leases are handed out. A limit that is to be reached half-way gets whole windows
// instead.
#pragma once

#include "simulated/engine.hpp"
#include "simulated/subject.hpp"
#include "workload/trial.hpp"

namespace limiterbench::simulation {

// `spec` says where threads and writer are, how long the phase is, and what `row` promises. What
// goes wrong, a stuck machine included, is in the result's `failure`.
[[nodiscard]] bench::TrialResult simulate(const Host& host, const SimulatedRow& row,
                                          const bench::TrialSpec& spec,
                                          const Parameters& parameters);

}  // namespace limiterbench::simulation
