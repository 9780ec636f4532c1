#include "simulated/member.hpp"

namespace limiterbench::simulation {

Member::Member(Engine& engine, SimulatedSubject& subject, const bench::Scenario& scenario,
               unsigned index, double seconds, std::uint64_t seed)
    : MemberBase(scenario, index, seconds, seed, time_scale),
      engine_(engine),
      client_(subject.attach()) {}

void Member::request(std::uint32_t traffic_class) {
  static_cast<void>(client_->try_acquire({traffic_class, 1, in_ns(engine_.now())}));
}

void Member::send_until(Time end) {
  clear();
  config_checks_ = {.last_version = config_checks_.last_version};
  Time start = engine_.now();
  start_ledgers(in_ns(start));
  totals_.first_tick = static_cast<std::uint64_t>(start);
  while (start < end) {
    const bench::Tally tally = send_one(start);
    const Time finish = engine_.now();
    count(tally, in_ns(start), in_ns(finish));
    latencies_.record(in_ns(finish - start));
    start = finish;
  }
  totals_.last_tick = static_cast<std::uint64_t>(start);
  check(client_->config());
}

void Member::send_paced(const bench::Load& load, Time end) {
  clear();
  const Time begin = engine_.now();
  start_ledgers(in_ns(begin));
  totals_.first_tick = static_cast<std::uint64_t>(begin);
  open_loop_->start(load, totals_.first_tick, static_cast<std::uint64_t>(end));
  while (!open_loop_->is_over()) {
    engine_.sleep_until(static_cast<Time>(open_loop_->due()));
    const Time start = engine_.now();
    if (static_cast<std::uint64_t>(start) >= open_loop_->stop()) break;
    const bench::Tally tally = send_one(start);
    const Time finish = engine_.now();
    count(tally, in_ns(start), in_ns(finish));
    open_loop_->sent(static_cast<std::uint64_t>(start), static_cast<std::uint64_t>(finish));
  }
  totals_.last_tick = static_cast<std::uint64_t>(engine_.now());
  open_loop_->count_unsent();
  check(client_->config());
}

bench::Tally Member::send_one(Time start) {
  // The request itself is read.
  engine_.spend(engine_.host().load + own_work_);
  std::size_t kind = 0;
  Decision decision = Decision::admit(0);
  if (position_.drawn != nullptr) {
    const bench::Drawn::Request& next = *position_.drawn->next(1);
    decision = client_->try_acquire({next.traffic_class, next.cost, in_ns(start)});
    position_.drawn->note(next, decision);
  } else {
    const bool rare = position_.until_rare == 0;
    position_.until_rare = rare ? position_.mix.period - 1 : position_.until_rare - 1;
    decision =
        client_->try_acquire({rare ? position_.mix.rare : position_.mix.common, 1, in_ns(start)});
    kind = rare ? 1 : 0;
  }
  if (decision.denied()) engine_.spend(denial_work_);
  engine_.progress();
  bench::Tally tally;
  tally.requests[kind] = 1;
  tally.admitted[kind] = decision.admitted() ? 1 : 0;
  tally.denied[kind] = decision.denied() ? 1 : 0;
  return tally;
}

double accesses_a_request(const Host& host, const SimulatedRow& row,
                          const bench::Scenario& scenario) {
  constexpr unsigned requests = 256;
  Engine engine(host, {host.alphas.front()});
  const std::unique_ptr<SimulatedSubject> subject =
      row.create(configuration(scenario, 1, 1'000'000));
  const std::unique_ptr<Client> client = subject->attach();
  std::uint64_t before = 0;
  engine.run(
      {{0, [&] {
          for (unsigned i = 0; i < 2 * requests; ++i) {
            if (i == requests) before = engine.accesses();
            engine.spend(host.load);
            static_cast<void>(client->try_acquire({scenario.mix.common, 1, in_ns(engine.now())}));
            engine.progress();
          }
        }}});
  return static_cast<double>(engine.accesses() - before) / requests;
}

}  // namespace limiterbench::simulation
