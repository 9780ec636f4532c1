#include "host/clock.hpp"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <limits>

#if defined(__x86_64__)
#include <cpuid.h>
#endif

namespace limiterbench::host {
namespace {

#if defined(__x86_64__)

bool has_invariant_tsc() {
  unsigned eax = 0, ebx = 0, ecx = 0, edx = 0;
  return __get_cpuid(0x80000007, &eax, &ebx, &ecx, &edx) != 0 && (edx & (1U << 8)) != 0;
}

// The kernel takes a TSC off this list when it catches it running apart between CPUs.
bool kernel_distrusts_tsc() {
  std::ifstream file("/sys/devices/system/clocksource/clocksource0/available_clocksource");
  std::string name;
  if (!(file >> name)) return false;
  do {
    if (name == "tsc") return false;
  } while (file >> name);
  return true;
}

struct Instant {
  double tsc;
  double ns;
};

// The reading that the TSC brackets most tightly: the others were interrupted.
Instant read_both(std::uint64_t origin) {
  Instant best{};
  std::uint64_t tightest = std::numeric_limits<std::uint64_t>::max();
  for (int i = 0; i < 64; ++i) {
    timespec raw{};
    const std::uint64_t before = TscClock::ticks();
    clock_gettime(CLOCK_MONOTONIC_RAW, &raw);
    const std::uint64_t width = TscClock::ticks() - before;
    if (width >= tightest) continue;
    tightest = width;
    best.tsc = static_cast<double>(before - origin) + static_cast<double>(width) / 2;
    best.ns = static_cast<double>(raw.tv_sec) * 1e9 + static_cast<double>(raw.tv_nsec);
  }
  return best;
}

double ns_per_tick_between(const Instant& from, const Instant& to) {
  return (to.ns - from.ns) / (to.tsc - from.tsc);
}

void wait_ten_milliseconds() {
  const timespec duration{0, 10'000'000};
  clock_nanosleep(CLOCK_MONOTONIC, 0, &duration, nullptr);
}

// Two spans must agree. If they differ, the TSC does not tick steadily or the machine stood still:
// this tries again before it gives up. 0 if they never agree.
double measure_ns_per_tick() {
  constexpr double tolerance = 100e-6;
  for (int attempt = 0; attempt < 5; ++attempt) {
    const std::uint64_t origin = TscClock::ticks();
    const Instant first = read_both(origin);
    wait_ten_milliseconds();
    const Instant middle = read_both(origin);
    wait_ten_milliseconds();
    const Instant last = read_both(origin);
    const double early = ns_per_tick_between(first, middle);
    const double late = ns_per_tick_between(middle, last);
    if (early > 0 && std::abs(early - late) <= tolerance * early) {
      return ns_per_tick_between(first, last);
    }
  }
  return 0;
}

#endif

}  // namespace

TickScale::TickScale(double ns_per_tick)
    : ns_per_tick_(ns_per_tick),
      multiplier_(static_cast<std::uint64_t>(std::llround(std::ldexp(ns_per_tick, shift)))) {}

Clock::Clock(bool is_tsc, double ns_per_tick, std::string reason)
    : is_tsc_(is_tsc), scale_(ns_per_tick), reason_(std::move(reason)) {}

Clock Clock::monotonic(std::string reason) { return {false, 1.0, std::move(reason)}; }

Clock Clock::fallback(std::string reason) {
  Clock clock = monotonic(std::move(reason));
  clock.fell_back_ = true;
  return clock;
}

Clock Clock::calibrated() {
#if defined(__x86_64__)
  if (!has_invariant_tsc()) return fallback("the processor has no invariant TSC");
  if (kernel_distrusts_tsc()) {
    return fallback("the kernel does not list the TSC among its clock sources");
  }
  const double ns_per_tick = measure_ns_per_tick();
  if (ns_per_tick <= 0) return fallback("the TSC does not tick steadily");
  return {true, ns_per_tick, "invariant TSC, steady against CLOCK_MONOTONIC_RAW"};
#else
  return monotonic("no TSC on this architecture");
#endif
}

Clock& Clock::chosen() {
  static Clock clock = calibrated();
  return clock;
}

const Clock& Clock::get() { return chosen(); }

void Clock::distrust_tsc(std::string reason) { chosen() = fallback(std::move(reason)); }

std::optional<bool> Clock::tsc_is_invariant() {
#if defined(__x86_64__)
  return has_invariant_tsc();
#else
  return std::nullopt;
#endif
}

}  // namespace limiterbench::host
