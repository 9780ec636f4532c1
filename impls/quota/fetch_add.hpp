// Usage counted by one fetch_add for each admission, on a line of its own.
//
// Source: original; the count is that of Go services that use atomic.AddUint64. The window and the
//   rule lie on a line that requests only read.
// Semantics: exact.
// Progress: lock-free within a window (window.hpp). All also wait for the first request that does
//   not fit into a window: some ten instructions.
// Cost: three loads of a line that is seldom written and one fetch_add. The first request that does
//   not fit ends the additions: until the window is over, or its rule has changed, requests
//   compare-and-swap the window's word as in packed.hpp. Denials then only read. The same holds
//   after a window has been shortened, until the longest end so far has passed.
// Memory: 256 bytes a class.
// Avoid when: a cost that does not fit comes long before its window is used up. Or when the costs
//   of all requests inside at one moment may add up to 2^42.
//
// The word is window.hpp's, with `adding`: requests add to `count`, and the word holds no usage.
// Without it the word holds the usage, and `count` is meaningless.
//
// count   low 22 bits of the generation | total (42 bits)
//
// A generation starts with a total of `full` less the permits that are left. So an addition fits if
// and only if the total that it makes is at most `full`: whoever added knows this from the value
// that comes back, whatever the limit and whatever has happened since the window was read.
//
// Every addition that fits is an admission. The value that comes back names the generation that was
// added to. If that is the one that was read, its window and its rule were in force. If it is a
// later one, the request counts as decided by that: it was not over for the request, because no
// generation is opened for additions that ends before an earlier one did. Nothing has to be given
// back, so no permit is lost, and nobody is denied because of a permit that is given back later.
//
// No addition that does not fit counts. Totals only grow within a generation. So the first one that
// does not fit, and only that one, sees a total of at most `full` come back: what it lacks to
// `full` is what all additions of the generation, past and future, leave. That request puts the
// usage into the word and so ends the additions. Later ones only raise a total above `full`, from
// which no usage is computed. Example: limit 10, 8 used. Costs of 3 and 1 are added in this order.
// The 3 does not fit, and the request that added it writes 8 into the word. The 1 sees a total
// above `full`, waits until the word says 8, and is admitted by a swap from 8 to 9.
//
// Rollovers. A thread that closes the word closes the count too, before it writes the next end and
// epoch. If usage carries over while the first request that did not fit has not written it yet, the
// thread waits for it.
//
// Overflow. A closed or full total grows by at most one addition of each thread, of less than 2^30:
// 42 bits have room for 4,000 threads that add the largest cost at once.
//
// Hazard: versions. A request whose addition fell into a later generation, under another rule, is
// decided by that rule but has not read its version. It takes the version that was adopted last. If
// it sleeps until a third rule has been adopted, that is newer than the rule that counted it.
//
// Hazard: generations that wrap. The request that ends the additions finds its generation by 22
// bits. To end those of another one, it would have to sleep through a multiple of 2^22 rollovers,
// or through one less. A request that sleeps as long between reading the word and adding is counted
// correctly, but names the version that it has read.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>

#include "../published.hpp"
#include "verdict.hpp"
#include "window.hpp"

namespace limiterbench::inline LIMITERBENCH_BACKEND {

class FetchAddQuota {
 public:
  [[nodiscard, gnu::always_inline]] Taken try_take(std::uint32_t traffic_class,
                                                   const PublishedRule& rule, Permits cost,
                                                   Nanoseconds now) noexcept {
    Counter& counter = counters_[traffic_class];
    const Window::View view = counter.window.peek(rule, now);
    std::uint64_t seen = closed;
    if (view.end != 0 && is_adding(view.word)) [[likely]] {
      // relaxed: an admission publishes nothing, and continues the release sequence of (2). It
      // finds the count at least as new as the word, by (1) in window.hpp. If the end or the epoch
      // is newer than the word, it finds the count closed or opened again since, by (2) and (3).
      seen = counter.count.fetch_add(cost, sync::relaxed);
      // Under another stamp the difference, modulo 2^64, is 2^42 or more.
      if (seen - stamp(view.word) + cost <= full) [[likely]]
        return {true, rule.version};
    }
    return settle(counter, seen, cost, rule);
  }

  [[nodiscard, gnu::noinline]] Verdict take(std::uint32_t traffic_class, const PublishedRule& rule,
                                            Permits cost, Nanoseconds now) noexcept {
    Counter& counter = counters_[traffic_class];
    for (sync::spin_wait wait;;) {
      const Window::View view = counter.window.enter(rule, now, Carry{counter, rule});
      if (view.end == 0) return {Verdict::Kind::stale};
      if (is_adding(view.word)) {
        // relaxed: who has added too much sees at least that, and waits until the word says so.
        if (total(counter.count.load(sync::relaxed)) <= full) return {Verdict::Kind::again};
        wait();
        continue;
      }
      const std::optional<bool> counted = counter.window.count(view, rule.rule.limit, cost);
      if (counted) return verdict(*counted, view.end);
    }
  }

  void adopt(std::uint32_t traffic_class, const PublishedRule& rule) noexcept {
    Counter& counter = counters_[traffic_class];
    counter.window.adopt(rule, Carry{counter, rule});
  }

  [[nodiscard]] Permits error_bound(const Rule&, Permits) const noexcept { return 0; }
  [[nodiscard]] Footprint footprint() const noexcept { return {}; }

 private:
  static constexpr std::uint64_t adding = Window::spare;
  static constexpr unsigned total_bits = 42;
  static constexpr Permits full = max_limit;
  static constexpr std::uint64_t closed = full + 1;
  // See "Overflow".
  static_assert(closed + 4'000 * max_limit < std::uint64_t{1} << total_bits);

  static constexpr bool is_adding(std::uint64_t word) noexcept {
    return static_cast<std::uint32_t>(word) == adding;
  }
  // The generation of a word, as a count shows it.
  static constexpr std::uint64_t stamp(std::uint64_t word) noexcept {
    return Window::generation(word) << (total_bits - 32);
  }
  static constexpr Permits total(std::uint64_t count) noexcept {
    return count & ((std::uint64_t{1} << total_bits) - 1);
  }

  struct Counter {
    Window window;
    alignas(sync::false_sharing_range) sync::atomic<std::uint64_t> count{closed};
    // The limit and version of the rule in force. Whoever closes the window writes them.
    sync::atomic<Permits> limit{0};
    sync::atomic<std::uint64_t> version{0};
    sync::plain<Nanoseconds> latest_end{0};
  };

  // What an addition comes to that does not fit, or fell into another generation than was read.
  [[nodiscard, gnu::noinline]] static Taken settle(Counter& counter, std::uint64_t seen,
                                                   Permits cost,
                                                   const PublishedRule& rule) noexcept {
    const Permits before = total(seen);
    if (before > full) return {};
    // (1) acquire: pairs with (2): the word and the rule are seen at least as new as what was added
    // to.
    (void)counter.count.load(sync::acquire);
    if (before + cost <= full) {
      // (5) acquire: pairs with (6) in window.hpp: an epoch comes with the version of its rule.
      const bool same_rule = counter.window.parts().epoch.load(sync::acquire) == rule.epoch;
      return {true, same_rule ? rule.version : counter.version.load(sync::relaxed)};
    }
    end_additions(counter, seen, before);
    return {};
  }

  // Called by the first request that does not fit into the generation of `seen`.
  static void end_additions(Counter& counter, std::uint64_t seen, Permits before) noexcept {
    // (3) acquire: pairs with (4): a limit of a later generation comes with a word that is closed
    // for that one. The usage computed from it is worthless, but nobody reads it. Not shown as
    // relaxed: in the checker a load never reads what is stored after it.
    const Permits limit = counter.limit.load(sync::acquire);
    const std::uint64_t used = (limit - (full - before)) & Window::used_mask;
    for (sync::spin_wait wait;;) {
      // relaxed: the swap confirms it.
      std::uint64_t word = counter.window.parts().word.load(sync::relaxed);
      const std::uint64_t ahead = seen - before - stamp(word);
      if (ahead == std::uint64_t{1} << total_bits) {
        wait();  // the count is open for the next generation and the word not yet
        continue;
      }
      if (ahead != 0 || (word & adding) == 0) return;
      // Also while the word is closed: the thread that closed it waits for this, see usage().
      if (counter.window.try_add(word, used - adding)) return;
    }
  }

  // What happens to the count while the window is closed.
  struct Carry {
    Counter& counter;
    const PublishedRule& rule;
    std::uint64_t last = 0;

    void close() noexcept {
      // relaxed: sequenced before (5) and (6) in window.hpp.
      last = counter.count.exchange(closed, sync::relaxed);
      // relaxed, both: only the thread that closed the window writes the epoch, and (6) in
      // window.hpp orders the version before it.
      if (counter.window.parts().epoch.load(sync::relaxed) != rule.epoch)
        counter.version.store(rule.version, sync::relaxed);
    }
    std::uint64_t operator()(std::uint64_t word, std::uint64_t generation, bool fresh,
                             bool adopts) noexcept {
      const Permits used = fresh ? 0 : usage(word);
      const Permits limit = rule.rule.limit;
      // (4) release: pairs with (3). Not shown as relaxed: as (3).
      if (adopts) counter.limit.store(limit, sync::release);
      // relaxed: only the thread that closed the window writes the end.
      const Nanoseconds end = counter.window.parts().end.load(sync::relaxed);
      Nanoseconds& latest = counter.latest_end.write();
      latest = std::max(latest, end);
      if (end < latest || used >= limit) return used;
      // (2) release: pairs with (1).
      counter.count.store(stamp(generation) | (full - (limit - used)), sync::release);
      return adding;
    }
    [[nodiscard]] Permits usage(std::uint64_t word) const noexcept {
      // relaxed, here and below: only the thread that closed the window writes the limit, and the
      // usage is in the word itself.
      if ((word & adding) != 0 && total(last) <= full)
        return counter.limit.load(sync::relaxed) - (full - total(last));
      for (sync::spin_wait wait; (word & adding) != 0; wait())
        word = counter.window.parts().word.load(sync::relaxed);
      return Window::used(word);
    }
  };

  std::array<Counter, class_count> counters_;
};

}  // namespace limiterbench::inline LIMITERBENCH_BACKEND
