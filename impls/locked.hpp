// Configuration and counters under one lock, taken exclusively by every request.
//
// Source: original; the lock is the design's.
// Semantics: exact; requests and reloads run one after the other.
// Progress: blocking.
// Cost: the lock's exclusive acquire and release, which write a shared line even for a denial.
//   There are no other atomic accesses.
// Memory: one configuration and 16 counters.
// Avoid when: more than one thread makes requests. It is the baseline.
#pragma once

#include <array>
#include <cstddef>

#include "published.hpp"  // IWYU pragma: export
#include "streaks.hpp"

namespace limiterbench::inline LIMITERBENCH_BACKEND {

template <class Mutex, class Guard = sync::lock_guard<Mutex>>
class Locked {
 public:
  class alignas(sync::false_sharing_range) Handle {
   private:
    friend Locked;
    Streaks streaks_;
  };

  explicit Locked(const Config& config) : state_(State{succeed(Published{}, config), {}}) {}

  [[nodiscard]] Handle attach() noexcept { return {}; }

  [[nodiscard, gnu::always_inline]] Decision try_acquire(Handle& handle,
                                                         const Request& request) noexcept {
    const Guard lock(mutex_);
    State& state = state_.write();
    if (request.traffic_class >= class_count) [[unlikely]]
      return refuse_class(state.published);
    const PublishedRule& rule = state.published.rules[request.traffic_class];
    if (!is_admissible(request, rule.rule)) [[unlikely]]
      return refusal(request, rule);
    Usage& usage = state.usage[request.traffic_class];
    if (request.now >= usage.end) [[unlikely]]
      roll_over(usage, rule.rule.window, request.now);
    if (usage.used + request.cost > rule.rule.limit) [[unlikely]]
      return handle.streaks_.deny(request.traffic_class, rule, usage.end, request.now);
    usage.used += request.cost;
    handle.streaks_.admit(request.traffic_class);
    return Decision::admit(rule.version);
  }

  [[nodiscard]] Config config(Handle&) noexcept {
    const Guard lock(mutex_);
    return state_.read().published.config();
  }

  void publish(const Config& config) {
    const Guard lock(mutex_);
    State& state = state_.write();
    const Published next = succeed(state.published, config);
    for (std::size_t i = 0; i < class_count; ++i) {
      if (next.rules[i].rule.window != state.published.rules[i].rule.window) state.usage[i] = {};
    }
    state.published = next;
  }

  [[nodiscard]] Footprint footprint() const noexcept { return {}; }
  [[nodiscard]] Permits error_bound(const Rule&, Permits) const noexcept { return 0; }

 private:
  struct Usage {
    Permits used = 0;
    Nanoseconds end = 0;  // of the window in force; 0: none yet
  };
  // Out of line, here and below: inlining makes the admitting path spill registers.
  [[gnu::noinline]] static void roll_over(Usage& usage, Nanoseconds length,
                                          Nanoseconds now) noexcept {
    usage = {0, now - now % length + length};
  }
  [[nodiscard, gnu::noinline]] static Decision refuse_class(const Published& published) noexcept {
    return Decision::refuse(Reason::class_unknown, published.rules[0].version);
  }
  struct State {
    Published published;
    std::array<Usage, class_count> usage;
  };

  alignas(sync::false_sharing_range) Mutex mutex_;
  alignas(sync::false_sharing_range) sync::plain<State> state_;
};

}  // namespace limiterbench::inline LIMITERBENCH_BACKEND
