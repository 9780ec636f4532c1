#include "simulated/trial.hpp"

#include <algorithm>
#include <cmath>

#include "simulated/member.hpp"

namespace limiterbench::simulation {
namespace {

constexpr std::uint64_t least_requests = 10'000;  // at each rate of an open loop
constexpr double most_requests = 200'000;

class SimulatedTrial final : public bench::Trial {
 public:
  SimulatedTrial(const Host& host, const SimulatedRow& row, const bench::TrialSpec& spec,
                 const Parameters& parameters, bench::TrialResult& result)
      : Trial(spec, result),
        row_(row),
        seed_(parameters.seed),
        engine_(host, parameters),
        subject_(row.create(configuration())) {
    const double longest = spec.scenario.sweeps_load ? bench::longest_step_seconds
                                                     : spec.warmup_seconds + 2 * phase_seconds();
    for (unsigned i = 0; i < spec.cpus.size(); ++i)
      members_.push_back(
          std::make_unique<Member>(engine_, *subject_, spec.scenario, i, longest, parameters.seed));
  }

  void run() {
    set_instructions();
    enter_window();
    send(spec_.warmup_seconds, false);
    set_edge_limit();
    if (spec_.scenario.is_edge()) enter_next_window();
    send(phase_seconds(), true);
    collect(result_.throughput, "throughput", static_cast<std::uint64_t>(start_));
    result_.latency = result_.throughput;
    if (spec_.scenario.sweeps_load) sweep(seed_, std::nullopt, least_requests);
    collect_config_checks();
    if (engine_.violations() != 0)
      result_.fail(std::to_string(engine_.violations()) +
                   " accesses broke the machine's coherence");
    result_.live_bytes = subject_->footprint().live;
  }

 private:
  [[nodiscard]] bench::Subject& subject() override { return *subject_; }
  [[nodiscard]] std::vector<const bench::MemberBase*> members() const override {
    std::vector<const bench::MemberBase*> all;
    for (const auto& member : members_) all.push_back(member.get());
    return all;
  }
  [[nodiscard]] Nanoseconds to_ns(std::uint64_t time) const override {
    return in_ns(static_cast<Time>(time));
  }
  [[nodiscard]] const host::TickScale& scale() const override { return time_scale; }
  // Whole windows, because a design may do most of its work at their beginning or end. Where a
  // window has too many requests to simulate, a part of one in which the small limit is used up.
  std::uint64_t send_paced(const bench::Load& load, double seconds) override {
    const double gap_seconds = load.mean_gap * 1e-12 / static_cast<double>(members_.size());
    const double longest = most_requests * gap_seconds;
    enter_next_window();
    if (longest < window_seconds()) {
      seconds = longest;
      enter_window();
    } else {
      seconds = std::ceil(seconds / window_seconds()) * window_seconds();
    }
    send(seconds, true, [&load](Member& member, Time end) { member.send_paced(load, end); });
    return static_cast<std::uint64_t>(start_);
  }

  [[nodiscard]] double window_seconds() const {
    const Nanoseconds window = configuration().rules[spec_.scenario.limited_class].window;
    return static_cast<double>(window) * 1e-9;
  }
  [[nodiscard]] double phase_seconds() const {
    if (!spec_.scenario.is_edge()) return spec_.phase_seconds;
    return std::ceil(spec_.phase_seconds / window_seconds()) * window_seconds();
  }

  [[nodiscard]] double of_row(const std::map<std::string, double>& ns) const {
    const auto found = ns.find(std::string(row_.name));
    return found == ns.end() ? 0 : found->second;
  }

  // The time of the instructions: in equal parts before each access of a request, or as a whole if
  // there is no access.
  void set_instructions() {
    const double own = of_row(engine_.host().instructions);
    const double accesses = accesses_a_request(engine_.host(), row_, spec_.scenario);
    if (accesses > 0) engine_.set_gap(from_ns(own / accesses));
    for (const auto& member : members_) {
      if (accesses == 0) member->set_own_work(from_ns(own));
      member->set_denial_work(from_ns(of_row(engine_.host().denials)));
    }
  }

  // The state in most of a measured window: the small limit is used up, and the counters know every
  // thread.
  void enter_window() {
    if (spec_.scenario.is_edge()) return;
    const Permits limit = configuration().rules[bench::tight_class].limit;
    for (Permits used = 0; used < limit; ++used) members_.front()->request(bench::tight_class);
    for (unsigned i = 0; i < members_.size(); ++i) {
      engine_.act_as(index_of(spec_.topology, spec_.cpus[i]));
      for (const std::uint32_t each : {bench::open_class, bench::tight_class})
        members_[i]->request(each);
    }
  }

  void enter_next_window() {
    const Time window = from_ns(window_seconds() * 1e9);
    engine_.advance_to((engine_.now() + window - 1) / window * window);
  }

  using Send = std::function<void(Member&, Time end)>;
  void send(
      double seconds, bool reload,
      const Send& send_all = [](Member& member, Time end) { member.send_until(end); }) {
    start_ = engine_.now();
    const Time end = start_ + from_ns(seconds * 1e9);
    std::vector<Engine::Thread> threads;
    for (unsigned i = 0; i < members_.size(); ++i) {
      threads.push_back({index_of(spec_.topology, spec_.cpus[i]),
                         [&member = *members_[i], &send_all, end] { send_all(member, end); }});
    }
    if (reload && spec_.scenario.reloads_per_second > 0)
      threads.push_back(
          {index_of(spec_.topology, spec_.writer_cpu), [this, end] { publish_until(end); }});
    engine_.run(std::move(threads));
  }

  // At the scenario's rate. As on a real machine, even the shortest phase has a reload. The phases
  // of an open loop are so short that this would be thousands of reloads a second: there, a phase
  // has those that fall into it.
  void publish_until(Time end) {
    const Time period = from_ns(1e9 / spec_.scenario.reloads_per_second);
    Time due = start_ + std::min(period, end - start_) / 2;
    if (result_.sweep) {
      // In the middle of a window, whatever the period.
      const Time first = period / 2 + from_ns(window_seconds() * 1e9) / 2;
      due = first + std::max<Time>(0, start_ - first + period - 1) / period * period;
    }
    while (due < end) {
      engine_.sleep_until(due);
      subject_->publish(next_configuration());
      engine_.progress();
      const Time finish = engine_.now();
      result_.publishes.record(in_ns(finish - due));
      result_.retired_peak_bytes =
          std::max(result_.retired_peak_bytes, subject_->footprint().retired);
      due = std::max(due + period, finish);
    }
  }

  const SimulatedRow& row_;
  std::uint64_t seed_;
  Time start_ = 0;
  Engine engine_;
  std::unique_ptr<SimulatedSubject> subject_;
  std::vector<std::unique_ptr<Member>> members_;
};

}  // namespace

bench::TrialResult simulate(const Host& host, const SimulatedRow& row, const bench::TrialSpec& spec,
                            const Parameters& parameters) {
  return bench::result_of([&](bench::TrialResult& result) {
    SimulatedTrial(host, row, spec, parameters, result).run();
  });
}

}  // namespace limiterbench::simulation
