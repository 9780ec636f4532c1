#include "measure/trial.hpp"

#include <algorithm>
#include <cmath>
#include <exception>
#include <optional>

#include "host/clock.hpp"
#include "measure/member.hpp"
#include "measure/pages.hpp"
#include "measure/slow_down.hpp"
#include "measure/subject_of.hpp"
#include "measure/team.hpp"
#include "measure/writer.hpp"

namespace limiterbench::bench {
namespace {

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
        team_(spec.topology, with_writer(spec)),
        members_(threads_) {}

  void run() {
    build();
    for (const Mode mode : {Mode::throughput, Mode::latency}) {
      lift_edge_limit();
      send(mode, spec_.warmup_seconds, false);
      set_edge_limit();
      send(mode, spec_.phase_seconds, true);
      collect(mode == Mode::latency ? result_.latency : result_.throughput);
    }
    finish();
  }

 private:
  // What is shared is touched first by thread 0, the rest by the thread that it belongs to.
  void build() {
    team_.run([this](unsigned i) {
      if (i == 0) subject_ = create();
    });
    team_.run([this](unsigned i) {
      const double longest = std::max(spec_.phase_seconds, spec_.warmup_seconds);
      if (i < threads_) {
        members_[i] = make_on_own_pages<Member>(*subject_, spec_.scenario, i, longest);
      } else {
        writer_ = make_on_own_pages<Writer>(*subject_, spec_.scenario, spec_.writer_shares_cpu);
      }
    });
  }

  std::unique_ptr<Subject> create() const {
    std::unique_ptr<Subject> subject =
        spec_.row.create(configuration(spec_.scenario, version_, edge_limit_));
    return spec_.added_percent == 0 ? std::move(subject)
                                    : lengthened(std::move(subject), spec_.added_percent);
  }

  void send(Mode mode, double seconds, bool reload) {
    const host::Clock& clock = host::Clock::get();
    const auto ticks = static_cast<std::uint64_t>(seconds * 1e9 / clock.ns_per_tick());
    const unsigned busy = reload && writer_ ? threads_ + 1 : threads_;
    StartBarrier barrier(busy);
    team_.run(
        [&](unsigned i) {
          if (i < threads_) {
            members_[i]->run(mode, barrier, ticks);
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

  void collect(PhaseResult& phase) {
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
    }
    phase.wall_ns = clock.to_ns(end - start_);
    phase.start_skew_ns = clock.to_ns(last_first - start_);
    phase.limited_rule =
        configuration(spec_.scenario, version_, edge_limit_).rules[spec_.scenario.limited_class];
    check(phase, ledgers, clock.to_ns(start_), clock.to_ns(end));
  }

  void check(PhaseResult& phase, const std::vector<const Ledger*>& ledgers, Nanoseconds begin,
             Nanoseconds end) {
    const std::string name = &phase == &result_.latency ? "latency" : "throughput";
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
  }

  void finish() {
    if (writer_) {
      writer_->sample_footprint();
      result_.publishes.merge(writer_->publishes());
      result_.retired_peak_bytes = writer_->peak().retired;
    }
    const Footprint footprint = subject_->footprint();
    result_.live_bytes = footprint.live;
    result_.retired_peak_bytes = std::max(result_.retired_peak_bytes, footprint.retired);
    if (std::string text = team_.misplaced(); !text.empty()) fail(text);
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

  void check_totals() {
    if (result_.configs_torn != 0)
      fail(std::to_string(result_.configs_torn) + " of " + std::to_string(result_.configs_read) +
           " configurations read were torn");
    if (result_.configs_backwards != 0)
      fail(std::to_string(result_.configs_backwards) +
           " configurations read were older than one read before");
    const Admission& throughput = result_.throughput.admission;
    const Admission& latency = result_.latency.admission;
    result_.admission = {throughput.admitted + latency.admitted,
                         throughput.expected_min + latency.expected_min,
                         throughput.expected_max + latency.expected_max,
                         std::max(throughput.error, latency.error),
                         std::max(throughput.bound, latency.bound),
                         {}};
  }

  void fail(const std::string& text) {
    if (!result_.failure.empty()) result_.failure += "; ";
    result_.failure += text;
  }

  const TrialSpec& spec_;
  TrialResult& result_;
  unsigned threads_;
  Team team_;
  std::uint64_t version_ = 1;
  Permits edge_limit_ = unreached_edge_limit;
  std::uint64_t start_ = 0;
  // Destroyed in reverse: members, which hold handles, before what they are attached to.
  std::unique_ptr<Subject> subject_;
  OnOwnPages<Writer> writer_;
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
