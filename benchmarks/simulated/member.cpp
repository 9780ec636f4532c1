#include "simulated/member.hpp"

#include <algorithm>

namespace limiterbench::simulation {
namespace {

Nanoseconds window_of(const bench::Scenario& scenario) {
  return configuration(scenario, 1, 1).rules[scenario.limited_class].window;
}

}  // namespace

Member::Member(Engine& engine, Subject& subject, const bench::Scenario& scenario, unsigned index,
               double seconds)
    : engine_(engine),
      client_(subject.attach()),
      mix_(scenario.mix),
      // Threads start at different places of the mix, lest they all send the rare request at once.
      until_rare_(index * 7 % scenario.mix.period),
      limited_class_(scenario.limited_class),
      ledger_(window_of(scenario), seconds * 1.25 + 0.05) {}

void Member::request(std::uint32_t traffic_class) {
  static_cast<void>(client_->try_acquire({traffic_class, 1, in_ns(engine_.now())}));
}

void Member::send_until(Time end) {
  tally_ = {};
  latencies_.clear();
  ledger_.clear();
  Time start = engine_.now();
  ledger_.start(in_ns(start));
  while (start < end) {
    const std::uint32_t traffic_class = until_rare_ == 0 ? mix_.rare : mix_.common;
    until_rare_ = until_rare_ == 0 ? mix_.period - 1 : until_rare_ - 1;
    // The request itself is read.
    engine_.spend(engine_.host().load + own_work_);
    const Decision decision = client_->try_acquire({traffic_class, 1, in_ns(start)});
    if (decision.denied()) engine_.spend(denial_work_);
    engine_.progress();
    const Time finish = engine_.now();
    count(traffic_class, decision, start, finish);
    start = finish;
  }
  tally_.finish = start;
  check_config();
}

void Member::count(std::uint32_t traffic_class, const Decision& decision, Time start, Time finish) {
  ++tally_.requests;
  tally_.denied += decision.denied() ? 1 : 0;
  tally_.never += decision.never() ? 1 : 0;
  if (traffic_class == bench::open_class) {
    ++tally_.open_requests;
    tally_.open_admitted += decision.admitted() ? 1 : 0;
  }
  if (traffic_class == limited_class_)
    ledger_.note(in_ns(start), in_ns(finish), decision.admitted() ? 1 : 0,
                 decision.denied() ? 1 : 0);
  latencies_.record(in_ns(finish - start));
}

void Member::check_config() {
  const Config config = client_->config();
  ++tally_.configs_read;
  tally_.configs_torn += is_untorn(config) ? 0 : 1;
  tally_.configs_backwards += config.version < last_version_ ? 1 : 0;
  last_version_ = config.version;
}

double accesses_a_request(const Host& host, const SimulatedRow& row,
                          const bench::Scenario& scenario) {
  constexpr unsigned requests = 256;
  Engine engine(host, {host.alphas.front()});
  const std::unique_ptr<Subject> subject = row.create(configuration(scenario, 1, 1'000'000));
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
