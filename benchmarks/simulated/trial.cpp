#include "simulated/trial.hpp"

#include <algorithm>
#include <cmath>
#include <exception>
#include <numeric>

#include "simulated/member.hpp"
#include "simulated/placing.hpp"
#include "workload/admission.hpp"

namespace limiterbench::simulation {
namespace {

constexpr Permits unreached_edge_limit = 1'000'000'000;

class Trial {
 public:
  Trial(const Host& host, const SimulatedRow& row, const bench::TrialSpec& spec,
        const Parameters& parameters, bench::TrialResult& result)
      : spec_(spec),
        row_(row),
        result_(result),
        engine_(host, parameters),
        subject_(row.create(configuration(spec.scenario, version_, edge_limit_))) {
    for (unsigned i = 0; i < spec.cpus.size(); ++i)
      members_.push_back(std::make_unique<Member>(engine_, *subject_, spec.scenario, i,
                                                  spec.warmup_seconds + 2 * phase_seconds()));
  }

  void run() {
    set_instructions();
    enter_window();
    send(spec_.warmup_seconds, false);
    set_edge_limit();
    send(phase_seconds(), true);
    collect();
  }

 private:
  [[nodiscard]] double window_seconds() const {
    const Config config = configuration(spec_.scenario, 1, 1);
    return static_cast<double>(config.rules[spec_.scenario.limited_class].window) * 1e-9;
  }
  [[nodiscard]] double phase_seconds() const {
    if (!spec_.scenario.is_edge()) return spec_.phase_seconds;
    return std::ceil(spec_.phase_seconds / window_seconds()) * window_seconds();
  }

  [[nodiscard]] double of_row(const std::map<std::string, double>& ns) const {
    const auto found = ns.find(std::string(row_.name));
    return found == ns.end() ? 0 : found->second;
  }

  // In equal parts before each access of a request, and as a whole where there is none.
  void set_instructions() {
    const double own = of_row(engine_.host().instructions);
    const double accesses = accesses_a_request(engine_.host(), row_, spec_.scenario);
    if (accesses > 0) engine_.set_gap(from_ns(own / accesses));
    for (const auto& member : members_) {
      if (accesses == 0) member->set_own_work(from_ns(own));
      member->set_denial_work(from_ns(of_row(engine_.host().denials)));
    }
  }

  // As most of a measured window finds them: the small limit used up, every thread known to the
  // counters.
  void enter_window() {
    if (spec_.scenario.is_edge()) return;
    const Permits limit = configuration(spec_.scenario, 1, 1).rules[bench::tight_class].limit;
    for (Permits used = 0; used < limit; ++used) members_.front()->request(bench::tight_class);
    for (unsigned i = 0; i < members_.size(); ++i) {
      engine_.act_as(index_of(spec_.topology, spec_.cpus[i]));
      for (const std::uint32_t each : {bench::open_class, bench::tight_class})
        members_[i]->request(each);
    }
  }

  void set_edge_limit() {
    if (!spec_.scenario.is_edge()) return;
    std::uint64_t admitted = 0;
    for (const auto& member : members_) admitted += member->tally().admitted();
    edge_limit_ = bench::edge_limit_for(static_cast<double>(admitted) / spec_.warmup_seconds);
    subject_->publish(configuration(spec_.scenario, ++version_, edge_limit_));
    // From the begin of a window on.
    const Time window = from_ns(window_seconds() * 1e9);
    engine_.advance_to((engine_.now() + window - 1) / window * window);
  }

  void send(double seconds, bool reload) {
    start_ = engine_.now();
    const Time end = start_ + from_ns(seconds * 1e9);
    std::vector<Engine::Thread> threads;
    for (unsigned i = 0; i < members_.size(); ++i) {
      threads.push_back({index_of(spec_.topology, spec_.cpus[i]),
                         [&member = *members_[i], end] { member.send_until(end); }});
    }
    if (reload && spec_.scenario.reloads_per_second > 0)
      threads.push_back(
          {index_of(spec_.topology, spec_.writer_cpu), [this, end] { publish_until(end); }});
    engine_.run(std::move(threads));
  }

  // At the scenario's rate, first within even the shortest phase, as the measured writer.
  void publish_until(Time end) {
    const Time period = from_ns(1e9 / spec_.scenario.reloads_per_second);
    for (Time due = start_ + std::min(period, end - start_) / 2; due < end;) {
      engine_.sleep_until(due);
      const Config config = configuration(spec_.scenario, ++version_, edge_limit_);
      subject_->publish(config);
      engine_.progress();
      const Time finish = engine_.now();
      result_.publishes.record(in_ns(finish - due));
      result_.retired_peak_bytes =
          std::max(result_.retired_peak_bytes, subject_->footprint().retired);
      due = std::max(due + period, finish);
    }
  }

  void collect() {
    bench::PhaseResult& phase = result_.throughput;
    std::vector<const bench::Ledger*> ledgers;
    Time end = start_;
    for (const auto& member : members_) {
      const Tally& tally = member->tally();
      phase.operations.push_back(tally.requests);
      phase.admitted += tally.admitted();
      phase.denied += tally.denied;
      phase.never += tally.never;
      phase.open_requests += tally.open_requests;
      phase.open_admitted += tally.open_admitted;
      end = std::max(end, tally.finish);
      ledgers.push_back(&member->ledger());
      result_.latencies.merge(member->latencies());
      result_.configs_read += tally.configs_read;
      result_.configs_torn += tally.configs_torn;
      result_.configs_backwards += tally.configs_backwards;
    }
    phase.wall_ns = in_ns(end - start_);
    phase.limited_rule =
        configuration(spec_.scenario, version_, edge_limit_).rules[spec_.scenario.limited_class];
    check(phase, ledgers, end);
    result_.latency = phase;
    result_.live_bytes = subject_->footprint().live;
  }

  void check(bench::PhaseResult& phase, const std::vector<const bench::Ledger*>& ledgers,
             Time end) {
    const Info& info = spec_.row.info;
    phase.admission =
        check_admission(ledgers, phase.limited_rule, info.contract,
                        subject_->error_bound(phase.limited_rule, 1), {in_ns(start_), in_ns(end)});
    if (info.exactness == Exactness::none) {
      phase.admission.expected_min = phase.admission.expected_max = phase.admission.admitted;
      phase.admission.error = 0;
    } else if (!phase.admission.failure.empty()) {
      fail(phase.admission.failure);
    }
    if (phase.never != 0) fail(std::to_string(phase.never) + " requests refused");
    if (info.contract == Contract::windows && phase.open_admitted != phase.open_requests)
      fail("requests of a class far from its limit were not admitted");
    if (result_.configs_torn + result_.configs_backwards != 0)
      fail("configurations read were torn or older than one read before");
    if (engine_.violations() != 0)
      fail(std::to_string(engine_.violations()) + " accesses broke the machine's coherence");
    result_.admission = phase.admission;
  }

  void fail(const std::string& text) {
    if (!result_.failure.empty()) result_.failure += "; ";
    result_.failure += text;
  }

  const bench::TrialSpec& spec_;
  const SimulatedRow& row_;
  bench::TrialResult& result_;
  std::uint64_t version_ = 1;
  Permits edge_limit_ = unreached_edge_limit;
  Time start_ = 0;
  Engine engine_;
  std::unique_ptr<Subject> subject_;
  std::vector<std::unique_ptr<Member>> members_;
};

}  // namespace

bench::TrialResult simulate(const Host& host, const SimulatedRow& row, const bench::TrialSpec& spec,
                            const Parameters& parameters) {
  bench::TrialResult result;
  try {
    Trial(host, row, spec, parameters, result).run();
  } catch (const std::exception& error) {
    result.failure += (result.failure.empty() ? "" : "; ") + std::string(error.what());
  }
  return result;
}

}  // namespace limiterbench::simulation
