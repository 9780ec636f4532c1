// Usage leased to CPUs in shrinking lots from the window's pool, taken back before any denial.
//
// Source: original; the exact limit counters of P. McKenney, "Is Parallel Programming Hard",
//   chapter 5 ("Exact Limit Counters"), with windows, a generation per turn instead of signals, and
//   lots that shrink toward the limit.
// Semantics: exact.
// Progress: lock-free on a CPU's own lease; taking or returning one closes the window for some ten
//   instructions (a sweep: one read-modify-write a CPU), which others wait for.
// Cost: four loads of lines that are seldom written, one read-modify-write of this CPU's own line.
// Memory: 256 bytes a CPU, a line for each four classes, and 128 bytes a class.
// Avoid when: limits are small against the number of CPUs: every lot is then one request.
//
// The window's word holds the permits handed out, and `settled`: no lease is outstanding. A cell
// holds {generation, permits left of this CPU's lease}; under another generation it holds nothing.
//
// Invariant, in each generation: admitted + left in the cells + (limit - handed out) = limit.
//   A request spends from a cell by a swap that lowers it by the cost: admitted grows as left
//   shrinks. Straight from the pool, admitted and handed out grow together. A lease moves permits
//   from the pool to a cell, a sweep moves them back; both while the window is closed. So admitted
//   never exceeds handed out, which never exceeds the limit: never over.
// A denial is made while settled and with less in the pool than the cost. Settled, the cells are
//   empty, so that admitted = handed out: it is denied exactly when its cost does not fit. Or else
//   by what the last sweep of the generation found admitted, which has not grown less since: so a
//   cost that does not fit sweeps once, however many small ones are leased around it.
// Stale spending. A swap succeeds only on a cell that still holds the lease that was read.
//   Adopting a changed rule sweeps every cell, so that a swap begun under the old rule fails. A
//   turn of the window alone does not: a swap that succeeds after it spends what belonged to the
//   old window, by a request that came in its time.
//
// Lots: half of the pool divided among the CPUs (powers of two), so that a window of L permits on N
// CPUs takes about 2 N ln(L / 2N) leases.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <memory>

#include "window.hpp"

namespace limiterbench::inline LIMITERBENCH_BACKEND {

// A CPU's cell, changed by read-modify-writes that any thread may make.
struct AtomicCells {
  using Cell = sync::atomic<std::uint64_t>;

  [[nodiscard]] static bool spend(unsigned, Cell& cell, std::uint64_t seen, Permits cost,
                                  const Window&, std::uint64_t) noexcept {
    // relaxed: admission publishes nothing, and continues the release sequence of (2).
    return cell.compare_exchange_strong(seen, seen - cost, sync::relaxed, sync::relaxed);
  }
  // Adds a lease while the window is closed. False: not possible here and now.
  [[nodiscard]] static bool deposit(unsigned, Cell& cell, std::uint64_t generation, Permits permits,
                                    const Window&, std::uint64_t) noexcept {
    std::uint64_t seen = cell.load(sync::relaxed);  // relaxed: the swap confirms it
    for (;;) {
      const Permits left = Window::generation(seen) == generation ? Window::used(seen) : 0;
      // (2) release: pairs with (1): with a lease comes the turn that opened its generation.
      if (cell.compare_exchange_weak(seen, generation | (left + permits), sync::release,
                                     sync::relaxed))
        return true;
    }
  }
  // Called before a sweep, with the window closed.
  static void quiesce() noexcept {}
};

template <class Access>
class LeasedQuota {
 public:
  explicit LeasedQuota(unsigned cpus = sync::cpu_count())
      : cpus_(cpus),
        lot_shift_(static_cast<unsigned>(std::bit_width(cpus - 1)) + 1),
        shard_(std::make_unique<Shard[]>(shards())) {}

  [[nodiscard, gnu::always_inline]] bool try_take(std::uint32_t traffic_class,
                                                  const PublishedRule& rule, Permits cost,
                                                  Nanoseconds now) noexcept {
    const unsigned cpu = shard_index();
    Cell& cell = shard_[cpu].leases[traffic_class].cell;
    // (1) acquire: pairs with (1) in leased_rseq.hpp and (2): the window is seen as new as the
    // lease.
    const std::uint64_t seen = cell.load(sync::acquire);
    const Window& window = windows_[traffic_class];
    const Window::View view = window.peek_last(rule, now);
    return view.end != 0 && Window::same_generation(seen, view.word) &&
           Window::used(seen) >= cost && Access::spend(cpu, cell, seen, cost, window, view.word);
  }

  [[nodiscard, gnu::noinline]] Verdict take(std::uint32_t traffic_class, const PublishedRule& rule,
                                            Permits cost, Nanoseconds now) noexcept {
    Window& window = windows_[traffic_class];
    const Permits limit = rule.rule.limit;
    for (;;) {
      const Window::View view = window.enter(rule, now, carrying(traffic_class));
      if (view.end == 0) return {Verdict::Kind::stale};
      if (try_take(traffic_class, rule, cost, now)) return {Verdict::Kind::admitted};
      const Permits used = Window::used(view.word);
      if (used + cost <= limit) {
        if (draw(window, traffic_class, view.word, cost, limit - used - cost))
          return {Verdict::Kind::admitted};
      } else if ((view.word & settled) != 0 ||
                 surely_admitted(traffic_class, view) + cost > limit) {
        if (window.is_current(view.word)) return {Verdict::Kind::denied, view.end};
      } else if (window.try_close(view.word)) {
        count_pool_write(traffic_class);
        const Permits back = sweep(traffic_class, view.word, Window::generation(view.word));
        const std::uint64_t word = view.word - back;
        // relaxed: within a generation any value that was ever stored is true. Whoever reads this
        // one has the window's word, of the same generation, to decide by.
        swept_.words[traffic_class].store(word, sync::relaxed);
        window.open(word | settled);
      }
    }
  }

  void adopt(std::uint32_t traffic_class, const PublishedRule& rule) noexcept {
    windows_[traffic_class].adopt(rule, carrying(traffic_class));
  }

  [[nodiscard]] Permits error_bound(const Rule&, Permits) const noexcept { return 0; }
  [[nodiscard]] Footprint footprint() const noexcept { return {shards() * sizeof(Shard), 0}; }

  // How often the shared pool was written by a request.
  [[nodiscard]] std::uint64_t pool_writes() const noexcept {
    std::uint64_t total = 0;
    for (unsigned i = 0; i < shards(); ++i) {
      // relaxed: a statistic.
      for (const Lease& lease : shard_[i].leases) total += lease.pool_writes.load(sync::relaxed);
    }
    return total;
  }

 protected:
  using Cell = typename Access::Cell;
  // One class on one CPU.
  struct Lease {
    Cell cell{0};
    sync::atomic<std::uint64_t> pool_writes{0};
  };
  struct alignas(sync::false_sharing_range) Shard {
    std::array<Lease, class_count> leases{};
  };

  // What the window's word held after its last sweep: in its generation, so much was admitted.
  struct alignas(sync::false_sharing_range) Swept {
    std::array<sync::atomic<std::uint64_t>, class_count> words{};
  };

  std::array<Window, class_count> windows_;
  Swept swept_;
  unsigned cpus_;
  unsigned lot_shift_;
  std::unique_ptr<Shard[]> shard_;

 private:
  static constexpr std::uint64_t settled = Window::spare;

  // Permits that were admitted in the window of `view`, or fewer; they never grow less in it.
  [[nodiscard]] Permits surely_admitted(std::uint32_t traffic_class,
                                        const Window::View& view) const noexcept {
    // relaxed: see where it is stored.
    const std::uint64_t word = swept_.words[traffic_class].load(sync::relaxed);
    return Window::generation(word) == Window::generation(view.word) ? Window::used(word) : 0;
  }

  // Takes `cost` from the pool, and a lease of what remains there if there is enough to share.
  [[nodiscard]] bool draw(Window& window, std::uint32_t traffic_class, std::uint64_t word,
                          Permits cost, Permits remaining) noexcept {
    const Permits lot = remaining >> lot_shift_;
    if (lot == 0) {
      if (!window.try_add(word, cost)) return false;
      count_pool_write(traffic_class);
      return true;
    }
    if (!window.try_close(word)) return false;
    count_pool_write(traffic_class);
    const unsigned cpu = shard_index();
    const bool leased = Access::deposit(cpu, shard_[cpu].leases[traffic_class].cell,
                                        Window::generation(word), lot, window, word);
    window.open(leased ? (word & ~settled) + cost + lot : word + cost);
    return true;
  }

  // Empties every cell and stamps it with `generation`; returns what was left of the leases of the
  // generation of `word`. The window must be closed.
  [[nodiscard]] Permits sweep(std::uint32_t traffic_class, std::uint64_t word,
                              std::uint64_t generation) noexcept {
    Access::quiesce();
    Permits back = 0;
    for (unsigned i = 0; i < shards(); ++i) {
      Cell& cell = shard_[i].leases[traffic_class].cell;
      // relaxed: read-modify-writes of a cell are ordered among themselves, which is all that
      // counting permits needs.
      const std::uint64_t seen = cell.exchange(generation, sync::relaxed);
      if (Window::generation(seen) == Window::generation(word)) back += Window::used(seen);
    }
    return back;
  }

  // What the word holds in its next generation. A new window needs no sweep, except that every 2^31
  // turns makes sure that no generation kept in a cell or in swept_ is old enough to pass for new.
  [[nodiscard]] auto carrying(std::uint32_t traffic_class) noexcept {
    return [this, traffic_class](std::uint64_t word, std::uint64_t generation, bool fresh,
                                 bool adopts) noexcept -> std::uint64_t {
      constexpr std::uint64_t sweep_period = std::uint64_t{1} << 63;
      if (fresh && !adopts && generation % sweep_period != 0) return settled;
      const Permits back = sweep(traffic_class, word, generation);
      swept_.words[traffic_class].store(generation, sync::relaxed);  // relaxed: as in take()
      return settled | (fresh ? 0 : Window::used(word) - back);
    };
  }

  // relaxed: a statistic, on this CPU's own line.
  void count_pool_write(std::uint32_t traffic_class) noexcept {
    shard_[shard_index()].leases[traffic_class].pool_writes.fetch_add(1, sync::relaxed);
  }

  // One for each CPU, and one for those that the system did not announce.
  [[nodiscard]] unsigned shards() const noexcept { return cpus_ + 1; }
  [[nodiscard]] unsigned shard_index() const noexcept { return sync::current_cpu(cpus_); }
};

}  // namespace limiterbench::inline LIMITERBENCH_BACKEND
