// A published configuration as atomic words, for sources that are read while they are overwritten:
// the reader copies first and learns afterwards whether its copy is whole. Nonatomic words would
// make that a data race even if the copy is thrown away.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

#include "../published.hpp"

namespace limiterbench::inline LIMITERBENCH_BACKEND {

// The guard of a source that copies: nothing is held while it lives.
struct CopiedRule {
  const PublishedRule& operator*() const noexcept { return copied; }
  PublishedRule copied;
};

class PublishedWords {
 public:
  // relaxed, throughout: the caller's fences order these words, and its sequence judges the copy.
  void store(const Published& published) noexcept {
    for (std::size_t i = 0; i < class_count; ++i) {
      const auto words = std::bit_cast<RuleWords>(published.rules[i]);
      for (std::size_t k = 0; k < words.size(); ++k) {
        rules_[i].words[k].store(words[k], sync::relaxed);  // relaxed: as above
      }
    }
    checksum_.store(published.checksum, sync::relaxed);  // relaxed: as above
  }

  // Word by word and in place: a copy as one object would be read in wider pieces than it was
  // written in, which stalls.
  [[gnu::always_inline]] void copy_to(PublishedRule& rule,
                                      std::size_t traffic_class) const noexcept {
    const auto word = [&line = rules_[traffic_class]](std::size_t k) {
      return line.words[k].load(sync::relaxed);  // relaxed: as above
    };
    rule.rule.limit = word(0);
    rule.rule.window = word(1);
    rule.rule.backoff.initial = word(2);
    rule.rule.backoff.multiplier = word(3);
    rule.rule.backoff.ceiling = word(4);
    rule.version = word(5);
    rule.sequence = word(6);
    rule.epoch = word(7);
  }
  void copy_to(Published& published) const noexcept {
    for (std::size_t i = 0; i < class_count; ++i) copy_to(published.rules[i], i);
    published.checksum = checksum_.load(sync::relaxed);  // relaxed: as above
  }

  // Only the sequence of every rule, for a source that uses it to mark what a line holds.
  void mark(std::uint64_t sequence) noexcept {
    // relaxed: as above.
    for (Line& line : rules_) line.words[sequence_word].store(sequence, sync::relaxed);
  }
  [[nodiscard]] std::uint64_t marked(std::size_t traffic_class) const noexcept {
    return rules_[traffic_class].words[sequence_word].load(sync::relaxed);  // relaxed: as above
  }

 private:
  using RuleWords = std::array<std::uint64_t, sizeof(PublishedRule) / sizeof(std::uint64_t)>;
  static constexpr std::size_t sequence_word =
      offsetof(PublishedRule, sequence) / sizeof(std::uint64_t);

  struct alignas(sync::cache_line) Line {
    std::array<sync::atomic<std::uint64_t>, std::tuple_size_v<RuleWords>> words{};
  };

  std::array<Line, class_count> rules_;
  sync::atomic<std::uint64_t> checksum_{0};
};

}  // namespace limiterbench::inline LIMITERBENCH_BACKEND
