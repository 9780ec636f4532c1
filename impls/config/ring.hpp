// The configuration in a ring of pre-allocated slots: publish() fills the oldest slot and then
// names it; a reader copies the rule it needs and checks that its slot was not reused meanwhile.
//
// Source: original; the ring of pooled configurations with which Go services avoid allocation, plus
//   the generations that make it correct.
// Progress: reads lock-free: a retry means that `Slots` - 1 publications were completed and one
//   more begun while nine words were read. A stalled publisher stops nobody. publish wait-free.
// Cost: ten loads, of two lines that only publish() writes, and eight stores to the stack; no
//   fence instruction on x86-64, one load barrier on aarch64.
// Memory: `Slots` configurations; nothing is allocated after construction.
// Avoid when: configurations are large and readers need all of one: they copy what they need.
//
// Why a copy is whole, however long a reader sleeps and through however many publications. The n-th
// publication goes to slot n % Slots. Every line of a slot carries n as its generation: 64 bits
// that count publications and never repeat. The publisher runs (a) stores of the generation of
// every line, (b) a release fence (3), (c) stores of all words, (d) a store of n as the current
// publication (4). The reader runs (e) an acquire load of n from (4), which is (1), (f) loads of
// the words of its line in slot n % Slots, (g) an acquire fence (2), (h) a load of its generation.
//   Not older: by (4) and (1), (a) to (c) of publication n happen before (f). So by coherence each
//   word that was read is that of n or of a later publication to the slot.
//   Not newer: if (f) read a word of publication m > n, the fence (3) of m would synchronise with
//   (2). Then m's (a) would happen before (h), which would read m or later, and never n again.
// So if (h) reads n, every word was that of n. Without generations, a reader that sleeps through
// `Slots` - 1 publications would take a torn rule for a whole one.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "../published.hpp"
#include "published_words.hpp"

namespace limiterbench::inline LIMITERBENCH_BACKEND {

template <std::size_t Slots = 8>
class RingSource {
  static_assert(Slots >= 2, "the slot being filled must not be the one in force");

 public:
  struct Reader {};
  using Guard = CopiedRule;

  explicit RingSource(const Published& published) { publish(published); }

  [[nodiscard]] Reader attach() noexcept { return {}; }
  [[nodiscard, gnu::always_inline]] Guard read(Reader&,
                                               std::uint32_t traffic_class) const noexcept {
    Guard guard;
    copy_whole(traffic_class,
               [&](const PublishedWords& words) { words.copy_to(guard.copied, traffic_class); });
    return guard;
  }
  // A publication marks all lines before it writes any: one line's generation speaks for the slot.
  [[nodiscard]] Config config(Reader&) const noexcept {
    Published published;
    copy_whole(0, [&](const PublishedWords& words) { words.copy_to(published); });
    return published.config();
  }

  void publish(const Published& published) noexcept {
    const std::uint64_t sequence = published.rules[0].sequence;
    PublishedWords& words = slots_[sequence % Slots];
    words.mark(sequence);
    // Hazard: a word of this publication seen before its generation.
    // (3) release: pairs with (2).
    sync::fence(sync::release);
    words.store(published);
    // (4) release: pairs with (1).
    current_.store(sequence, sync::release);
  }

  [[nodiscard]] Footprint footprint() const noexcept { return {}; }

 private:
  // Calls copy(slot) until the slot was not reused during the call.
  template <class Copy>
  [[gnu::always_inline]] void copy_whole(std::size_t traffic_class, Copy&& copy) const noexcept {
    for (;;) {
      // (1) acquire: pairs with (4).
      const std::uint64_t sequence = current_.load(sync::acquire);
      const PublishedWords& words = slots_[sequence % Slots];
      copy(words);
      // (2) acquire: pairs with (3).
      sync::fence(sync::acquire);
      if (words.marked(traffic_class) == sequence) [[likely]]
        return;
    }
  }

  alignas(sync::false_sharing_range) sync::atomic<std::uint64_t> current_{0};
  alignas(sync::false_sharing_range) std::array<PublishedWords, Slots> slots_;
};

}  // namespace limiterbench::inline LIMITERBENCH_BACKEND
