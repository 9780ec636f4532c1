// Usage leased to CPUs in shrinking lots from the window's pool, taken back before any denial.
//
// Source: original; the exact limit counters of P. McKenney, "Is Parallel Programming Hard",
//   chapter 5 ("Exact Limit Counters"), with windows, a generation per turn instead of signals, and
//   lots that shrink toward the limit.
// Semantics: exact.
// Progress: lock-free while leases are taken and spent; a sweep closes the window while it takes
//   back what is left of every CPU's lease; it waits for those who are taking one, others for it.
// Cost: four loads of lines that are seldom written, one read-modify-write of this CPU's own line.
//   The first denial in a window that is used up may sweep; later ones write nothing.
// Memory: 256 bytes a CPU, a line for each four classes, 128 bytes a class, and 128 bytes.
// Avoid when: limits are small against the number of CPUs: every lot is then one request; and as
//   window.hpp, where who takes a lease is waited for too.
//
// The window's word holds the permits handed out, and `settled`: no lease is outstanding. A cell
// holds {generation, permits left of this CPU's lease}; under another generation it holds nothing.
// Or it is claimed by a thread that takes a lease: who else comes by leaves it alone, or waits.
//
// Invariant, in each generation: admitted + left in the cells + (limit - handed out) = limit.
//   A request spends from a cell by a swap that lowers it by the cost: admitted grows as left
//   shrinks. Straight from the pool, admitted and handed out grow together. A lease moves permits
//   from the pool to a cell; what is on the way belongs to the cell, which was claimed before. A
//   sweep moves them back, while the window is closed. So admitted never exceeds handed out, which
//   never exceeds the limit: never over.
// A denial is made while settled and with less in the pool than the cost. Settled, the cells are
//   empty, since a sweep waits for those that are claimed, and taking a lease unsettles the word;
//   so that admitted = handed out: it is denied exactly when its cost does not fit. Or else by what
//   the last sweep of the generation found admitted, which has not grown less since: so a cost that
//   does not fit sweeps once, however many small ones are leased around it.
// Stale spending. A swap succeeds only on a cell that holds what was read.
//   Adopting a changed rule sweeps every cell, so that a swap begun under the old rule fails. A
//   turn of the window alone does not: a swap that succeeds after it spends what belonged to the
//   old window, by a request that came in its time.
//
// Lots: half of the pool divided among the CPUs (powers of two), so that a window of L permits on N
// CPUs takes about 2 N ln(L / 2N) leases.
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <memory>

#include "../published.hpp"
#include "verdict.hpp"
#include "window.hpp"

namespace limiterbench::inline LIMITERBENCH_BACKEND {

// What a cell holds while a lease for it is taken: a generation half of all turns away from that of
// the word which the taker read, so that nothing spends from it.
struct Claim {
  static constexpr std::uint64_t bit = Window::spare;
  static constexpr std::uint64_t of(std::uint64_t word) noexcept {
    return (Window::generation(word) ^ std::uint64_t{1} << 63) | bit;
  }
  static constexpr bool is(std::uint64_t cell) noexcept { return (cell & bit) != 0; }
};

// A CPU's cell, changed by read-modify-writes that any thread may make.
struct AtomicCells {
  using Cell = sync::atomic<std::uint64_t>;

  [[nodiscard, gnu::always_inline]] static bool spend(unsigned, Cell& cell, std::uint64_t seen,
                                                      Permits cost, const Window&,
                                                      std::uint64_t) noexcept {
    // relaxed: admission publishes nothing, and continues the release sequence of (2).
    return cell.compare_exchange_strong(seen, seen - cost, sync::relaxed, sync::relaxed);
  }
  // True: the cell, which held `seen`, is the caller's until it stores there.
  [[nodiscard]] static bool claim(unsigned, Cell& cell, std::uint64_t seen, const Window&,
                                  std::uint64_t word) noexcept {
    // relaxed: who must see it acquires (17) in window.hpp.
    return cell.compare_exchange_strong(seen, Claim::of(word), sync::relaxed, sync::relaxed);
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
    // (1) acquire: pairs with (2): the window is seen as new as the lease.
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
    return Window::used_in(view.word, word);
  }

  // Takes `cost` from the pool, and with it a lease if there is enough to share.
  [[nodiscard]] bool draw(Window& window, std::uint32_t traffic_class, std::uint64_t word,
                          Permits cost, Permits remaining) noexcept {
    const unsigned cpu = shard_index();
    Cell& cell = shard_[cpu].leases[traffic_class].cell;
    const Permits lot = remaining >> lot_shift_;
    // (3) acquire: pairs with (2): what is put back is as new as it was. Not shown as relaxed: the
    // lease must be of a later turn than `word`, and be spent by a third thread that has missed it.
    const std::uint64_t seen = lot == 0 ? Claim::bit : cell.load(sync::acquire);
    if (Claim::is(seen) || !Access::claim(cpu, cell, seen, window, word)) {
      if (!window.try_draw(word, word + cost)) return false;
    } else {
      const bool drawn = window.try_draw(word, (word & ~settled) + cost + lot);
      const std::uint64_t lease = Window::generation(word) + Window::used_in(word, seen) + lot;
      // (2) release: pairs with (1), (3): with a lease comes the turn that opened its generation.
      cell.store(drawn ? lease : seen, sync::release);
      if (!drawn) return false;
    }
    count_pool_write(traffic_class);
    return true;
  }

  // Takes back what is left of the leases of the generation of `word`, and returns it. The window
  // must be closed. Under another `generation` every cell is stamped with it.
  [[nodiscard]] Permits sweep(std::uint32_t traffic_class, std::uint64_t word,
                              std::uint64_t generation) noexcept {
    Access::quiesce();
    Permits back = 0;
    for (unsigned i = 0; i < shards(); ++i)
      back += take_back(shard_[i].leases[traffic_class].cell, word, generation);
    return back;
  }
  [[nodiscard]] static Permits take_back(Cell& cell, std::uint64_t word,
                                         std::uint64_t generation) noexcept {
    // relaxed: changes of a cell are ordered among themselves, which is all that counting permits
    // needs.
    std::uint64_t seen = cell.load(sync::relaxed);
    for (sync::spin_wait wait;;) {
      if (Claim::is(seen)) {
        wait();
        seen = cell.load(sync::relaxed);  // relaxed: as above
        continue;
      }
      const Permits back = Window::used_in(word, seen);
      if (back == 0 && generation == Window::generation(word)) return 0;
      // relaxed: as above.
      if (cell.compare_exchange_weak(seen, generation, sync::relaxed, sync::relaxed)) return back;
    }
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
  [[nodiscard, gnu::always_inline]] unsigned shard_index() const noexcept {
    return sync::current_cpu(cpus_);
  }
};

}  // namespace limiterbench::inline LIMITERBENCH_BACKEND
