// The generic cell rate algorithm: one word of virtual time for each class, no windows.
//
// Source: ITU-T I.371, Annex A (virtual scheduling); the form used by folly::TokenBucket, Envoy and
//   governor.
// Semantics: its own contract. Each permit takes interval = window / limit nanoseconds, rounded up
//   for the request as a whole; a request is admitted if and only if the theoretical arrival time
//   (TAT) after it lies at most one window ahead of its `now`. So at most `limit` permits at once,
//   and in any span of t at most limit * (1 + t / window): up to twice the limit in one window.
//   A denial's wait is exact, to when the request would conform, plus the backoff. A reload keeps
//   the TAT, and with it the debt in time; requests that start later use the new rule. One that
//   read the old rule may still be admitted by it after publish() has returned.
// Progress: lock-free.
// Cost: one line; a load, two divisions and one read-modify-write. A denial does the first two
//   twice.
// Memory: 128 bytes a class.
// Avoid when: quotas are stated by calendar windows, or above 10^9 permits a second (an interval is
//   at least a nanosecond).
#pragma once

#include <algorithm>
#include <array>

#include "../composed.hpp"

namespace limiterbench::inline LIMITERBENCH_BACKEND {

class GcraQuota {
 public:
  [[nodiscard, gnu::always_inline]] bool try_take(std::uint32_t traffic_class,
                                                  const PublishedRule& rule, Permits cost,
                                                  Nanoseconds now) noexcept {
    return take(traffic_class, rule, cost, now).kind == Verdict::Kind::admitted;
  }

  [[nodiscard]] Verdict take(std::uint32_t traffic_class, const PublishedRule& rule, Permits cost,
                             Nanoseconds now) noexcept {
    sync::atomic<Nanoseconds>& word = arrival_[traffic_class].tat;
    const Nanoseconds taken = duration(cost, rule.rule);
    const Nanoseconds window = rule.rule.window;
    // relaxed, here and below: the word is all that requests share, and its read-modify-writes are
    // ordered among themselves.
    Nanoseconds tat = word.load(sync::relaxed);
    for (;;) {
      const Nanoseconds next = std::max(tat, now) + taken;
      if (next > now + window) return {Verdict::Kind::denied, next - window};
      if (word.compare_exchange_weak(tat, next, sync::relaxed, sync::relaxed))
        return {Verdict::Kind::admitted};
    }
  }

  void adopt(std::uint32_t, const PublishedRule&) noexcept {}
  [[nodiscard]] Permits error_bound(const Rule& rule, Permits) const noexcept { return rule.limit; }
  [[nodiscard]] Footprint footprint() const noexcept { return {}; }

  // cost * window / limit, rounded up, without leaving 64 bits: both remainders are below the
  // limit. cost must be at most the limit.
  [[nodiscard]] static Nanoseconds duration(Permits cost, const Rule& rule) noexcept {
    const Nanoseconds whole = rule.window / rule.limit;
    const Nanoseconds rest = rule.window % rule.limit;
    return cost * whole + (cost * rest + rule.limit - 1) / rule.limit;
  }

 private:
  struct alignas(sync::false_sharing_range) Arrival {
    sync::atomic<Nanoseconds> tat{0};
  };
  std::array<Arrival, class_count> arrival_;
};

}  // namespace limiterbench::inline LIMITERBENCH_BACKEND
