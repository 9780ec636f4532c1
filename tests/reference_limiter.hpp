// The contract of limiter.hpp as a sequential program: the shortest code that keeps it, one lock
// around everything. The randomised test holds every row against it.
#pragma once

#include <limiterbench/limiter.hpp>

#include <algorithm>
#include <array>
#include <mutex>
#include <optional>

namespace limiterbench::conformance {

// min(ceiling, initial * multiplier^(denials-1)), one multiplication after the other: the product
// stays below 2^57, for it is cut at the ceiling each time.
constexpr Nanoseconds delay_of(const Backoff& backoff, std::uint64_t denials) noexcept {
  Nanoseconds delay = std::min(backoff.ceiling, backoff.initial);
  for (std::uint64_t k = 1; k < denials; ++k) {
    const Nanoseconds next = std::min(backoff.ceiling, delay * backoff.multiplier);
    if (next == delay) break;
    delay = next;
  }
  return delay;
}

class reference {
 public:
  static constexpr Info info{
      .name = "reference",
      .summary = "the contract as a sequential program",
      .source = "original",
      .exactness = Exactness::exact,
      .progress = Progress::blocking,
  };

  struct Handle {
    std::array<std::uint64_t, class_count> denials{};
  };

  explicit reference(const Config& config) { publish(config); }

  Handle attach() { return {}; }

  Decision try_acquire(Handle& handle, const Request& request) noexcept {
    const std::lock_guard lock(mutex_);
    const std::uint64_t version = config_.version;
    if (request.traffic_class >= class_count)
      return Decision::refuse(Reason::class_unknown, version);
    const Rule& rule = config_.rules[request.traffic_class];
    if (request.cost == 0) return Decision::refuse(Reason::cost_zero, version);
    if (request.now > max_now) return Decision::refuse(Reason::time_out_of_range, version);
    if (request.cost > rule.limit) return Decision::refuse(Reason::cost_above_limit, version);

    std::optional<Window>& window = windows_[request.traffic_class];
    const std::uint64_t index = request.now / rule.window;
    if (!window || index > window->index) window = Window{index, 0};
    std::uint64_t& denials = handle.denials[request.traffic_class];
    if (window->used + request.cost <= rule.limit) {
      window->used += request.cost;
      denials = 0;
      return Decision::admit(version);
    }
    const Nanoseconds end = (window->index + 1) * rule.window;
    return Decision::deny(end - request.now + delay_of(rule.backoff, ++denials), version);
  }

  Config config(Handle&) noexcept {
    const std::lock_guard lock(mutex_);
    return config_;
  }

  void publish(const Config& config) {
    validate(config);
    const std::lock_guard lock(mutex_);
    for (std::size_t i = 0; i < class_count; ++i) {
      if (config.rules[i].window != config_.rules[i].window) windows_[i].reset();
    }
    config_ = config;
    config_.checksum = checksum_of(config);
  }

  Footprint footprint() const noexcept { return {}; }
  Permits error_bound(const Rule&, Permits) const noexcept { return 0; }

 private:
  struct Window {
    std::uint64_t index;
    Permits used;
  };
  std::mutex mutex_;
  Config config_;
  std::array<std::optional<Window>, class_count> windows_;
};
static_assert(Limiter<reference>);

}  // namespace limiterbench::conformance
