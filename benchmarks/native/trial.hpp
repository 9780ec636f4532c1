// One repetition of one cell: a fresh limiter, a pinned team, a warm-up before each of two phases.
//
// Throughput: `now` comes from a clock read once in 64 requests, no request is timed.
// Latency: one timestamp a request; the latency of a request is the time since the one before
// ended, and that end is also the request's `now`.
//
// A scenario that sweeps the load goes on with phases of half that length, in each of which
// requests are due by a schedule. Their rate is a share of the capacity: what the same loop does
// when every request is overdue, with its timestamp for each.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "host/home.hpp"
#include "host/topology.hpp"
#include "native/counters.hpp"
#include "native/layout.hpp"
#include "native/noise.hpp"
#include "native/skew.hpp"
#include "native/subject.hpp"
#include "workload/admission.hpp"
#include "workload/histogram.hpp"
#include "workload/open_loop.hpp"
#include "workload/scenario.hpp"

namespace limiterbench::bench {

inline constexpr double warmup_phase = 0.25;  // of a phase
inline constexpr double idle_phase = 0.1;     // likewise: what noise is looked for in

struct TrialSpec {
  const host::Topology& topology;
  const Row& row;
  const Scenario& scenario;
  std::vector<host::Cpu> cpus;  // of thread 0, 1, ...
  host::Cpu writer_cpu;
  bool writer_shares_cpu;   // with a measured thread
  bool writer_shares_core;  // the same, or its SMT sibling
  double phase_seconds;
  double warmup_seconds;                // before each phase
  unsigned added_percent = 0;           // of the row's work, for a test: see slow_down.hpp
  host::Home home = host::Home::local;  // of what all threads share
  std::string writer = "auto";          // how its place was chosen
  bool strict = false;                  // fail rather than fall back to another clock
  double test_skew_ns = 0;              // so much more are the clocks to differ, for a test
  Layout layout = {};
};

struct PhaseResult {
  std::uint64_t wall_ns = 0;
  std::uint64_t start_skew_ns = 0;  // from the agreed start to the last thread's first request
  std::vector<std::uint64_t> operations;
  std::uint64_t admitted = 0;
  std::uint64_t denied = 0;
  std::uint64_t never = 0;
  std::uint64_t open_requests = 0;  // of open_class
  std::uint64_t open_admitted = 0;
  Rule limited_rule;
  Admission admission;
};

// One phase of the sweep.
struct LoadPoint {
  Arrivals arrivals;
  double load;             // as a share of the capacity
  double rate_per_second;  // of all threads, aimed for
  PhaseResult phase = {};
  std::uint64_t late = 0;
  std::uint64_t unsent = 0;  // due before the end of the phase
  Histogram response = {};
  Histogram service = {};
};

struct LoadSweep {
  std::uint64_t seed = 0;          // of the schedules; thread i draws with seed + i
  double capacity_per_second = 0;  // of all threads
  std::vector<LoadPoint> points;
};

struct TrialResult {
  std::string failure;  // "" if every check held
  PhaseResult throughput;
  PhaseResult latency;
  Histogram latencies;
  std::optional<LoadSweep> sweep;
  Admission admission;  // of all phases
  std::uint64_t configs_read = 0;
  std::uint64_t configs_torn = 0;
  std::uint64_t configs_backwards = 0;  // older than one that the same thread had read
  Histogram publishes;
  std::vector<unsigned> nodes;  // that the limiter lies on, as the kernel numbers and tells them
  std::string home_note;        // why it may not lie at home, or that it is not told; usually ""
  Noise noise;
  std::optional<Skew> skew;     // nullopt where it was not, or could not be measured
  std::vector<Count> counters;  // of hardware_events, in the throughput phase, by all threads
  std::string counters_absent;  // why the first that is absent is
  std::uint64_t throughput_switches = 0;
  std::uint64_t voluntary_switches = 0;
  std::uint64_t involuntary_switches = 0;
  std::uint64_t live_bytes = 0;
  std::uint64_t retired_peak_bytes = 0;
  Histogram timer_floor;
};

// How many phases long a repetition is.
[[nodiscard]] double phases_of(const Scenario& scenario) noexcept;

// Measures as far as it gets; what goes wrong is in `failure`.
[[nodiscard]] TrialResult run_trial(const TrialSpec& spec);

// The loop of the latency phase around a request that does nothing, on the calling thread.
[[nodiscard]] Histogram measure_timer_floor();

// J = (sum x)^2 / (n * sum x^2): 1 if all are equal, 1/n if one thread did everything.
[[nodiscard]] double fairness(const std::vector<std::uint64_t>& operations) noexcept;

}  // namespace limiterbench::bench
