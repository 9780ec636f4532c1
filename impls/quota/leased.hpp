// Permits leased to CPUs: each CPU refills its lease from the window's pool, in grants that shrink
// toward the limit. All leases are taken back before a denial.
//
// Source: original; the exact limit counters of P. McKenney, "Is Parallel Programming Hard",
//   chapter 5 ("Exact Limit Counters"), with windows, generations for signals, shrinking grants.
// Semantics: exact.
// Progress: lock-free while leases are refilled and spent. A sweep takes back what is left of every
//   lease. It closes the window and waits for threads that are refilling; all others wait for it.
// Cost: four loads of lines that are seldom written, one read-modify-write of this CPU's own line.
//   The first denial in a used-up window may sweep; later ones write nothing.
// Memory: 256 bytes a CPU, a line for each four classes, 128 bytes a class, and 128 bytes.
// Avoid when: limits are small compared to the number of CPUs: every grant is then one request.
//   Also as window.hpp says, where a thread that refills is waited for too.
//
// The window's word holds the permits handed out, and `settled`: no lease is outstanding. A cell
// holds {generation, permits left of this CPU's lease}; under another generation it holds none.
// While a thread refills it, the cell is claimed: other requests leave it alone, and a sweep waits.
//
// Never over the limit. In each generation, admitted + left in the cells + (limit - handed out) =
// limit. A request spends from a cell by a swap that lowers it by the cost: admitted grows as left
// shrinks. A request served straight from the pool raises admitted and handed out together. A
// refill moves permits from the pool to a cell, which it has claimed first; permits on the way
// belong to the cell. A sweep moves them back, while the window is closed. So admitted never
// exceeds handed out, which never exceeds the limit.
//
// Never denied too early. A request is denied while the word is settled and the pool holds less
// than the cost. The cells are then empty, since a sweep waits for claimed cells and a refill
// unsettles the word. So admitted = handed out, and the request is denied exactly when its cost
// does not fit. Otherwise it is denied by the count found by this generation's last sweep, a lower
// bound on what was admitted. So a cost that does not fit sweeps once, whatever else is leased.
//
// Stale spending. A swap succeeds only on a cell that holds what was read. Adopting a changed rule
// sweeps every cell, and a swap begun under the old rule then fails. A rollover alone does not
// sweep: a swap that succeeds after it spends permits of the old window for a request of that time.
//
// Grants: half of the pool divided among the CPUs (powers of two). A window of L permits on N CPUs
// takes about 2 N ln(L / 2N) refills.
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <memory>

#include "../published.hpp"
#include "verdict.hpp"
#include "window.hpp"

namespace limiterbench::inline LIMITERBENCH_BACKEND {

// What a cell holds while a thread refills it: the generation farthest from that of the word which
// the thread read, from which nothing spends.
struct Claim {
  static constexpr std::uint64_t bit = Window::spare;
  static constexpr std::uint64_t of(std::uint64_t word) noexcept {
    return (Window::generation(word) ^ std::uint64_t{1} << 63) | bit;
  }
  static constexpr bool is(std::uint64_t cell) noexcept { return (cell & bit) != 0; }
};

// A CPU's cell, changed by read-modify-writes, which any thread may make.
struct AtomicCells {
  using Cell = sync::atomic<std::uint64_t>;

  [[nodiscard, gnu::always_inline]] static bool spend(unsigned, Cell& cell, std::uint64_t seen,
                                                      Permits cost, const Window&,
                                                      std::uint64_t) noexcept {
    // relaxed: an admission publishes nothing, and continues the release sequence of (2).
    return cell.compare_exchange_strong(seen, seen - cost, sync::relaxed, sync::relaxed);
  }
  // True: the cell held `seen`, and is the caller's until it stores there.
  [[nodiscard]] static bool claim(unsigned, Cell& cell, std::uint64_t seen, const Window&,
                                  std::uint64_t word) noexcept {
    // relaxed: whoever must see it acquires (17) in window.hpp.
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
        grant_shift_(static_cast<unsigned>(std::bit_width(cpus - 1)) + 1),
        shard_(std::make_unique<Shard[]>(shards())) {}

  [[nodiscard, gnu::always_inline]] Taken try_take(std::uint32_t traffic_class,
                                                   const PublishedRule& rule, Permits cost,
                                                   Nanoseconds now) noexcept {
    const unsigned cpu = shard_index();
    Cell& cell = shard_[cpu].leases[traffic_class].cell;
    // (1) acquire: pairs with (2): the window is seen at least as new as the lease.
    const std::uint64_t seen = cell.load(sync::acquire);
    const Window& window = windows_[traffic_class];
    const Window::View view = window.peek_last(rule, now);
    return {view.end != 0 && Window::same_generation(seen, view.word) &&
                Window::used(seen) >= cost &&
                Access::spend(cpu, cell, seen, cost, window, view.word),
            rule.version};
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
        if (refill(window, traffic_class, view.word, cost, limit - used - cost))
          return {Verdict::Kind::admitted};
      } else if ((view.word & settled) != 0 ||
                 surely_admitted(traffic_class, view) + cost > limit) {
        if (window.is_current(view.word)) return {Verdict::Kind::denied, view.end};
      } else if (window.try_close(view.word)) {
        count_pool_write(traffic_class);
        const Permits back = sweep(traffic_class, view.word, Window::generation(view.word));
        const std::uint64_t word = view.word - back;
        // relaxed: within a generation every stored value is a true lower bound. Whoever uses this
        // one decides by the window's word, of the same generation.
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

  // How often requests have written the shared pool.
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
  unsigned grant_shift_;
  std::unique_ptr<Shard[]> shard_;

 private:
  static constexpr std::uint64_t settled = Window::spare;

  // A lower bound on the permits admitted in the window of `view`, which only grow.
  [[nodiscard]] Permits surely_admitted(std::uint32_t traffic_class,
                                        const Window::View& view) const noexcept {
    // relaxed: see where it is stored.
    const std::uint64_t word = swept_.words[traffic_class].load(sync::relaxed);
    return Window::used_in(view.word, word);
  }

  // Takes `cost` from the pool, and a grant for this CPU's lease if there is enough to share.
  [[nodiscard]] bool refill(Window& window, std::uint32_t traffic_class, std::uint64_t word,
                            Permits cost, Permits remaining) noexcept {
    const unsigned cpu = shard_index();
    Cell& cell = shard_[cpu].leases[traffic_class].cell;
    const Permits grant = remaining >> grant_shift_;
    // (3) acquire: pairs with (2): what is put back is as new as it was. Not shown as relaxed: the
    // lease must be of a later generation than `word`, and a third thread that missed it spend it.
    const std::uint64_t seen = grant == 0 ? Claim::bit : cell.load(sync::acquire);
    if (Claim::is(seen) || !Access::claim(cpu, cell, seen, window, word)) {
      if (!window.try_draw(word, word + cost)) return false;
    } else {
      const bool drawn = window.try_draw(word, (word & ~settled) + cost + grant);
      const std::uint64_t lease = Window::generation(word) + Window::used_in(word, seen) + grant;
      // (2) release: pairs with (1), (3): a lease comes with the rollover to its generation.
      cell.store(drawn ? lease : seen, sync::release);
      if (!drawn) return false;
    }
    count_pool_write(traffic_class);
    return true;
  }

  // Takes back what is left of the leases of the generation of `word`, and returns it. The window
  // must be closed. If `generation` is another one, every cell is stamped with it.
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
    // relaxed: all that counting permits needs is the order of changes of one cell.
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

  // What the word holds in its next generation. A new window needs no sweep, except once in 2^31
  // generations: none that is kept in a cell or in swept_ may get so old that it passes for new.
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
