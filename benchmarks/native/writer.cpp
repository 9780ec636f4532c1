#include "native/writer.hpp"

#include <sys/prctl.h>
#include <time.h>

#include <algorithm>
#include <cerrno>

namespace limiterbench::bench {
namespace {

constexpr Nanoseconds slow_period = 1'000'000;
// Footprints are sampled after each publication of a slow writer and after every so many of a fast
// one.
constexpr std::uint64_t publishes_per_sample = 16;

// Sleeps until an absolute time: waking late does not add up.
void sleep_until(Nanoseconds deadline) {
  const Nanoseconds now = host::Clock::get().to_ns(host::Clock::get().ticks());
  if (now >= deadline) return;
  timespec until{};
  clock_gettime(CLOCK_MONOTONIC, &until);
  const Nanoseconds nanoseconds = static_cast<Nanoseconds>(until.tv_nsec) + (deadline - now);
  until.tv_sec += static_cast<time_t>(nanoseconds / 1'000'000'000);
  until.tv_nsec = static_cast<long>(nanoseconds % 1'000'000'000);
  while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, nullptr) == EINTR) {
  }
}

}  // namespace

Writer::Writer(Subject& subject, const Scenario& scenario, bool shares_cpu)
    : subject_(subject), scenario_(scenario), shares_cpu_(shares_cpu) {
  // The default, 50 us, is five times the shortest period. If the kernel refuses this, a reload may
  // be that late; none is left out.
  prctl(PR_SET_TIMERSLACK, 1UL);
}

void Writer::sample_footprint() {
  const Footprint now = subject_.footprint();
  peak_ = {std::max(peak_.live, now.live), std::max(peak_.retired, now.retired)};
}

void Writer::run(StartBarrier& barrier, std::uint64_t duration_ticks, Permits edge_limit,
                 std::uint64_t& version) {
  const host::Clock& clock = host::Clock::get();
  const auto period = static_cast<Nanoseconds>(1e9 / scenario_.reloads_per_second);
  // A writer that spins on a CPU of the team would keep the thread there from running.
  const bool sleeps = period >= slow_period || shares_cpu_;
  const std::uint64_t start = barrier.arrive_and_wait();
  const Nanoseconds end = clock.to_ns(start + duration_ticks);
  // Off the start, and within even the shortest phase.
  const Nanoseconds duration = end - clock.to_ns(start);
  Nanoseconds deadline = clock.to_ns(start) + std::min(period, duration) / 2;
  for (std::uint64_t done = 0; deadline < end; ++done) {
    const Config config = configuration(scenario_, ++version, edge_limit);
    if (sleeps) sleep_until(deadline);
    std::uint64_t begin;
    while (clock.to_ns(begin = clock.ticks()) < deadline) {
    }
    subject_.publish(config);
    const std::uint64_t finish = clock.ticks();
    publishes_.record(clock.to_ns(finish - begin));
    if (period >= slow_period || done % publishes_per_sample == 0) sample_footprint();
    // Missed publications are not made up for: a burst would be another scenario.
    deadline = std::max(deadline + period, clock.to_ns(finish));
  }
}

}  // namespace limiterbench::bench
