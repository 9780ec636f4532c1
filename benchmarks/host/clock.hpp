// The measuring clock: the cheapest one on this host that can be trusted.
//
// A measuring loop is a template over the source (TscClock or MonotonicClock), and takes no branch
// for a timestamp: Clock::get().with_source([&](auto source) { loop<decltype(source)>(); }).
#pragma once

#include <time.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#if defined(__x86_64__)
#include <x86intrin.h>
#endif

namespace limiterbench::host {

struct MonotonicClock {
  [[nodiscard]] static std::uint64_t ticks() noexcept {
    timespec now{};
    clock_gettime(CLOCK_MONOTONIC, &now);
    return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000 +
           static_cast<std::uint64_t>(now.tv_nsec);
  }
  [[nodiscard]] static std::uint64_t ticks_after_loads() noexcept { return ticks(); }
};

#if defined(__x86_64__)
// Not serialising: the instructions around it may overlap it by some ten nanoseconds, which
// cancels in chained timestamps. A fence would cost more than most of what is measured.
struct TscClock {
  [[nodiscard]] static std::uint64_t ticks() noexcept { return __rdtsc(); }
  // Waits for all earlier loads, by LFENCE.
  [[nodiscard]] static std::uint64_t ticks_after_loads() noexcept {
    _mm_lfence();
    return __rdtsc();
  }
};
#else
using TscClock = MonotonicClock;
#endif

// What the ticks of a clock are in nanoseconds.
class TickScale {
 public:
  explicit TickScale(double ns_per_tick);

  [[nodiscard]] double ns_per_tick() const noexcept { return ns_per_tick_; }
  // Exact to 1 part in 2^31 for a clock of 1 GHz, to 1 in 2^21 for one of 1 THz. No count that fits
  // in 64 bits of nanoseconds overflows.
  [[nodiscard]] std::uint64_t to_ns(std::uint64_t ticks) const noexcept {
    return static_cast<std::uint64_t>((static_cast<Wide>(ticks) * multiplier_) >> shift);
  }

 private:
  __extension__ using Wide = unsigned __int128;
  static constexpr unsigned shift = 32;

  double ns_per_tick_;
  std::uint64_t multiplier_;
};

class Clock {
 public:
  // Calibrated on first use, which takes about 20 ms.
  [[nodiscard]] static const Clock& get();
  // Never the TSC; what a host without a usable one gets.
  [[nodiscard]] static Clock monotonic(std::string reason);
  // From now on that is the clock. No other thread may be using the one before.
  static void distrust_tsc(std::string reason);

  [[nodiscard]] std::uint64_t ticks() const noexcept {
    return is_tsc_ ? TscClock::ticks() : MonotonicClock::ticks();
  }
  [[nodiscard]] std::uint64_t ticks_after_loads() const noexcept {
    return is_tsc_ ? TscClock::ticks_after_loads() : MonotonicClock::ticks_after_loads();
  }
  [[nodiscard]] const TickScale& scale() const noexcept { return scale_; }
  [[nodiscard]] double ns_per_tick() const noexcept { return scale_.ns_per_tick(); }
  [[nodiscard]] std::uint64_t to_ns(std::uint64_t ticks) const noexcept {
    return scale_.to_ns(ticks);
  }
  [[nodiscard]] bool is_tsc() const noexcept { return is_tsc_; }
  [[nodiscard]] std::string_view source() const noexcept {
    return is_tsc_ ? "tsc" : "clock_monotonic";
  }
  // Whether this machine has a TSC that cannot be trusted. Elsewhere the monotonic clock is all
  // there is, and no fallback.
  [[nodiscard]] bool fell_back() const noexcept { return fell_back_; }
  // Whether the processor says that its TSC ticks at one rate in every state; nullopt without one.
  [[nodiscard]] static std::optional<bool> tsc_is_invariant();
  // Why this source.
  [[nodiscard]] std::string_view reason() const noexcept { return reason_; }

  template <class Function>
  decltype(auto) with_source(Function&& function) const {
    if (is_tsc_) return std::forward<Function>(function)(TscClock{});
    return std::forward<Function>(function)(MonotonicClock{});
  }

 private:
  Clock(bool is_tsc, double ns_per_tick, std::string reason);
  [[nodiscard]] static Clock calibrated();
  [[nodiscard]] static Clock fallback(std::string reason);
  [[nodiscard]] static Clock& chosen();

  bool is_tsc_;
  TickScale scale_;
  std::string reason_;
  bool fell_back_ = false;
};

}  // namespace limiterbench::host
