#include "native/member.hpp"

#include <sys/resource.h>

#include <algorithm>
#include <utility>

namespace limiterbench::bench {
namespace {

// Requests between two readings of the clock in throughput mode: few enough to keep `now` fresh,
// many enough to make the cost of reading it negligible.
constexpr std::uint32_t batch = 64;
// Batches between two checks of the configuration. In throughput mode the check is part of what is
// measured and takes about 150 ns; in latency mode it lies between two measured requests.
constexpr std::uint32_t batches_per_check_untimed = 64;
constexpr std::uint32_t batches_per_check_timed = 16;
// The ledger gets an entry this often, however few requests are due: far within its margin.
constexpr double paced_batch_ns = 50'000;

Switches context_switches() noexcept {
  rusage usage{};
  getrusage(RUSAGE_THREAD, &usage);
  return {usage.ru_nvcsw, usage.ru_nivcsw};
}

}  // namespace

Member::Member(std::unique_ptr<Worker> worker, const Scenario& scenario, unsigned index,
               double seconds, std::uint64_t seed)
    : MemberBase(scenario, index, seconds, seed, host::Clock::get().scale()),
      worker_(std::move(worker)) {}

void Member::run(Mode mode, StartBarrier& barrier, std::uint64_t duration_ticks,
                 const Load& load) noexcept {
  clear();
  counts_ = counters_.take();
  const host::Clock& clock = host::Clock::get();
  const std::uint64_t start = barrier.arrive_and_wait();
  start_ledgers(clock.to_ns(start));
  const Switches before = context_switches();
  if (mode == Mode::latency) {
    send_timed(start + duration_ticks);
  } else if (mode == Mode::open_loop || mode == Mode::generator) {
    open_loop_->start(load, start, start + duration_ticks);
    send_paced(mode == Mode::open_loop ? *worker_ : *idle_);
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

// Threads stop by the clock that they read anyway: a flag would be one more shared line.
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
    // Counting and checking are part of no request's latency.
    tick = clock.ticks();
  }
  totals_.last_tick = tick;
}

// The configuration is not checked in between: requests that are due then would have to wait.
void Member::send_paced(Worker& worker) noexcept {
  const host::Clock& clock = host::Clock::get();
  const auto longest = static_cast<std::uint64_t>(paced_batch_ns / clock.ns_per_tick());
  const std::uint64_t stop = open_loop_->stop();
  std::uint64_t tick = clock.ticks();
  totals_.first_tick = tick;
  while (tick < stop && !open_loop_->is_over()) {
    const Nanoseconds now = clock.to_ns(tick);
    const std::uint64_t until = std::min(stop, tick + longest);
    const Tally tally = worker.paced(position_, batch, until, tick, *open_loop_);
    count(tally, now, clock.to_ns(tick));
    tick = clock.ticks();
  }
  totals_.last_tick = tick;
}

}  // namespace limiterbench::bench
