// A limiter that is right, but for one fault that can be chosen: what the harness must notice.
#pragma once

#include <limiterbench/limiter.hpp>

#include <array>
#include <mutex>
#include <stdexcept>

namespace limiterbench::bench {

enum class Fault {
  none,
  one_too_many,       // each window admits one more than its limit
  one_too_few,        // each window denies its last permit
  within_bound,       // as one_too_many, but says so
  denies_open_class,  // once in 1000
  refuses,            // says "never" once in 1000
  tears_config,
  goes_backwards,  // shows an older configuration after a newer one
  cannot_attach,
  cannot_publish,
};

template <Fault Chosen>
class faulty_limiter {
 public:
  static constexpr Info info{
      .name = "faulty",
      .summary = "one mutex, one fault",
      .source = "original",
      .exactness = Chosen == Fault::within_bound ? Exactness::approximate : Exactness::exact,
      .progress = Progress::blocking,
      .bound = Chosen == Fault::within_bound ? "1" : "0"};
  struct Handle {};

  explicit faulty_limiter(const Config& config) : config_(config) {
    config_.checksum = checksum_of(config_);
  }

  Handle attach() {
    if constexpr (Chosen == Fault::cannot_attach) throw std::runtime_error("no slot left");
    return {};
  }

  Decision try_acquire(Handle&, const Request& request) noexcept {
    const std::lock_guard lock(mutex_);
    if (Chosen == Fault::refuses && ++requests_ % 1000 == 0)
      return Decision::refuse(Reason::cost_above_limit, config_.version);
    if (Chosen == Fault::denies_open_class && request.traffic_class == 0 && ++requests_ % 1000 == 0)
      return Decision::deny(1, config_.version);
    const Rule& rule = config_.rules[request.traffic_class];
    Usage& usage = usage_[request.traffic_class];
    if (const std::uint64_t window = request.now / rule.window; window > usage.window)
      usage = {window, 0};
    if (usage.permits + request.cost > allowed(rule)) return Decision::deny(1, config_.version);
    usage.permits += request.cost;
    return Decision::admit(config_.version);
  }

  Config config(Handle&) noexcept {
    const std::lock_guard lock(mutex_);
    Config seen = config_;
    ++reads_;
    if (Chosen == Fault::tears_config && reads_ % 10 == 0) seen.rules[9].limit ^= 1;
    if (Chosen == Fault::goes_backwards && reads_ % 10 == 0) {
      seen.version = 0;
      seen.checksum = checksum_of(seen);
    }
    return seen;
  }

  void publish(const Config& config) {
    if constexpr (Chosen == Fault::cannot_publish) throw std::runtime_error("out of memory");
    const std::lock_guard lock(mutex_);
    config_ = config;
    config_.checksum = checksum_of(config_);
  }

  [[nodiscard]] Footprint footprint() const noexcept { return {100, 7}; }
  [[nodiscard]] Permits error_bound(const Rule&, Permits) const noexcept {
    return Chosen == Fault::within_bound ? 1 : 0;
  }

 private:
  struct Usage {
    std::uint64_t window = 0;
    Permits permits = 0;
  };

  static Permits allowed(const Rule& rule) {
    if (Chosen == Fault::one_too_many || Chosen == Fault::within_bound) return rule.limit + 1;
    return Chosen == Fault::one_too_few ? rule.limit - 1 : rule.limit;
  }

  std::mutex mutex_;
  Config config_;
  std::array<Usage, class_count> usage_{};
  std::uint64_t requests_ = 0;
  std::uint64_t reads_ = 0;
};

}  // namespace limiterbench::bench
