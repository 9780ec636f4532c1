// One repetition of one cell on this machine: a fresh limiter, a pinned team, a warm-up before each
// of two phases.
//
// Throughput: `now` comes from a clock read once in 64 requests, and no request is timed.
// Latency: one timestamp a request. The latency of a request is the time since the one before it
// ended, and that end is also the request's `now`.
//
// A scenario that sweeps the load goes on with phases in which requests are due by a schedule, at
// one rate after another, as workload/climb.hpp chooses them.
#pragma once

#include "native/rows.hpp"
#include "workload/trial.hpp"

namespace limiterbench::bench {

// Measures as far as it gets; what goes wrong is in `failure`.
[[nodiscard]] TrialResult run_trial(const Row& row, const TrialSpec& spec);

}  // namespace limiterbench::bench
