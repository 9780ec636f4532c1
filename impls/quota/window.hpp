// The window in force of one traffic class, and the protocol that replaces it. Every windowed
// counter under quota/ builds on it.
//
// Progress: lock-free within a window; all wait for the thread that rolls it over.
// Avoid when: threads of different real-time priority (SCHED_FIFO) share a CPU. A thread that waits
//   for a rollover can keep the thread that it preempted from finishing it, since sched_yield()
//   does not let a thread of lower priority run.
//
// word    generation (32 bits) | closed | spare | used (30 bits)
// end     when the window in force ends, in full 64-bit nanoseconds
// epoch   of the rule in force
//
// Why usage and rule change at one instant. Requests compare-and-swap `word`. To roll over the
// window, or to adopt a changed rule, one elected thread closes the word, writes the rest, and
// opens it again with the next generation. Others wait for those ten instructions and for what
// `carry` does. `end` and `epoch` belong to a generation. A compare-and-swap that succeeds proves
// that the generation, and so the window and the rule that were read, were still in force. So a
// reload is atomic for the class.
//
// Hazard: generations that wrap. A window's time is never abbreviated: however long a class was
// idle, `now` is compared with a full `end`. The generation advances once a rollover, not with
// time, and only makes compare-and-swaps fail. To be fooled, a thread would have to sleep between
// its load and its compare-and-swap through exactly a multiple of 2^32 rollovers (at one each
// microsecond, 71 minutes) and wake to the same usage. Even then its one request is counted.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "../published.hpp"

namespace limiterbench::inline LIMITERBENCH_BACKEND {

class alignas(sync::false_sharing_range) Window {
 public:
  static constexpr std::uint64_t used_mask = max_limit;
  static constexpr std::uint64_t closed = std::uint64_t{1} << 31;
  static constexpr std::uint64_t spare = std::uint64_t{1} << 30;
  static constexpr std::uint64_t generation_step = std::uint64_t{1} << 32;

  static constexpr Permits used(std::uint64_t word) noexcept { return word & used_mask; }
  static constexpr std::uint64_t generation(std::uint64_t word) noexcept {
    return word & ~(generation_step - 1);
  }

  // The permits that a word or a cell counts in the generation of `word`: none under another one.
  static constexpr Permits used_in(std::uint64_t word, std::uint64_t cell) noexcept {
    return generation(cell) == generation(word) ? used(cell) : 0;
  }

  // Usage, or more than any limit while the window is closed: one comparison for both.
  static constexpr Permits used_or_closed(std::uint64_t word) noexcept {
    return word & (closed | used_mask);
  }

  struct View {
    std::uint64_t word = 0;
    Nanoseconds end = 0;  // 0: the given rule is not in force, or the window is over
  };

  // The word and end in force, if `rule` is in force and `now` is within the window. The word may
  // be closed: then no request is counted in it and used_or_closed() exceeds every limit.
  [[nodiscard, gnu::always_inline]] View peek(const PublishedRule& rule,
                                              Nanoseconds now) const noexcept {
    // (1) acquire: pairs with (7), (13): a generation comes with its end and epoch.
    const std::uint64_t word = word_.load(sync::acquire);
    // (2) acquire: pairs with (5): whoever sees a later generation's end sees the word closed.
    const Nanoseconds end = end_.load(sync::acquire);
    // (3) acquire: pairs with (6): as (2); whoever must read the configuration again finds it.
    const std::uint64_t epoch = epoch_.load(sync::acquire);
    if (epoch != rule.epoch) [[unlikely]]
      return {word, 0};
    if (now >= end) [[unlikely]]
      return {word, 0};
    return {word, end};
  }

  // The same for a counter that swaps a word of its own, which is stamped with a generation and was
  // read by an acquire before. The word is read last: no rollover lies between it and end or epoch.
  // Relaxed, or seq_cst for counters that reason over several words at once.
  template <sync::memory_order Order = sync::relaxed>
  [[nodiscard, gnu::always_inline]] View peek_last(const PublishedRule& rule,
                                                   Nanoseconds now) const noexcept {
    // (10) acquire: pairs with (5), as (2).
    const Nanoseconds end = end_.load(sync::acquire);
    // (11) acquire: pairs with (6), as (3).
    const std::uint64_t epoch = epoch_.load(sync::acquire);
    // relaxed: ordered after end and epoch by (10) and (11).
    const std::uint64_t word = word_.load(Order);
    if (epoch != rule.epoch) [[unlikely]]
      return {word, 0};
    if (now >= end) [[unlikely]]
      return {word, 0};
    return {word, end};
  }

  // The window that a request stamped `now` counts against under `rule`. It is rolled over if it
  // has ended, and adopts `rule` if its own is older; View::end is 0 if its own is newer. While the
  // window is closed, `carry` says what the word keeps: carry(old word, next generation, is the
  // window new, is the rule new) -> low 32 bits without `closed`. If it has a close(), that is
  // called first, while the old end and epoch still stand.
  template <class Carry>
  [[nodiscard]] View enter(const PublishedRule& rule, Nanoseconds now, Carry&& carry) noexcept {
    for (sync::spin_wait wait;;) {
      const View view = peek(rule, now);
      if (is_closed(view.word)) {
        wait();
        continue;
      }
      if (view.end != 0) return view;
      // (9) acquire: pairs with (6), as (3).
      if (epoch_.load(sync::acquire) > rule.epoch) return {};
      roll_over(view.word, rule, &now, carry);
    }
  }

  // Puts `rule` in force for a publisher, without a request.
  template <class Carry>
  void adopt(const PublishedRule& rule, Carry&& carry) noexcept {
    for (sync::spin_wait wait;;) {
      // (14) acquire: pairs with (6): read before the word. So if the rule is found adopted while
      // its adopter is still at work, the word is seen closed. A stale epoch costs an idle
      // rollover.
      const std::uint64_t epoch = epoch_.load(sync::acquire);
      // (8) acquire: pairs with (7), (13), as (1). Not shown as relaxed: whoever does not return
      // because of what (14) has read acquires the word again in (4).
      const std::uint64_t word = word_.load(sync::acquire);
      if (is_closed(word)) {
        wait();
        continue;
      }
      if (epoch >= rule.epoch) return;
      roll_over(word, rule, nullptr, carry);
    }
  }

  // Counts `cost` in the word if it fits into the window of `view`. none: the window has changed.
  [[nodiscard]] std::optional<bool> count(const View& view, Permits limit, Permits cost) noexcept {
    // A swap that fails within the generation means that others were admitted: look again.
    for (std::uint64_t word = view.word;
         used_or_closed(word) + cost <= limit && same_generation(word, view.word);) {
      if (try_add(word, cost)) return true;
    }
    if (is_current(view.word)) return false;
    return std::nullopt;
  }

  // Counts `cost` if nothing has changed since `word` was read; otherwise refreshes `word`.
  // relaxed: an admission publishes nothing, and the release sequence headed by (7) continues
  // through a read-modify-write of any order.
  [[nodiscard, gnu::always_inline]] bool try_add(std::uint64_t& word, Permits cost) noexcept {
    return word_.compare_exchange_weak(word, word + cost, sync::relaxed, sync::relaxed);
  }

  // A read, and the same as above, in the single total order of seq_cst operations: for counters
  // that reason over several words at once.
  [[nodiscard]] std::uint64_t load_in_order() const noexcept {
    // (15) seq_cst: see "The bound" in sharded.hpp.
    return word_.load(sync::seq_cst);
  }
  [[nodiscard]] bool try_add_in_order(std::uint64_t& word, Permits cost) noexcept {
    // (16) seq_cst: see "The bound" in sharded.hpp. relaxed: a failed swap only refreshes `word`.
    return word_.compare_exchange_weak(word, word + cost, sync::seq_cst, sync::relaxed);
  }

  // Marks the window as used up if nothing has changed since `word` was read. relaxed: as above.
  void try_exhaust(std::uint64_t word, Permits limit) noexcept {
    word_.compare_exchange_strong(word, (word & ~used_mask) | limit, sync::relaxed, sync::relaxed);
  }

  // Closes the window if nothing has changed since `word` was read; open() must follow, with a word
  // of the same generation. In between no compare-and-swap succeeds and rollovers wait.
  [[nodiscard]] bool try_close(std::uint64_t word) noexcept {
    // (12) acquire: pairs with (13): the word may have come back to an equal value since (1), and
    // what the caller writes next comes after what the thread that opened it had written. Not shown
    // as relaxed: the checker orders changes of one word as they are made.
    return word_.compare_exchange_strong(word, word | closed, sync::acquire, sync::relaxed);
  }
  void open(std::uint64_t word) noexcept {
    // (13) release: pairs with (4) in rseq_spend.hpp and with (1), (4), (8), (12).
    word_.store(word, sync::release);
  }

  // For restartable sequences, which need the addresses.
  struct Parts {
    const sync::atomic<std::uint64_t>& word;
    const sync::atomic<Nanoseconds>& end;
    const sync::atomic<std::uint64_t>& epoch;
  };
  [[nodiscard]] Parts parts() const noexcept { return {word_, end_, epoch_}; }
  // In bytes from the word. Templates, since offsetof does not take a checker's atomics.
  template <class Self = Window>
  static consteval std::size_t end_offset() {
    return offsetof(Self, end_) - offsetof(Self, word_);
  }
  template <class Self = Window>
  static consteval std::size_t epoch_offset() {
    return offsetof(Self, epoch_) - offsetof(Self, word_);
  }

  // Whether the generation of `word` was still in force after its end and epoch were read. Denials
  // ask, since they make no compare-and-swap. relaxed: ordered after them by (2) and (3).
  [[nodiscard]] bool is_current(std::uint64_t word) const noexcept {
    return same_generation(word, word_.load(sync::relaxed));
  }
  [[nodiscard]] static bool same_generation(std::uint64_t a, std::uint64_t b) noexcept {
    return (a ^ b) < closed;
  }

 private:
  static constexpr bool is_closed(std::uint64_t word) noexcept { return (word & closed) != 0; }

  template <class Carry>
  [[gnu::noinline]] void roll_over(std::uint64_t word, const PublishedRule& rule,
                                   const Nanoseconds* now, Carry&& carry) noexcept {
    // (4) acquire: pairs with (7), (13): whoever closes the window sees what the last thread
    // that closed it wrote. Not shown as relaxed: what is read here belongs to a generation, which
    // (1) or (8) has acquired, except cells, and those are swapped.
    if (!word_.compare_exchange_strong(word, word | closed, sync::acquire, sync::relaxed)) return;
    const Nanoseconds length = rule.rule.window;
    // relaxed: only the thread that closed the window writes end and epoch.
    const Nanoseconds end = end_.load(sync::relaxed);
    const bool resized = length_.read() != length;
    const bool fresh = resized || (now != nullptr && *now >= end);
    if constexpr (requires { carry.close(); }) carry.close();
    if (fresh) {
      // Without a request there is no time to align to: 0 makes the next request roll it over.
      // (5) release: pairs with (2) in rseq_spend.hpp and with (2), (10).
      end_.store(now == nullptr ? 0 : *now - *now % length + length, sync::release);
      length_.write() = length;
    }
    const bool adopts = epoch_.load(sync::relaxed) != rule.epoch;  // relaxed: as end
    // (6) release: pairs with (3) in rseq_spend.hpp, (5) in fetch_add.hpp and with (3), (9), (11),
    // (14).
    epoch_.store(rule.epoch, sync::release);
    const std::uint64_t generation = Window::generation(word) + generation_step;
    // (7) release: pairs with (4) in rseq_spend.hpp and with (1), (4), (8).
    word_.store(generation | carry(word, generation, fresh, adopts), sync::release);
  }

  sync::atomic<std::uint64_t> word_{0};
  sync::atomic<Nanoseconds> end_{0};
  sync::atomic<std::uint64_t> epoch_{0};
  sync::plain<Nanoseconds> length_{0};
};

}  // namespace limiterbench::inline LIMITERBENCH_BACKEND
