// The configuration under a sequence lock: a reader copies the rule it needs, and copies it again
// if a publisher was at work meanwhile.
//
// Source: H. Boehm, "Can Seqlocks Get Along with Programming Language Memory Models?", MSPC 2012.
// Progress: blocking: readers wait for a publisher that is preempted between its two stores of the
//   sequence, and retry while publications follow each other without a gap. publish wait-free.
// Cost: ten loads, of two lines that only publish() writes, and eight stores to the stack; no
//   fence instruction on x86-64, one load barrier on aarch64.
// Memory: one configuration; nothing is allocated after construction.
// Avoid when: readers meet a reload again and again, or a reader must not wait.
#pragma once

#include <cstdint>

#include "../published.hpp"
#include "published_words.hpp"

namespace limiterbench::inline LIMITERBENCH_BACKEND {

class SeqlockSource {
 public:
  struct Reader {};
  using Guard = CopiedRule;

  explicit SeqlockSource(const Published& published) { words_.store(published); }

  [[nodiscard]] Reader attach() noexcept { return {}; }
  [[nodiscard, gnu::always_inline]] Guard read(Reader&,
                                               std::uint32_t traffic_class) const noexcept {
    Guard guard;
    copy_whole([&] { words_.copy_to(guard.copied, traffic_class); });
    return guard;
  }
  [[nodiscard]] Config config(Reader&) const noexcept {
    Published published;
    copy_whole([&] { words_.copy_to(published); });
    return published.config();
  }

  void publish(const Published& published) noexcept {
    // relaxed: publishers are serialised; their lock orders the previous store.
    const std::uint64_t sequence = sequence_.load(sync::relaxed);
    // relaxed: (3) orders it before the words.
    sequence_.store(sequence + 1, sync::relaxed);
    // Hazard: a word of this configuration seen before the odd sequence.
    // (3) release: pairs with (2).
    sync::fence(sync::release);
    words_.store(published);
    // (4) release: pairs with (1).
    sequence_.store(sequence + 2, sync::release);
  }

  [[nodiscard]] Footprint footprint() const noexcept { return {}; }

 private:
  // Calls copy() until no publisher was at work during the call. By (1) an even sequence comes with
  // all words of the publication that wrote it, or later ones. If copy() read a later one, (2) and
  // (3) order its publisher's odd sequence before the second load. 64 bits do not wrap.
  template <class Copy>
  [[gnu::always_inline]] void copy_whole(Copy&& copy) const noexcept {
    for (sync::spin_wait wait;; wait()) {
      // (1) acquire: pairs with (4).
      const std::uint64_t before = sequence_.load(sync::acquire);
      if (before % 2 != 0) [[unlikely]]
        continue;
      copy();
      // (2) acquire: pairs with (3).
      sync::fence(sync::acquire);
      // relaxed: (2) orders it after the words.
      if (sequence_.load(sync::relaxed) == before) [[likely]]
        return;
    }
  }

  alignas(sync::false_sharing_range) sync::atomic<std::uint64_t> sequence_{0};
  alignas(sync::false_sharing_range) PublishedWords words_;
};

}  // namespace limiterbench::inline LIMITERBENCH_BACKEND
