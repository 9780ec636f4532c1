// One repetition of one cell: what is asked for, what comes out, and what is the same for measured
// and simulated ones.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "host/home.hpp"
#include "host/topology.hpp"
#include "workload/admission.hpp"
#include "workload/climb.hpp"
#include "workload/histogram.hpp"
#include "workload/member.hpp"
#include "workload/noise.hpp"
#include "workload/scenario.hpp"
#include "workload/subject.hpp"

namespace limiterbench::bench {

inline constexpr double warmup_phase = 0.25;  // of a phase
inline constexpr double idle_phase = 0.1;     // of a phase: how long noise is looked for
inline constexpr double sweep_phase = 0.2;    // of a phase: each rate of an open loop, at least
inline constexpr double longest_step_seconds = 1;

// Where a program's functions and its threads' stacks lie.
struct Layout {
  unsigned program = 0;       // which of the programs that were linked from the same objects
  unsigned stack_offset = 0;  // bytes, below where the stack would be otherwise
};

struct TrialSpec {
  const host::Topology& topology;
  const Info& design;
  const Scenario& scenario;
  std::vector<host::Cpu> cpus;  // of thread 0, 1, ...
  host::Cpu writer_cpu;
  bool writer_shares_cpu;   // with a measured thread
  bool writer_shares_core;  // the same CPU, or its SMT sibling
  double phase_seconds;
  double warmup_seconds;                // before each phase
  unsigned added_percent = 0;           // of the design's work, for a test: see slow_down.hpp
  host::Home home = host::Home::local;  // of what all threads share
  std::string writer = "auto";          // how its place was chosen
  bool strict = false;                  // fail rather than fall back to another clock
  double test_skew_ns = 0;              // added to the difference of the clocks, for a test
  Layout layout = {};
  std::vector<double> rates = {};  // ascending, per second by all threads; empty: the ladder
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
  Permits edge_limit = 1;  // of its configurations
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
  std::vector<unsigned> nodes;  // that hold the limiter's memory, by the kernel's numbers
  std::string home_note;        // why it may lie elsewhere, or why its place is unknown; usually ""
  Noise noise;
  TransferTime transfer;
  std::optional<Skew> skew;     // nullopt if it was not, or could not be measured
  std::vector<Count> counters;  // of hardware_events, in the throughput phase, by all threads
  std::string counters_absent;  // why the first absent counter is absent
  std::uint64_t throughput_switches = 0;
  std::uint64_t voluntary_switches = 0;
  std::uint64_t involuntary_switches = 0;
  std::uint64_t live_bytes = 0;
  std::uint64_t retired_peak_bytes = 0;
  Histogram timer_floor;

  void fail(const std::string& text);
};

// How many phases long a repetition is.
[[nodiscard]] double phases_of(const Scenario& scenario) noexcept;

// J = (sum x)^2 / (n * sum x^2): 1 if all are equal, 1/n if one thread did everything.
[[nodiscard]] double fairness(const std::vector<std::uint64_t>& operations) noexcept;

// A fresh result, filled in by `run`. What that throws becomes the result's failure.
[[nodiscard]] TrialResult result_of(const std::function<void(TrialResult&)>& run);

// What every executor does: it publishes the configuration, chooses the rates of an open loop, adds
// up what its members counted, and checks that.
class Trial {
 public:
  Trial(const TrialSpec& spec, TrialResult& result) : spec_(spec), result_(result) {}
  virtual ~Trial() = default;
  Trial(const Trial&) = delete;
  Trial& operator=(const Trial&) = delete;

 protected:
  [[nodiscard]] virtual Subject& subject() = 0;
  [[nodiscard]] virtual std::vector<const MemberBase*> members() const = 0;
  // The executor's clock: to_ns() is exact for its stamps, scale() is for durations.
  [[nodiscard]] virtual Nanoseconds to_ns(std::uint64_t ticks) const = 0;
  [[nodiscard]] virtual const host::TickScale& scale() const = 0;
  // A phase in which each thread sends this. Returns the tick at which it began.
  virtual std::uint64_t send_paced(const Load& load, double seconds) = 0;

  [[nodiscard]] Config configuration() const {
    return bench::configuration(spec_.scenario, version_, edge_limit_);
  }
  [[nodiscard]] Config next_configuration() {
    ++version_;
    return configuration();
  }

  // Before a warm-up: it denies nothing and measures admissions alone. Denials are cheaper: a limit
  // derived from a mixture would not be reached half-way.
  void lift_edge_limit() { publish_edge_limit(unreached_edge_limit); }
  // After a warm-up: the limit that is reached half-way in each window.
  void set_edge_limit();

  // Adds up and checks what the members did in the phase that began at tick `start`.
  virtual void collect(PhaseResult& phase, const std::string& name, std::uint64_t start);
  // `least_requests`: to be due at each rate, at least; `seed` is that of the members' schedules.
  void sweep(std::uint64_t seed, std::optional<double> generator_per_second,
             std::uint64_t least_requests);
  // After the last phase: what the members found in the configurations that they read.
  void collect_config_checks();

  static constexpr Permits unreached_edge_limit = 1'000'000'000;  // in one window of edge_class

  const TrialSpec& spec_;
  TrialResult& result_;
  std::uint64_t version_ = 1;
  Permits edge_limit_ = unreached_edge_limit;

 private:
  LoadPoint offer(Arrivals arrivals, double rate, std::uint64_t least_requests);
  void publish_edge_limit(Permits limit);
  void check(PhaseResult& phase, const std::string& name, Phase span);
};

}  // namespace limiterbench::bench
