// Permits leased to CPUs: each CPU refills its lease from the class's pool, in grants that shrink
// toward the limit. All leases are taken back before the first denial.
//
// Source: original; the exact limit counters of P. McKenney, "Is Parallel Programming Hard",
//   chapter 5 ("Exact Limit Counters"), with windows, generations for signals, shrinking grants.
// Semantics: exact.
// Progress: lock-free while leases are refilled and spent. A sweep takes back what is left of every
//   lease. It closes the window and waits for threads that are refilling; all others wait for it.
// Cost: four loads of lines that are seldom written, one read-modify-write of this CPU's own line.
//   A refill is one fetch_add on the pool's line, which admitted requests do not read. Each
//   time the pool is used up, one sweep brings back what is left in the leases. Once that is too
//   little to lease again, denials write nothing.
// Memory: 256 bytes a CPU, a line for each four classes, and 256 bytes a class.
// Avoid when: limits are small compared to the number of CPUs: there are no leases then.
//   Also as window.hpp says, where a thread that refills is waited for too.
//
// word    window.hpp's; `used`: so much had been admitted when the word was written
// count   generation (32 bits) | total (32 bits)
// cell    generation (32 bits) | claimed | permits left of this CPU's lease (30 bits)
//
// If the word says `leasing`, requests draw permits by adding to the count. A generation opens it
// with a total of `full` less what is left of the limit. An addition draws what it adds, or what
// its total lacks to `full` if that is less: the value that comes back says how much, whatever the
// limit. Without `leasing` the count is closed, so additions draw nothing, no lease is outstanding,
// and requests compare-and-swap the word. A cell counts in its own generation alone. While a thread
// refills it, it is claimed: other requests leave it alone, and a sweep waits.
//
// Never over the limit. In each generation, admitted + left in the cells + left in the pool =
// limit. A request spends from a cell by a swap that lowers it by the cost: admitted grows as left
// shrinks. A request that finds its cell claimed swaps the count, and so draws its cost for itself
// alone. A refill claims a cell and then draws. What it draws belongs to the cell, in the
// generation that came back from the count. If that is the one whose window the request has read,
// it decides the request; otherwise the request starts over and the cell keeps all. A sweep moves
// what is left back, while the window and the count are closed.
//
// No permit is lost. Whoever closes the window closes the count next. A draw before that was made
// with the cell claimed, and the sweep sees the claim. A draw after that comes to nothing until the
// sweep opens the count again, and by then the cell is what the sweep left.
//
// Never denied too early. A request is denied by `used` alone. The word is written when a
// generation or a sweep begins or ends; no lease is outstanding then, so `used` is what was
// admitted, which only grows. Without `leasing` every admission adds to it. So the cost of a denied
// request did not fit. A request that is not denied draws, or sweeps because the pool has too
// little. Example: limit 100; 60 are used, 30 leased, 10 in the pool. A cost of 50 sweeps, which
// writes 60 into the word and denies it. The next cost of 50 is denied by reading, whatever has
// been leased since.
//
// Stale spending. A swap succeeds only on a cell that holds what was read. Adopting a changed rule
// sweeps every cell, and a swap begun under the old rule then fails. A rollover alone does not
// sweep: a swap that succeeds after it spends permits of the old window for a request of that time.
//
// Grants: half of the pool divided among the CPUs, whose number is rounded up to a power of two, N;
// at most `max_grant`. A window of L permits takes about 2 N ln(L / 2N) refills, and at least one
// for each `max_grant` permits. Less than 2N permits are not leased.
//
// Overflow. A total of `full` or more grows by at most one addition of each thread, of up to twice
// `max_grant`: 32 bits have room for 6,000 threads that add at once. Larger costs swap the count.
#pragma once

#include <algorithm>
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
    // relaxed: whoever must see it acquires (4).
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
      const Window::View view = window.enter(rule, now, Carry{*this, traffic_class, limit});
      if (view.end == 0) return {Verdict::Kind::stale};
      if (try_take(traffic_class, rule, cost, now)) return {Verdict::Kind::admitted};
      if (Window::used(view.word) + cost > limit) {
        if (window.is_current(view.word)) return {Verdict::Kind::denied, view.end};
        continue;
      }
      if ((view.word & leasing) == 0) {
        std::uint64_t word = view.word;
        if (!window.try_add(word, cost)) continue;
        count_pool_write(traffic_class);
        return {Verdict::Kind::admitted};
      }
      // relaxed: the addition or swap confirms it; a sweep for nothing does no harm.
      const std::uint64_t count = pools_[traffic_class].count.load(sync::relaxed);
      if (Window::same_generation(count, view.word) && left(count) >= cost) {
        if (draw(traffic_class, view.word, count, cost)) return {Verdict::Kind::admitted};
      } else if (window.try_close(view.word)) {
        count_pool_write(traffic_class);
        const std::uint64_t generation = Window::generation(view.word);
        const Permits used =
            recall(traffic_class, view.word, generation, close_pool(traffic_class));
        window.open(generation | supply(traffic_class, generation, used, limit));
      }
    }
  }

  void adopt(std::uint32_t traffic_class, const PublishedRule& rule) noexcept {
    windows_[traffic_class].adopt(rule, Carry{*this, traffic_class, rule.rule.limit});
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
  // Totals of a count.
  static constexpr Permits full = max_limit;
  static constexpr std::uint64_t closed = full + 1;
  // See "Grants" and "Overflow".
  static constexpr Permits max_grant = 1U << 18;
  static_assert(closed + 6'000 * (max_grant + max_grant) < Window::generation_step);

  using Cell = typename Access::Cell;
  // One class on one CPU.
  struct Lease {
    Cell cell{0};
    sync::atomic<std::uint64_t> pool_writes{0};
  };
  struct alignas(sync::false_sharing_range) Shard {
    std::array<Lease, class_count> leases{};
  };

  // The permits of one class that are neither leased nor admitted.
  struct alignas(sync::false_sharing_range) Pool {
    sync::atomic<std::uint64_t> count{closed};
    sync::plain<Permits> opened{0};  // what was left when the word was written; 0: not leasing
  };

  std::array<Window, class_count> windows_;
  std::array<Pool, class_count> pools_;
  unsigned cpus_;
  unsigned grant_shift_;
  std::unique_ptr<Shard[]> shard_;

 private:
  static constexpr std::uint64_t leasing = Window::spare;

  [[nodiscard]] static constexpr Permits left(std::uint64_t count) noexcept {
    return full - std::min<Permits>(full, static_cast<std::uint32_t>(count));
  }

  // Draws the cost of a request from the pool, and a grant for this CPU's lease. `count` has room
  // for the cost. False: the request is undecided.
  [[nodiscard]] bool draw(std::uint32_t traffic_class, std::uint64_t word, std::uint64_t count,
                          Permits cost) noexcept {
    const unsigned cpu = shard_index();
    Cell& cell = shard_[cpu].leases[traffic_class].cell;
    sync::atomic<std::uint64_t>& pool = pools_[traffic_class].count;
    const Permits grant = std::min((left(count) - cost) >> grant_shift_, max_grant);
    count_pool_write(traffic_class);
    // (3) acquire: pairs with (2): the draw comes after that of the lease which is put back. Not
    // shown as relaxed: in the checker it always does.
    const std::uint64_t seen = cost > max_grant ? Claim::bit : cell.load(sync::acquire);
    if (Claim::is(seen) || !Access::claim(cpu, cell, seen, windows_[traffic_class], word)) {
      // relaxed: an admission publishes nothing.
      return pool.compare_exchange_strong(count, count + cost, sync::relaxed, sync::relaxed);
    }
    // (4) acq_rel: pairs with (5), (6): whoever closes the count after this finds the claim, and a
    // lease comes with the rollover to its generation. Not shown as release: a request would have
    // to draw from a later generation, and then read the old end and epoch but the new word. No
    // search of the checker has met that.
    const std::uint64_t before = pool.fetch_add(cost + grant, sync::acq_rel);
    const Permits drawn = std::min(left(before), cost + grant);
    const Permits held = Window::used_in(before, seen) + drawn;
    const bool admits = drawn != 0 && Window::same_generation(before, word) && held >= cost;
    const std::uint64_t lease = Window::generation(before) + held - (admits ? cost : 0);
    // (2) release: pairs with (1), (3), (7): a lease comes with the rollover to its generation.
    cell.store(drawn == 0 ? seen : lease, sync::release);
    return admits;
  }

  // Returns what was left in the pool. The window must be closed.
  [[nodiscard]] Permits close_pool(std::uint32_t traffic_class) noexcept {
    // (5) acquire: pairs with (4), (6).
    return left(pools_[traffic_class].count.exchange(closed, sync::acquire));
  }

  // Takes back every lease of the generation of `word`, once the pool is closed: `unleased` was
  // left in it. Returns how much was admitted. If `generation` is another one, every cell is
  // stamped with it.
  [[nodiscard]] Permits recall(std::uint32_t traffic_class, std::uint64_t word,
                               std::uint64_t generation, Permits unleased) noexcept {
    Access::quiesce();
    Permits back = unleased;
    for (unsigned i = 0; i < shards(); ++i)
      back += take_back(shard_[i].leases[traffic_class].cell, word, generation);
    return Window::used(word) + pools_[traffic_class].opened.read() - back;
  }

  // Opens the pool with what is left of the limit, if that is enough to lease. Returns the low half
  // of the word.
  [[nodiscard]] std::uint64_t supply(std::uint32_t traffic_class, std::uint64_t generation,
                                     Permits used, Permits limit) noexcept {
    Pool& pool = pools_[traffic_class];
    const Permits unused = limit - std::min(used, limit);
    const bool leases = unused >> grant_shift_ != 0;
    pool.opened.write() = leases ? unused : 0;
    // (6) release: pairs with (4), (5). Not shown as relaxed: whoever closes the pool has acquired
    // the word, by (1), (4) or (12) in window.hpp. For a draw, see (4).
    pool.count.store(leases ? generation | (full - unused) : closed, sync::release);
    return used | (leases ? leasing : 0);
  }

  [[nodiscard]] static Permits take_back(Cell& cell, std::uint64_t word,
                                         std::uint64_t generation) noexcept {
    for (sync::spin_wait wait;;) {
      // (7) acquire: pairs with (2): a draw comes before what the sweep makes of it. Not shown as
      // relaxed: in the checker a draw never reads what is stored after it.
      std::uint64_t seen = cell.load(sync::acquire);
      if (Claim::is(seen)) {
        wait();
        continue;
      }
      const Permits back = Window::used_in(word, seen);
      if (back == 0 && generation == Window::generation(word)) return 0;
      // relaxed: all that counting permits needs is the order of changes of one cell.
      if (cell.compare_exchange_weak(seen, generation, sync::relaxed, sync::relaxed)) return back;
    }
  }

  // What happens to the pool while the window is closed.
  struct Carry {
    LeasedQuota& quota;
    std::uint32_t traffic_class;
    Permits limit;
    Permits unleased = 0;

    // Whoever sees the next end or epoch finds the pool closed.
    void close() noexcept { unleased = quota.close_pool(traffic_class); }
    // A new window needs no sweep, except once in 2^31 generations: none that is kept in a cell may
    // get so old that it passes for new.
    std::uint64_t operator()(std::uint64_t word, std::uint64_t generation, bool fresh,
                             bool adopts) noexcept {
      constexpr std::uint64_t sweep_period = std::uint64_t{1} << 63;
      Permits used = 0;
      if (!fresh || adopts || generation % sweep_period == 0)
        used = quota.recall(traffic_class, word, generation, unleased);
      return quota.supply(traffic_class, generation, fresh ? 0 : used, limit);
    }
  };

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
