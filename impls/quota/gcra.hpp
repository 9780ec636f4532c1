// The generic cell rate algorithm: one double word of virtual time for each class, no windows.
//
// Source: ITU-T I.371, Annex A (virtual scheduling); as in folly::TokenBucket, Envoy and governor.
// Semantics: its own contract. Each permit takes window / limit nanoseconds, as a fraction. A
//   request is admitted if and only if the theoretical arrival time (TAT) after it lies at most one
//   window ahead of its `now`. All of this is exact, as shown below. A denial's retry_after is the
//   time to the first nanosecond at which the request would be admitted, plus the backoff.
// Progress: lock-free.
// Cost: one line; loads of three words, three multiplications and one read-modify-write of 16
//   bytes. A denial loads and multiplies twice, divides once and writes nothing that is shared.
// Memory: 128 bytes a class.
// Avoid when: quotas are stated by calendar windows.
//
// Exactness. While a rule is in force, for every limit, window and cost, and stamps in any order:
// - Requests whose stamps lie within t nanoseconds of each other are admitted for at most
//   limit + floor(limit * t / window) permits: the first one counted finds the TAT at or after its
//   stamp, or moves it there; each adds cost * window / limit; the last leaves the TAT at most one
//   window after its own stamp. One window may therefore admit up to twice the limit.
// - Once nothing is owed, exactly `limit` permits are admitted at one instant, however they are cut
//   into costs: the TAT is then at `now`, and their times add up to one window.
// - No request waits longer than those bounds make it: a TAT is never rounded.
// The word therefore counts time in 1/limit nanoseconds. In this unit `now` is now * limit and a
// permit takes `window`. Both are whole numbers, so admitting neither divides nor rounds. They stay
// below (max_now + max_window) * max_limit < 2^94. So does a TAT, which was at most one window
// ahead of some `now` when it was stored.
//
// Why 64 bits are too few. Take a limit and a window without a common divisor, and fresh limiters
// of that rule that each admit one request: at any of 2^63 stamps, of any of `limit` costs. No two
// of the resulting TATs are equal, and of any two the earlier admits some request sooner.
//
// Reload. The TAT stays, and with it the debt in time; requests that start later use the new rule.
// A request that read the old rule may still be admitted by it after publish() has returned. The
// word names the limit in whose unit it counts. A request under another limit converts the TAT and
// rounds it up to its own unit: by less than 1/limit nanoseconds each time, which can only delay.
//
// Hazard: a torn load. wide_atomic reads the halves one after the other, and the high half must not
// change and change back in between. It holds the limit, the upper part of the TAT, which only
// grows while the limit stays, and a count of conversions modulo 16. A load is torn only if it is
// interrupted while requests under the old and the new rule of one reload alternate through a
// multiple of 16 conversions. Its swap then fails and nothing is admitted: one denial may be wrong.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>

#include "../published.hpp"
#include "verdict.hpp"

namespace limiterbench::inline LIMITERBENCH_BACKEND {

class GcraQuota {
  __extension__ using Wide = unsigned __int128;

  // limit (30 bits) | conversions (4 bits) | TAT in 1/limit nanoseconds (94 bits)
  class Word {
   public:
    explicit Word(sync::wide bits) noexcept : bits_(bits) {}

    [[nodiscard]] sync::wide bits() const noexcept { return bits_; }
    [[nodiscard]] Permits limit() const noexcept { return bits_.high >> limit_shift; }
    [[nodiscard]] Wide tat() const noexcept {
      return Wide{bits_.high & tat_mask} << 64 | Wide{bits_.low};
    }
    [[nodiscard]] Word with(Wide tat) const noexcept {
      return Word({(bits_.high & ~tat_mask) | static_cast<std::uint64_t>(tat >> 64),
                   static_cast<std::uint64_t>(tat)});
    }
    // The same debt, counted by `limit`. A limit of 0 means that nobody has written the word.
    [[nodiscard]] Word by(Permits limit) const noexcept {
      const Permits old = this->limit();
      if (old == limit) return *this;
      const std::uint64_t count = (bits_.high + conversion) & conversions_mask;
      const Wide same = old == 0 ? 0 : (tat() * limit + (old - 1)) / old;  // below 2^124
      return Word({limit << limit_shift | count, 0}).with(same);
    }

   private:
    static constexpr unsigned limit_shift = 34;
    static constexpr std::uint64_t conversion = std::uint64_t{1} << 30;
    static constexpr std::uint64_t tat_mask = conversion - 1;
    static constexpr std::uint64_t conversions_mask = 15 * conversion;
    static_assert(max_limit >> (64 - limit_shift) == 0);

    sync::wide bits_;
  };

 public:
  [[nodiscard, gnu::always_inline]] Taken try_take(std::uint32_t traffic_class,
                                                   const PublishedRule& rule, Permits cost,
                                                   Nanoseconds now) noexcept {
    sync::wide_atomic& shared = arrival_[traffic_class].word;
    // relaxed, here and below: requests share nothing but the word, whose read-modify-writes have
    // an order of their own.
    const Word word(shared.load(sync::relaxed));
    if (word.limit() != rule.rule.limit) [[unlikely]]
      return {};
    const Wide next = after(word, rule.rule, cost, now);
    return {next <= latest(rule.rule, now) &&
                shared.swap_if(word.bits(), word.with(next).bits(), sync::relaxed),
            rule.version};
  }

  [[nodiscard, gnu::noinline]] Verdict take(std::uint32_t traffic_class, const PublishedRule& rule,
                                            Permits cost, Nanoseconds now) noexcept {
    sync::wide_atomic& shared = arrival_[traffic_class].word;
    for (;;) {
      const Word seen(shared.load(sync::relaxed));
      const Word word = seen.by(rule.rule.limit);
      const Wide next = after(word, rule.rule, cost, now);
      const Wide last = latest(rule.rule, now);
      if (next > last) return {Verdict::Kind::denied, now + wait(next - last, rule.rule.limit)};
      if (shared.swap_if(seen.bits(), word.with(next).bits(), sync::relaxed))
        return {Verdict::Kind::admitted};
    }
  }

  void adopt(std::uint32_t, const PublishedRule&) noexcept {}
  [[nodiscard]] Permits error_bound(const Rule& rule, Permits) const noexcept { return rule.limit; }
  [[nodiscard]] Footprint footprint() const noexcept { return {}; }

 private:
  // The TAT once the request is admitted, and the latest at which it is.
  [[nodiscard, gnu::always_inline]] static Wide after(const Word& word, const Rule& rule,
                                                      Permits cost, Nanoseconds now) noexcept {
    return std::max(word.tat(), Wide{now} * rule.limit) + Wide{cost} * rule.window;
  }
  [[nodiscard, gnu::always_inline]] static Wide latest(const Rule& rule, Nanoseconds now) noexcept {
    return Wide{now + rule.window} * rule.limit;
  }
  // Whole nanoseconds until `now` has moved on by `units`.
  [[nodiscard]] static Nanoseconds wait(Wide units, Permits limit) noexcept {
    return static_cast<Nanoseconds>((units + (limit - 1)) / limit);
  }

  struct alignas(sync::false_sharing_range) Arrival {
    sync::wide_atomic word;
  };
  std::array<Arrival, class_count> arrival_;
};

}  // namespace limiterbench::inline LIMITERBENCH_BACKEND
