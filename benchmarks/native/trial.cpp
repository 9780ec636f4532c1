#include "native/trial.hpp"

#include <algorithm>
#include <cmath>
#include <exception>
#include <numeric>
#include <optional>
#include <random>
#include <stdexcept>

#include "host/clock.hpp"
#include "native/member.hpp"
#include "native/slow_down.hpp"
#include "native/subject_of.hpp"
#include "native/team.hpp"
#include "native/writer.hpp"
#include "workload/pages.hpp"

namespace limiterbench::bench {
namespace {

struct Step {
  Arrivals arrivals;
  double load;
};
constexpr std::array sweep_steps{
    Step{Arrivals::poisson, 0.1},  Step{Arrivals::poisson, 0.3}, Step{Arrivals::poisson, 0.5},
    Step{Arrivals::poisson, 0.7},  Step{Arrivals::poisson, 0.8}, Step{Arrivals::poisson, 0.9},
    Step{Arrivals::poisson, 0.95}, Step{Arrivals::bursty, 0.1},  Step{Arrivals::bursty, 0.3},
    Step{Arrivals::bursty, 0.5},   Step{Arrivals::bursty, 0.7}};
constexpr double sweep_phase = 0.5;  // of a phase
constexpr double skew_budget_ns = 20e6;

std::string name_of(const Step& step) {
  return std::string(to_string(step.arrivals)) + " arrivals at " +
         std::to_string(std::lround(step.load * 100)) + " % load";
}

constexpr Permits unreached_edge_limit = 1'000'000'000;  // in one window of edge_class

std::vector<host::Cpu> with_writer(const TrialSpec& spec) {
  std::vector<host::Cpu> cpus = spec.cpus;
  if (spec.scenario.reloads_per_second > 0) cpus.push_back(spec.writer_cpu);
  return cpus;
}

class Trial {
 public:
  Trial(const TrialSpec& spec, TrialResult& result)
      : spec_(spec),
        result_(result),
        threads_(static_cast<unsigned>(spec.cpus.size())),
        cpus_(with_writer(spec)),
        team_(spec.topology, cpus_),
        members_(threads_) {}

  void run() {
    check_clock();
    const NoiseWatch noise(team_, cpus_, spec_.phase_seconds * idle_phase);
    build();
    for (const Mode mode : {Mode::throughput, Mode::latency}) {
      lift_edge_limit();
      send(mode, spec_.warmup_seconds, false);
      set_edge_limit();
      send(mode, spec_.phase_seconds, true);
      const bool timed = mode == Mode::latency;
      collect(timed ? result_.latency : result_.throughput, timed ? "latency" : "throughput");
    }
    // The rate of reloads is that of these two phases.
    if (writer_) result_.publishes.merge(writer_->publishes());
    if (spec_.scenario.sweeps_load) sweep();
    result_.noise = noise.end();
    finish();
  }

 private:
  // Before anything is stamped or attached to the clock.
  void check_clock() {
    if (host::Clock::get().is_tsc()) {
      result_.skew = measure_skew(team_, cpus_, skew_budget_ns, spec_.test_skew_ns);
      if (result_.skew && result_.skew->apart) host::Clock::distrust_tsc(describe(*result_.skew));
    }
    const host::Clock& clock = host::Clock::get();
    if (spec_.strict && clock.fell_back())
      throw std::runtime_error("the clock cannot be trusted: " + std::string(clock.reason()));
  }

  // What is shared is touched first by thread 0, the rest by the thread that it belongs to.
  void build() {
    team_.run([this](unsigned i) {
      if (i == 0) subject_ = create();
    });
    team_.run([this](unsigned i) {
      const double longest = std::max(spec_.phase_seconds, spec_.warmup_seconds);
      if (i < threads_) {
        members_[i] = make_on_own_pages<Member>(*subject_, spec_.scenario, i, longest, seed_);
      } else {
        writer_ = make_on_own_pages<Writer>(*subject_, spec_.scenario, spec_.writer_shares_cpu);
        // Configurations are shared too, whoever publishes them.
        if (spec_.home != host::Home::local)
          writers_memory_.emplace(spec_.topology, spec_.home, spec_.cpus[0]);
      }
    });
  }

  std::unique_ptr<Subject> create() {
    const host::MemoryFrom home(spec_.topology, spec_.home, spec_.cpus[0]);
    std::unique_ptr<Subject> subject =
        spec_.row.create(configuration(spec_.scenario, version_, edge_limit_));
    const std::string moved =
        host::move_home(spec_.topology, spec_.home, spec_.cpus[0], subject->memory());
    result_.home_note = home.note().empty() ? moved : home.note();
    result_.nodes = host::nodes_of(spec_.topology, subject->memory());
    if (result_.nodes.empty() && result_.home_note.empty() && spec_.topology.numa_nodes() > 1)
      result_.home_note = "the kernel does not say where the memory lies";
    return spec_.added_percent == 0 ? std::move(subject)
                                    : lengthened(std::move(subject), spec_.added_percent);
  }

  void sweep() {
    const double seconds = spec_.phase_seconds * sweep_phase;
    PhaseResult closed;
    send(Mode::open_loop, seconds, true);
    collect(closed, "capacity");
    const auto done = static_cast<double>(
        std::accumulate(closed.operations.begin(), closed.operations.end(), std::uint64_t{0}));
    if (done == 0) return fail("capacity: no thread got to run within the phase");
    result_.sweep = {seed_, done * 1e9 / static_cast<double>(closed.wall_ns), {}};
    result_.sweep->points.reserve(sweep_steps.size());
    for (const Step& step : sweep_steps) send_at(step, seconds);
  }

  void send_at(const Step& step, double seconds) {
    const double rate = step.load * result_.sweep->capacity_per_second;
    const double gap_ns = 1e9 * threads_ / rate;
    send(Mode::open_loop, seconds, true,
         {step.arrivals, gap_ns / host::Clock::get().ns_per_tick()});
    LoadPoint& point =
        result_.sweep->points.emplace_back(LoadPoint{step.arrivals, step.load, rate});
    collect(point.phase, name_of(step));
    for (const auto& member : members_) {
      const OpenLoop& loop = member->open_loop();
      point.response.merge(loop.response());
      point.service.merge(loop.service());
      point.late += loop.late();
      point.unsent += loop.unsent();
    }
  }

  void send(Mode mode, double seconds, bool reload, const Load& load = {}) {
    const host::Clock& clock = host::Clock::get();
    const auto ticks = static_cast<std::uint64_t>(seconds * 1e9 / clock.ns_per_tick());
    const unsigned busy = reload && writer_ ? threads_ + 1 : threads_;
    StartBarrier barrier(busy);
    team_.run(
        [&](unsigned i) {
          if (i < threads_) {
            at_stack_offset(spec_.layout.stack_offset,
                            [&] { members_[i]->run(mode, barrier, ticks, load); });
          } else if (i < busy) {
            writer_->run(barrier, ticks, edge_limit_, version_);
          }
        },
        [&] {
          barrier.wait_for_all();
          // Long enough to wake them all, short enough not to tire those who spin.
          const double lead_ns = 100'000 + 5'000.0 * busy;
          start_ = clock.ticks() + static_cast<std::uint64_t>(lead_ns / clock.ns_per_tick());
          barrier.open(start_);
        });
  }

  // Before a warm-up: nothing is denied in it, so that it measures admissions alone. Denials are
  // cheaper, and a limit derived from a mixture would not be reached half-way.
  void lift_edge_limit() { publish_edge_limit(unreached_edge_limit); }

  // After a warm-up: the limit that is reached half-way in each window.
  void set_edge_limit() {
    std::uint64_t admitted = 0;
    for (const auto& member : members_) {
      for (const std::uint64_t count : member->totals().admitted) admitted += count;
    }
    publish_edge_limit(edge_limit_for(static_cast<double>(admitted) / spec_.warmup_seconds));
  }

  void publish_edge_limit(Permits limit) {
    if (!spec_.scenario.is_edge() || limit == edge_limit_) return;
    edge_limit_ = limit;
    subject_->publish(configuration(spec_.scenario, ++version_, edge_limit_));
  }

  void collect(PhaseResult& phase, const std::string& name) {
    const host::Clock& clock = host::Clock::get();
    const Mix& mix = spec_.scenario.mix;
    std::uint64_t end = start_;
    std::uint64_t last_first = start_;
    std::vector<const Ledger*> ledgers;
    for (const auto& member : members_) {
      const Totals& totals = member->totals();
      const unsigned added = &phase == &result_.throughput ? spec_.added_percent : 0;
      phase.operations.push_back(without_added(totals.operations(), added));
      for (std::size_t kind = 0; kind < 2; ++kind) {
        phase.admitted += totals.admitted[kind];
        phase.denied += totals.denied[kind];
        phase.never += totals.requests[kind] - totals.admitted[kind] - totals.denied[kind];
        if ((kind == 0 ? mix.common : mix.rare) != open_class) continue;
        phase.open_requests += totals.requests[kind];
        phase.open_admitted += totals.admitted[kind];
      }
      last_first = std::max(last_first, totals.first_tick);
      if (totals.operations() != 0) end = std::max(end, totals.last_tick);
      ledgers.push_back(&member->ledger());
      result_.latencies.merge(member->latencies());
      result_.voluntary_switches += static_cast<std::uint64_t>(member->switches().voluntary);
      result_.involuntary_switches += static_cast<std::uint64_t>(member->switches().involuntary);
      if (&phase == &result_.throughput) count(*member);
    }
    phase.wall_ns = clock.to_ns(end - start_);
    phase.start_skew_ns = clock.to_ns(last_first - start_);
    phase.limited_rule =
        configuration(spec_.scenario, version_, edge_limit_).rules[spec_.scenario.limited_class];
    check(phase, name, ledgers, clock.to_ns(start_), clock.to_ns(end));
  }

  void count(const Member& member) {
    if (result_.counters.empty()) {
      result_.counters = member.counts();
    } else {
      add(result_.counters, member.counts());
    }
    if (result_.counters_absent.empty()) result_.counters_absent = member.counters_absent();
    const Switches& switches = member.switches();
    result_.throughput_switches +=
        static_cast<std::uint64_t>(switches.voluntary + switches.involuntary);
  }

  void check(PhaseResult& phase, const std::string& name, const std::vector<const Ledger*>& ledgers,
             Nanoseconds begin, Nanoseconds end) {
    if (phase.never != 0) fail(name + ": " + std::to_string(phase.never) + " requests refused");
    // A rate with a burst may deny a request that was stamped long before it was decided.
    const Contract contract = spec_.row.info.contract;
    if (contract == Contract::windows && phase.open_admitted != phase.open_requests)
      fail(name + ": " + std::to_string(phase.open_requests - phase.open_admitted) +
           " requests of a class far from its limit were not admitted");
    const Permits bound = subject_->error_bound(phase.limited_rule, 1);
    phase.admission = check_admission(ledgers, phase.limited_rule, contract, bound, {begin, end});
    // A row that does not limit is measured as the floor of those that do.
    if (spec_.row.info.exactness == Exactness::none) {
      phase.admission.expected_min = phase.admission.expected_max = phase.admission.admitted;
      phase.admission.error = 0;
    } else if (!phase.admission.failure.empty()) {
      fail(name + ": " + phase.admission.failure);
    }
    result_.admission.admitted += phase.admission.admitted;
    result_.admission.expected_min += phase.admission.expected_min;
    result_.admission.expected_max += phase.admission.expected_max;
    result_.admission.error = std::max(result_.admission.error, phase.admission.error);
    result_.admission.bound = std::max(result_.admission.bound, phase.admission.bound);
  }

  void finish() {
    if (writer_) {
      writer_->sample_footprint();
      result_.retired_peak_bytes = writer_->peak().retired;
    }
    const Footprint footprint = subject_->footprint();
    result_.live_bytes = footprint.live;
    result_.retired_peak_bytes = std::max(result_.retired_peak_bytes, footprint.retired);
    if (std::string text = team_.misplaced(); !text.empty()) fail(text);
    check_home();
    for (const auto& member : members_) {
      result_.configs_read += member->config_checks().read;
      result_.configs_torn += member->config_checks().torn;
      result_.configs_backwards += member->config_checks().backwards;
    }
    // Handles go where they came from.
    team_.run([this](unsigned i) {
      if (i < threads_) members_[i].reset();
      if (i == 0) result_.timer_floor = measure_timer_floor();
    });
    check_totals();
  }

  // Interleaving is page by page, so that a small limiter lies on one node all the same.
  void check_home() {
    const auto node = host::node_at_home(spec_.topology, spec_.home, spec_.cpus[0]);
    if (!node || spec_.home == host::Home::local || result_.nodes.empty()) return;
    const unsigned wanted = host::os_index_of_node(spec_.topology, *node);
    if (result_.nodes != std::vector{wanted})
      fail("the limiter does not lie on NUMA node " + std::to_string(wanted) + ", its home");
  }

  void check_totals() {
    if (result_.configs_torn != 0)
      fail(std::to_string(result_.configs_torn) + " of " + std::to_string(result_.configs_read) +
           " configurations read were torn");
    if (result_.configs_backwards != 0)
      fail(std::to_string(result_.configs_backwards) +
           " configurations read were older than one read before");
  }

  void fail(const std::string& text) {
    if (!result_.failure.empty()) result_.failure += "; ";
    result_.failure += text;
  }

  const TrialSpec& spec_;
  TrialResult& result_;
  unsigned threads_;
  // Repetitions with one and the same schedule would agree on a tail that is the schedule's.
  std::uint64_t seed_ = std::random_device()();
  std::vector<host::Cpu> cpus_;  // of the members, the writer's last
  Team team_;
  std::uint64_t version_ = 1;
  Permits edge_limit_ = unreached_edge_limit;
  std::uint64_t start_ = 0;
  // Destroyed in reverse: members, which hold handles, before what they are attached to.
  std::unique_ptr<Subject> subject_;
  OnOwnPages<Writer> writer_;
  std::optional<host::MemoryFrom> writers_memory_;
  std::vector<OnOwnPages<Member>> members_;
};

// As a row's limiter looks to WorkerOf, with nothing in it.
struct Nothing {
  struct Handle {};
  Handle attach() { return {}; }
  Decision try_acquire(Handle&, const Request&) noexcept { return Decision::admit(0); }
  Config config(Handle&) noexcept { return {}; }
};

}  // namespace

double phases_of(const Scenario& scenario) noexcept {
  const double two = idle_phase + 2 * (1 + warmup_phase);
  // One more than the steps, for the capacity.
  return scenario.sweeps_load ? two + sweep_phase * (1 + sweep_steps.size()) : two;
}

TrialResult run_trial(const TrialSpec& spec) {
  TrialResult result;
  try {
    Trial(spec, result).run();
  } catch (const std::exception& error) {
    result.failure += (result.failure.empty() ? "" : "; ") + std::string(error.what());
  }
  return result;
}

Histogram measure_timer_floor() {
  constexpr std::uint32_t batch = 64;
  Histogram histogram;
  host::Clock::get().with_source([&](auto source) {
    Nothing nothing;
    WorkerOf<Nothing, decltype(source)> worker(nothing);
    Position position{{open_class, tight_class, 32}, 0};
    for (int i = 0; i < 1500; ++i) {
      if (i == 500) histogram.clear();
      std::uint64_t stamp = source.ticks();
      static_cast<Worker&>(worker).timed(position, batch, stamp, histogram);
    }
  });
  return histogram;
}

double fairness(const std::vector<std::uint64_t>& operations) noexcept {
  double sum = 0;
  double squares = 0;
  for (const std::uint64_t count : operations) {
    const auto value = static_cast<double>(count);
    sum += value;
    squares += value * value;
  }
  return squares > 0 ? sum * sum / (static_cast<double>(operations.size()) * squares) : 0;
}

}  // namespace limiterbench::bench
