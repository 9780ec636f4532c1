// One cell, simulated. As native/trial.hpp does it, but that looking at the clock is free, so that
// one phase gives throughput and latencies. It starts in the middle of a window, as it were: the
// small limit is used up, and leases are handed out. A limit that is to be reached half-way gets
// whole windows instead.
#pragma once

#include "native/trial.hpp"
#include "simulated/engine.hpp"
#include "simulated/subject.hpp"

namespace limiterbench::simulation {

// `spec` says where threads and writer are and how long the phase is; its row only names it.
// What goes wrong, a stuck machine included, is in the result's `failure`.
[[nodiscard]] bench::TrialResult simulate(const Host& host, const SimulatedRow& row,
                                          const bench::TrialSpec& spec,
                                          const Parameters& parameters);

}  // namespace limiterbench::simulation
