// Two copies of the configuration: readers use one, the publisher writes the other and then swaps
// them. Each CPU has a read indicator of its own, so that readers share no line that any of them
// writes.
//
// Source: P. Ramalhete and A. Correia, "Left-Right: A Concurrency Control Technique with Wait-Free
//   Population Oblivious Reads", 2015; the read indicator distributed over CPUs. A configuration is
//   replaced whole, so that the paper's second write, to the copy taken out, falls away.
// Progress: reads wait-free; publish puts the configuration in force without waiting, then blocks
//   until the readers that it finds have left, but not for those that come after it has sent
//   readers to the other indicator.
// Cost: two loads of a line that only publish() writes, and two read-modify-writes of a line of
//   this CPU's own, at a denial too. Other CPUs' requests do not touch that line.
// Memory: two configurations and 128 bytes a CPU; nothing is allocated after construction.
// Avoid when: publish() must not wait for a reader that is preempted.
//
// A reader arrives (1), then learns which copy is in front (2). The publisher names the other copy
// (3), then waits until it has seen every CPU's indicator empty (4); only the next publication
// writes the first copy again. Both sides store, then load what the other stored; all four are
// seq_cst, since acquire and release let both miss the other's store. A reader that (2) sends to
// the first copy comes before (3) in their single order, so its arrival comes before (4), which
// sees the indicator empty only after it has left: it leaves where it arrived, whatever CPU it is
// on by then. There are two indicators a CPU, and new readers are sent to the one that the
// publisher is not waiting for; that is what ends its wait. Which one a reader takes is all the
// same to safety, since the publisher waits for both.
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
    // relaxed: publishers are serialised, so this one's predecessor is ordered by their lock.
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

  // All who read the copy that was replaced. First the stragglers, who chose their indicator an odd
  // number of publications ago; then those on the other, to which no more are sent.
  void await_readers() noexcept {
    // relaxed, twice: no reader's safety hangs on it, and only publishers write it.
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
