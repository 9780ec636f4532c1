// Two copies of the configuration: readers use one, the publisher writes the other and then swaps
// them. Each CPU has its own read indicator: readers on different CPUs write no common line.
//
// Source: P. Ramalhete and A. Correia, "Left-Right: A Concurrency Control Technique with Wait-Free
//   Population Oblivious Reads", 2015; the read indicator distributed over CPUs. A configuration is
//   replaced whole, which makes the paper's second write, to the retired copy, unnecessary.
// Progress: reads wait-free. publish() puts the configuration in force without waiting, then blocks
//   until the readers that it finds have left. It does not wait for readers that come after it has
//   sent readers to the other indicator.
// Cost: two loads of a line that only publish() writes, and two read-modify-writes of a line of
//   this CPU's own, also for a denial. Other CPUs' requests do not touch that line.
// Memory: two configurations and 128 bytes a CPU; nothing is allocated after construction.
// Avoid when: publish() must not wait for a reader that is preempted.
//
// Why a copy is not overwritten while it is read. A reader arrives (1), then learns which copy is
// in front (2). The publisher names the other copy (3), then waits until it has seen every CPU's
// indicator empty (4). Only the next publication writes the first copy again. Each side stores,
// then loads what the other side stores. All four are seq_cst, because acquire and release would
// let each miss the other's store. If (2) sends a reader to the first copy, (2) comes before (3) in
// their single order, so the reader's arrival comes before (4). (4) then sees the indicator empty
// only after the reader has left; it leaves where it arrived, whatever CPU it is on by then.
//
// Why the publisher's wait ends. A CPU has two indicators, and new readers are sent to the one that
// the publisher is not waiting for. Safety does not depend on which one a reader takes, since the
// publisher waits for both.
#pragma once

#include <array>
#include <cstdint>
#include <memory>

#include "../published.hpp"

namespace limiterbench::inline LIMITERBENCH_BACKEND {

class LeftRightSource {
  using Indicator = sync::atomic<std::uint64_t>;
  struct alignas(sync::false_sharing_range) Shard {
    std::array<Indicator, 2> readers{};
  };

 public:
  struct Reader {};

  class Guard {
   public:
    Guard(Indicator& readers, const PublishedRule& rule) noexcept
        : readers_(readers), rule_(rule) {}
    Guard(const Guard&) = delete;
    Guard& operator=(const Guard&) = delete;
    [[gnu::always_inline]] ~Guard() { depart(readers_); }
    const PublishedRule& operator*() const noexcept { return rule_; }

   private:
    Indicator& readers_;
    const PublishedRule& rule_;
  };

  explicit LeftRightSource(const Published& published, unsigned shards = sync::cpu_count())
      : shards_(shards),
        shard_(std::make_unique<Shard[]>(shards)),
        copies_{sync::plain<Published>(published), sync::plain<Published>(published)} {}

  [[nodiscard]] Reader attach() noexcept { return {}; }
  [[nodiscard, gnu::always_inline]] Guard read(Reader&, std::uint32_t traffic_class) noexcept {
    Indicator& readers = arrive();
    return {readers, front().rules[traffic_class]};
  }
  [[nodiscard]] Config config(Reader&) noexcept {
    Indicator& readers = arrive();
    const Config config = front().config();
    depart(readers);
    return config;
  }

  void publish(const Published& published) noexcept {
    // relaxed: publishers are serialised; their lock orders the previous store.
    const unsigned back = 1 - front_.load(sync::relaxed);
    copies_[back].write() = published;
    // (3) seq_cst: pairs with (2); ordered before (4), see above.
    front_.store(back, sync::seq_cst);
    await_readers();
  }

  [[nodiscard]] Footprint footprint() const noexcept { return {shards_ * sizeof(Shard), 0}; }

 private:
  [[nodiscard, gnu::always_inline]] Indicator& arrive() noexcept {
    const unsigned cpu = sync::current_cpu();
    Shard& shard = shard_[cpu < shards_ ? cpu : cpu % shards_];
    // relaxed: either indicator will do.
    Indicator& readers = shard.readers[arriving_.load(sync::relaxed)];
    // (1) seq_cst: ordered before (2), see above.
    readers.fetch_add(1, sync::seq_cst);
    return readers;
  }
  [[nodiscard, gnu::always_inline]] const Published& front() const noexcept {
    // (2) seq_cst: pairs with (3); ordered after (1), see above.
    return copies_[front_.load(sync::seq_cst)].read();
  }
  [[gnu::always_inline]] static void depart(Indicator& readers) noexcept {
    // (5) release: pairs with (4): our reads of the copy come before it is overwritten.
    readers.fetch_sub(1, sync::release);
  }

  // Waits for all readers of the replaced copy. First for stragglers, who chose their indicator an
  // odd number of publications ago; then for those on the other one, to which no more are sent.
  void await_readers() noexcept {
    // relaxed, twice: no reader's safety depends on it, and only publishers write it.
    const unsigned idle = 1 - arriving_.load(sync::relaxed);
    await_departures(idle);
    arriving_.store(idle, sync::relaxed);
    await_departures(1 - idle);
  }

  void await_departures(unsigned indicator) const noexcept {
    for (unsigned i = 0; i < shards_; ++i) {
      const Indicator& readers = shard_[i].readers[indicator];
      // (4) seq_cst: pairs with (5); ordered after (3), see above.
      for (sync::spin_wait wait; readers.load(sync::seq_cst) != 0;) wait();
    }
  }

  alignas(sync::false_sharing_range) sync::atomic<unsigned> front_{0};  // the copy for readers
  sync::atomic<unsigned> arriving_{0};                                  // their indicator
  unsigned shards_;
  std::unique_ptr<Shard[]> shard_;
  alignas(sync::false_sharing_range) std::array<sync::plain<Published>, 2> copies_;
};

}  // namespace limiterbench::inline LIMITERBENCH_BACKEND
