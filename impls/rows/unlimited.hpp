// Design `unlimited`: admits everything and reads nothing: the harness's floor.
//
// Source: original. Semantics: none, it does not limit. Progress: wait-free. Cost: a comparison.
// Memory: one configuration, for config(). Avoid when: anything must be limited.
#pragma once

#include "../published.hpp"

namespace limiterbench::inline LIMITERBENCH_BACKEND {

class unlimited {
 public:
  static constexpr Info info{.name = "unlimited",
                             .summary = "Admits everything: the floor of the harness",
                             .source = "original",
                             .exactness = Exactness::none,
                             .progress = Progress::wait_free,
                             .bound = "none"};

  class Handle {};

  explicit unlimited(const Config& config) : published_(succeed(Published{}, config)) {}

  [[nodiscard]] Handle attach() noexcept { return {}; }

  // Version 0: no configuration decided.
  [[nodiscard, gnu::always_inline]] Decision try_acquire(Handle&, const Request& request) noexcept {
    if (request.traffic_class >= class_count) [[unlikely]]
      return Decision::refuse(Reason::class_unknown, 0);
    return Decision::admit(0);
  }

  [[nodiscard]] Config config(Handle&) noexcept {
    const sync::lock_guard<sync::mutex> lock(mutex_);
    return published_.read().config();
  }

  void publish(const Config& config) {
    const sync::lock_guard<sync::mutex> lock(mutex_);
    published_.write() = succeed(published_.read(), config);
  }

  [[nodiscard]] Footprint footprint() const noexcept { return {}; }
  [[nodiscard]] Permits error_bound(const Rule&, Permits) const noexcept { return 0; }

 private:
  sync::mutex mutex_;
  sync::plain<Published> published_;  // guarded by mutex_
};

}  // namespace limiterbench::inline LIMITERBENCH_BACKEND
