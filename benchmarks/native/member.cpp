#include "native/member.hpp"

#include <sys/resource.h>

#include <algorithm>

namespace limiterbench::bench {
namespace {

// Requests between two readings of the clock in throughput mode: few enough for `now` to be fresh,
// many enough for its cost to vanish.
constexpr std::uint32_t batch = 64;
// Batches between two checks of the configuration. In throughput mode the check is part of what is
// measured and takes about 150 ns; in latency mode it lies between two measured requests.
constexpr std::uint32_t batches_per_check_untimed = 64;
constexpr std::uint32_t batches_per_check_timed = 16;
// However few are due, requests are entered in the ledger this often: far within its margin.
constexpr double paced_batch_ns = 50'000;

Nanoseconds window_of(const Scenario& scenario) {
  return configuration(scenario, 1, 1).rules[scenario.limited_class].window;
}

std::uint32_t mask(bool set) { return set ? ~std::uint32_t{0} : 0; }

Switches context_switches() noexcept {
  rusage usage{};
  getrusage(RUSAGE_THREAD, &usage);
  return {usage.ru_nvcsw, usage.ru_nivcsw};
}

}  // namespace

Member::Member(Subject& subject, const Scenario& scenario, unsigned index, double seconds,
               std::uint64_t seed)
    : worker_(subject.attach()),
      // Threads start at different places of the mix, lest they all send the rare request at once.
      position_{scenario.mix, index * 7 % scenario.mix.period},
      limited_{mask(scenario.mix.common == scenario.limited_class),
               mask(scenario.mix.rare == scenario.limited_class)},
      ledger_(window_of(scenario), seconds * 1.25 + 0.05) {
  if (scenario.sweeps_load) open_loop_ = make_on_own_pages<OpenLoop>(seed + index);
}

void Member::run(Mode mode, StartBarrier& barrier, std::uint64_t duration_ticks,
                 const Load& load) noexcept {
  totals_ = {};
  latencies_.clear();
  ledger_.clear();
  counts_ = counters_.take();
  const host::Clock& clock = host::Clock::get();
  const std::uint64_t start = barrier.arrive_and_wait();
  ledger_.start(clock.to_ns(start));
  const Switches before = context_switches();
  if (mode == Mode::latency) {
    send_timed(start + duration_ticks);
  } else if (mode == Mode::open_loop) {
    open_loop_->start(load, start, start + duration_ticks);
    send_paced();
    open_loop_->count_unsent();
  } else {
    counters_.start();
    clock.with_source([&](auto source) { send_untimed<decltype(source)>(start + duration_ticks); });
    counters_.stop();
    counts_ = counters_.take();
  }
  const Switches after = context_switches();
  switches_ = {after.voluntary - before.voluntary, after.involuntary - before.involuntary};
  check_config();
}

// Threads stop by the clock that they read anyway: a flag would be one more line to share.
template <class Source>
void Member::send_untimed(std::uint64_t end) noexcept {
  const host::Clock& clock = host::Clock::get();
  std::uint64_t tick = Source::ticks();
  totals_.first_tick = tick;
  for (std::uint32_t batches = 1; tick < end; ++batches) {
    const Nanoseconds now = clock.to_ns(tick);
    const Tally tally = worker_->untimed(position_, batch, now);
    tick = Source::ticks();
    count(tally, now, clock.to_ns(tick));
    if (batches % batches_per_check_untimed == 0) {
      check_config();
      tick = Source::ticks();
    }
  }
  totals_.last_tick = tick;
}

void Member::send_timed(std::uint64_t end) noexcept {
  const host::Clock& clock = host::Clock::get();
  std::uint64_t tick = clock.ticks();
  totals_.first_tick = tick;
  for (std::uint32_t batches = 1; tick < end; ++batches) {
    const Nanoseconds now = clock.to_ns(tick);
    const Tally tally = worker_->timed(position_, batch, tick, latencies_);
    count(tally, now, clock.to_ns(tick));
    if (batches % batches_per_check_timed == 0) check_config();
    // Counting and checking are nobody's latency.
    tick = clock.ticks();
  }
  totals_.last_tick = tick;
}

// The configuration is not checked in between: what is due then would have to wait.
void Member::send_paced() noexcept {
  const host::Clock& clock = host::Clock::get();
  const auto longest = static_cast<std::uint64_t>(paced_batch_ns / clock.ns_per_tick());
  const std::uint64_t end = open_loop_->end();
  std::uint64_t tick = clock.ticks();
  totals_.first_tick = tick;
  while (tick < end) {
    const Nanoseconds now = clock.to_ns(tick);
    const std::uint64_t until = std::min(end, tick + longest);
    const Tally tally = worker_->paced(position_, batch, until, tick, *open_loop_);
    count(tally, now, clock.to_ns(tick));
    tick = clock.ticks();
  }
  totals_.last_tick = tick;
}

void Member::count(const Tally& tally, Nanoseconds from, Nanoseconds to) noexcept {
  for (std::size_t kind = 0; kind < 2; ++kind) {
    totals_.requests[kind] += tally.requests[kind];
    totals_.admitted[kind] += tally.admitted[kind];
    totals_.denied[kind] += tally.denied[kind];
  }
  ledger_.note(from, to, (tally.admitted[0] & limited_[0]) + (tally.admitted[1] & limited_[1]),
               (tally.denied[0] & limited_[0]) + (tally.denied[1] & limited_[1]));
}

void Member::check_config() noexcept {
  const Config config = worker_->config();
  ++config_checks_.read;
  if (!is_untorn(config)) ++config_checks_.torn;
  if (config.version < config_checks_.last_version) ++config_checks_.backwards;
  config_checks_.last_version = config.version;
}

}  // namespace limiterbench::bench
