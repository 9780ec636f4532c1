// Usage counted in one cell per CPU; the cells are summed near the limit.
//
// Source: original; the division into "far: count locally" and "near: sum" is that of Linux's
//   percpu_counter (lib/percpu_counter.c) and of the approximate limit counters of P. McKenney,
//   "Is Parallel Programming Hard", chapter 5.
// Semantics: approximate. A window admits at most (shards - 1) * c permits beyond its limit, where
//   c is the largest cost among its requests. It never denies while room is left.
// Progress: lock-free within a window; all wait for the thread that rolls it over, which does one
//   read-modify-write for each CPU if it adopts a changed rule.
// Cost: far from the limit, reads of one shared line that is written once a batch, and a
//   read-modify-write of this CPU's own line; near it, a read of every CPU's line. The first denial
//   in a used-up window sets the level to the limit; later ones write nothing.
// Memory: 128 bytes a CPU and 128 bytes a class.
// Avoid when: limits are small compared to the number of CPUs: every request is near the limit.
//
// A cell holds {generation, permits admitted on this CPU in it}; under another generation it counts
// for nothing. In place of usage the window's word holds the level: whole batches, which a CPU
// announces before its cell starts on them. While requests may count as far, a cell is always less
// than a batch past what it has announced. So usage < level + shards * batch, which is the test for
// "far". A level equal to the limit means that the window is used up; a denial then reads one line.
//
// The bound. An admission reads its CPU's cell, tests the level or the sum, and swaps the cell from
// the value that it read. So on one shard each admission's test comes after all earlier admissions.
// Let S be the single total order of the seq_cst operations, which are (15), (16) in window.hpp and
// (1) to (7). Among the last admissions of all shards in a window, let m be the one whose read of
// its cell comes last in S. On every other shard all admissions but the last precede, in S, that
// last one's read of its cell, hence m's read, hence m's test, which counted them. The test passed.
// So all admissions fit within the limit, except the last ones of the other shards: shards - 1 of
// them, of at most c permits each.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <memory>
#include <optional>

#include "../published.hpp"
#include "verdict.hpp"
#include "window.hpp"

namespace limiterbench::inline LIMITERBENCH_BACKEND {

// Where the cells are: all classes of a CPU together, on lines of its own.
class CellsByCpu {
 public:
  using Cell = sync::atomic<std::uint64_t>;
  explicit CellsByCpu(unsigned shards) : shard_(std::make_unique<Shard[]>(shards)) {}
  [[nodiscard, gnu::always_inline]] Cell& at(unsigned shard,
                                             std::uint32_t traffic_class) const noexcept {
    return shard_[shard].cells[traffic_class];
  }
  [[nodiscard]] static constexpr std::uint64_t bytes(unsigned shards) noexcept {
    return shards * sizeof(Shard);
  }

 private:
  struct alignas(sync::false_sharing_range) Shard {
    std::array<Cell, class_count> cells{};
  };
  std::unique_ptr<Shard[]> shard_;
};

template <class Cells>
class BasicShardedQuota {
 public:
  explicit BasicShardedQuota(unsigned shards = sync::cpu_count())
      : shards_(shards),
        shard_bits_(static_cast<unsigned>(std::bit_width(shards - 1))),
        cells_(shards) {}

  // The common case: far from the limit and within a batch.
  [[nodiscard, gnu::always_inline]] Taken try_take(std::uint32_t traffic_class,
                                                   const PublishedRule& rule, Permits cost,
                                                   Nanoseconds now) noexcept {
    Cell& cell = own_cell(traffic_class);
    // (1) seq_cst: see "The bound". Not shown as acquire: the checker's single order agrees with
    // happens-before; that of C++20 need not, if weaker orders come between.
    std::uint64_t seen = cell.load(sync::seq_cst);
    // (2) seq_cst: see "The bound".
    const Window::View view = windows_[traffic_class].peek_last<sync::seq_cst>(rule, now);
    const Permits limit = rule.rule.limit;
    const unsigned shift = batch_shift(limit);
    const Permits mine = Window::used(seen);
    // (3) seq_cst: see "The bound". relaxed: a failed swap is not used.
    return {view.end != 0 && Window::generation(seen) == Window::generation(view.word) &&
                Window::used_or_closed(view.word) + (Permits{shards_} << shift) + cost <= limit &&
                (mine + cost) >> shift == mine >> shift &&
                cell.compare_exchange_strong(seen, seen + cost, sync::seq_cst, sync::relaxed),
            rule.version};
  }

  [[nodiscard, gnu::noinline]] Verdict take(std::uint32_t traffic_class, const PublishedRule& rule,
                                            Permits cost, Nanoseconds now) noexcept {
    Window& window = windows_[traffic_class];
    const Permits limit = rule.rule.limit;
    const auto carry = [&](std::uint64_t word, std::uint64_t generation, bool fresh,
                           bool adopts) noexcept {
      return carry_over(traffic_class, limit, word, generation, fresh, adopts);
    };
    for (;;) {
      const Window::View view = window.enter(rule, now, carry);
      if (view.end == 0) return {Verdict::Kind::stale};
      const Outcome outcome = Window::used(view.word) >= limit
                                  ? Outcome::full
                                  : count(window, traffic_class, view.word, limit, cost);
      if (outcome == Outcome::counted) return {Verdict::Kind::admitted};
      if (outcome == Outcome::full && window.is_current(view.word))
        return {Verdict::Kind::denied, view.end};
    }
  }

  void adopt(std::uint32_t traffic_class, const PublishedRule& rule) noexcept {
    windows_[traffic_class].adopt(
        rule, [&](std::uint64_t word, std::uint64_t generation, bool fresh, bool adopts) noexcept {
          return carry_over(traffic_class, rule.rule.limit, word, generation, fresh, adopts);
        });
  }

  [[nodiscard]] Permits error_bound(const Rule&, Permits cost) const noexcept {
    return (shards_ - 1) * cost;
  }
  [[nodiscard]] Footprint footprint() const noexcept { return {Cells::bytes(shards_), 0}; }

 private:
  using Cell = typename Cells::Cell;
  enum class Outcome : std::uint8_t { counted, full, again };

  // Operations on the level are seq_cst here: the bound needs one order over levels and cells.
  [[nodiscard]] Outcome count(Window& window, std::uint32_t traffic_class, std::uint64_t entered,
                              Permits limit, Permits cost) noexcept {
    Cell& cell = own_cell(traffic_class);
    // (4) seq_cst: see "The bound"; it also acquires, with what a later window counted, that
    // window's rollover. Not shown as acquire: as (1).
    std::uint64_t seen = cell.load(sync::seq_cst);
    std::uint64_t word = window.load_in_order();
    // Hazard: overwriting what a CPU has counted since a rollover. By (4) the word shows it too.
    if (!Window::same_generation(word, entered)) return Outcome::again;
    const Permits mine = Window::used_in(entered, seen);
    const unsigned shift = batch_shift(limit);
    const Permits level = Window::used(word);
    const Permits slack = Permits{shards_} << shift;
    if (level + slack + cost > limit) {
      const std::optional<Permits> total = sum(traffic_class, entered);
      if (!total) return Outcome::again;
      if (*total + cost > limit) {
        if (*total >= limit) window.try_exhaust(word, limit);
        return Outcome::full;
      }
    }
    // Announced before it is counted, as long as requests may count as far. If the swap below then
    // fails, the level is too high for now, and summing starts earlier. The level stays below the
    // limit, which would mean "used up".
    const Permits begun = ((mine + cost) >> shift << shift) - (mine >> shift << shift);
    if (begun != 0 && level + slack < limit &&
        !window.try_add_in_order(word, std::min(begun, limit - 1 - level)))
      return Outcome::again;
    const std::uint64_t counted = Window::generation(entered) | (mine + cost);
    // (5) seq_cst: see "The bound". relaxed: a failed swap is not used.
    return cell.compare_exchange_strong(seen, counted, sync::seq_cst, sync::relaxed)
               ? Outcome::counted
               : Outcome::again;
  }

  // All that the cells hold under the generation of `entered`; nothing once the window has turned.
  [[nodiscard]] std::optional<Permits> sum(std::uint32_t traffic_class,
                                           std::uint64_t entered) const noexcept {
    Permits total = 0;
    for (unsigned i = 0; i < shards_; ++i) {
      // (6) seq_cst: see "The bound".
      const std::uint64_t seen = cells_.at(i, traffic_class).load(sync::seq_cst);
      if (is_later(seen, entered)) return std::nullopt;
      total += Window::used_in(entered, seen);
    }
    return total;
  }

  // What the word holds in its next generation. A changed rule rewrites the cells, which makes a
  // swap begun under the old rule fail. A new window leaves them to their CPUs, except once in 2^31
  // generations: a cell's generation may never get so old that it passes for new.
  [[nodiscard]] std::uint64_t carry_over(std::uint32_t traffic_class, Permits limit,
                                         std::uint64_t word, std::uint64_t generation, bool fresh,
                                         bool adopts) noexcept {
    constexpr std::uint64_t sweep_period = std::uint64_t{1} << 63;
    if (fresh && !adopts && generation % sweep_period != 0) return 0;
    Permits total = 0;
    Permits level = 0;
    const unsigned shift = batch_shift(limit);
    for (unsigned i = 0; i < shards_; ++i) {
      Cell& cell = cells_.at(i, traffic_class);
      std::uint64_t seen = cell.load(sync::relaxed);  // relaxed: the swap confirms it
      std::uint64_t kept;
      do {
        kept = fresh ? 0 : Window::used_in(word, seen);
        // (7) seq_cst: see "The bound". Not shown as acq_rel or release: whoever counts under this
        // generation has acquired the word that comes after. Kept, to have every swap in one order.
      } while (!cell.compare_exchange_weak(seen, generation | kept, sync::seq_cst, sync::relaxed));
      total += kept;
      level += kept >> shift << shift;
    }
    return total >= limit ? limit : level;
  }

  // Cells advance in batches of about sqrt(limit), a power of two. After an announcement every CPU
  // reads the window's line again, one after the other. A sum reads every CPU's cell, but all CPUs
  // sum at once. So a window costs about (limit / batch) * shards line transfers for announcements
  // and shards * batch for sums, which is least at batch * batch = limit. At most half a window is
  // summed, or its last `shards` permits if these are more.
  [[nodiscard, gnu::always_inline]] unsigned batch_shift(Permits limit) const noexcept {
    const unsigned bits = static_cast<unsigned>(std::bit_width(limit));
    return std::min(bits / 2, bits - std::min(bits, shard_bits_ + 2));
  }

  // Hazard: a thread that sleeps in sum() through 2^31 rollovers, and wakes while the last one
  // rewrites the cells, takes those for empty. It may then count one request too many.
  [[nodiscard]] static bool is_later(std::uint64_t cell, std::uint64_t word) noexcept {
    return static_cast<std::int64_t>(Window::generation(cell) - Window::generation(word)) > 0;
  }

  [[nodiscard, gnu::always_inline]] Cell& own_cell(std::uint32_t traffic_class) noexcept {
    const unsigned cpu = sync::current_cpu();
    return cells_.at(cpu < shards_ ? cpu : cpu % shards_, traffic_class);
  }

  std::array<Window, class_count> windows_;
  unsigned shards_;
  unsigned shard_bits_;
  Cells cells_;
};

using ShardedQuota = BasicShardedQuota<CellsByCpu>;

}  // namespace limiterbench::inline LIMITERBENCH_BACKEND
