#include "workload/trial.hpp"

#include <algorithm>
#include <exception>
#include <sstream>

namespace limiterbench::bench {
namespace {

std::string rate_text(double rate) {
  std::ostringstream text;
  text << rate;
  return text.str();
}

}  // namespace

void TrialResult::fail(const std::string& text) {
  if (!failure.empty()) failure += "; ";
  failure += text;
}

double phases_of(const Scenario& scenario) noexcept {
  const double two = idle_phase + 2 * (1 + warmup_phase);
  return scenario.sweeps_load ? two + sweep_phase * typical_steps : two;
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

namespace {

// What all classes admitted, and the worst of them.
void add(Admission& all, const Admission& one) {
  all.admitted += one.admitted;
  all.expected_min += one.expected_min;
  all.expected_max += one.expected_max;
  all.error = std::max(all.error, one.error);
  all.bound = std::max(all.bound, one.bound);
}

}  // namespace

TrialResult result_of(const std::function<void(TrialResult&)>& run) {
  TrialResult result;
  try {
    run(result);
  } catch (const std::exception& error) {
    result.fail(error.what());
  }
  return result;
}

void Trial::set_edge_limit() {
  std::uint64_t admitted = 0;
  for (const MemberBase* member : members()) {
    for (const std::uint64_t count : member->totals().admitted) admitted += count;
  }
  publish_edge_limit(edge_limit_for(static_cast<double>(admitted) / spec_.warmup_seconds));
}

void Trial::publish_edge_limit(Permits limit) {
  if (!spec_.scenario.is_edge() || limit == edge_limit_) return;
  edge_limit_ = limit;
  subject().publish(next_configuration());
}

void Trial::collect(PhaseResult& phase, const std::string& name, std::uint64_t start) {
  const Mix& mix = spec_.scenario.mix;
  std::uint64_t end = start;
  std::uint64_t last_first = start;
  for (const MemberBase* member : members()) {
    const Totals& totals = member->totals();
    phase.operations.push_back(totals.operations());
    for (std::size_t kind = 0; kind < 2; ++kind) {
      phase.admitted += totals.admitted[kind];
      phase.denied += totals.denied[kind];
      phase.never += totals.requests[kind] - totals.admitted[kind] - totals.denied[kind];
      if (mix.is_drawn() || (kind == 0 ? mix.common : mix.rare) != open_class) continue;
      phase.open_requests += totals.requests[kind];
      phase.open_admitted += totals.admitted[kind];
    }
    last_first = std::max(last_first, totals.first_tick);
    if (totals.operations() != 0) end = std::max(end, totals.last_tick);
    result_.latencies.merge(member->latencies());
  }
  phase.wall_ns = to_ns(end - start);
  phase.start_skew_ns = to_ns(last_first - start);
  phase.edge_limit = edge_limit_;
  check(phase, name, {to_ns(start), to_ns(end)});
}

void Trial::sweep(std::uint64_t seed, std::optional<double> generator_per_second,
                  std::uint64_t least_requests) {
  result_.sweep.emplace(LoadSweep{seed, generator_per_second});
  climb(*result_.sweep, spec_.rates.empty() ? ladder() : spec_.rates,
        [&](Arrivals arrivals, double rate) { return offer(arrivals, rate, least_requests); });
}

LoadPoint Trial::offer(Arrivals arrivals, double rate, std::uint64_t least_requests) {
  const double seconds =
      std::max(spec_.phase_seconds * sweep_phase,
               std::min(static_cast<double>(least_requests) / rate, longest_step_seconds));
  const double gap_ns = 1e9 * static_cast<double>(spec_.cpus.size()) / rate;
  const std::uint64_t start = send_paced({arrivals, gap_ns / scale().ns_per_tick()}, seconds);
  PhaseResult phase;
  collect(phase, std::string(to_string(arrivals)) + " arrivals, " + rate_text(rate) + " a second",
          start);
  LoadPoint point{arrivals, rate, phase.wall_ns};
  for (const MemberBase* member : members()) {
    const OpenLoop& loop = member->open_loop();
    point.response.merge(loop.response());
    point.service.merge(loop.service());
    point.late += loop.late();
    point.unsent += loop.unsent();
  }
  return point;
}

void Trial::check(PhaseResult& phase, const std::string& name, Phase span) {
  if (phase.never != 0)
    result_.fail(name + ": " + std::to_string(phase.never) + " requests refused");
  // A rate with a burst may deny a request that was stamped long before it was decided.
  const Contract contract = spec_.design.contract;
  if (contract == Contract::windows && phase.open_admitted != phase.open_requests)
    result_.fail(name + ": " + std::to_string(phase.open_requests - phase.open_admitted) +
                 " requests of a class far from its limit were not admitted");
  const Config config = configuration();
  for (std::uint32_t i = 0; i < class_count; ++i) {
    if (!spec_.scenario.checks(i)) continue;
    std::vector<const Ledger*> ledgers;
    for (const MemberBase* member : members()) ledgers.push_back(member->ledger(i));
    const Rule& rule = config.rules[i];
    const Permits bound = subject().error_bound(rule, spec_.scenario.mix.most_cost);
    Admission admission = check_admission(ledgers, rule, contract, bound, span);
    // A design that does not limit is measured as the floor of those that do.
    if (spec_.design.exactness == Exactness::none) {
      admission.expected_min = admission.expected_max = admission.admitted;
      admission.error = 0;
    } else if (!admission.failure.empty()) {
      result_.fail(name + ", class " + std::to_string(i) + ": " + admission.failure);
    }
    add(result_.admission, admission);
  }
}

void Trial::collect_config_checks() {
  for (const MemberBase* member : members()) {
    result_.configs_read += member->config_checks().read;
    result_.configs_torn += member->config_checks().torn;
    result_.configs_backwards += member->config_checks().backwards;
  }
  if (result_.configs_torn != 0)
    result_.fail(std::to_string(result_.configs_torn) + " of " +
                 std::to_string(result_.configs_read) + " configurations read were torn");
  if (result_.configs_backwards != 0)
    result_.fail(std::to_string(result_.configs_backwards) +
                 " configurations read were older than one read before");
}

}  // namespace limiterbench::bench
