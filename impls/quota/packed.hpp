// Usage in one packed atomic word for each class.
//
// Source: original.
// Semantics: exact. The compare-and-swap that counts a request also proves that the window and the
//   rule by which it was decided are still in force.
// Progress: lock-free within a window; all wait for the thread that rolls it over (window.hpp).
// Cost: one line; three loads and one read-modify-write to admit, seven loads to deny. A denial
//   writes only if it rolls over the window.
// Memory: 128 bytes a class.
// Avoid when: many cores admit from one class. Every admission moves the line at least twice, first
//   to read it and then to swap it; fetch_add.hpp moves it once.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "../published.hpp"
#include "verdict.hpp"
#include "window.hpp"

namespace limiterbench::inline LIMITERBENCH_BACKEND {

class PackedQuota {
 public:
  [[nodiscard, gnu::always_inline]] Taken try_take(std::uint32_t traffic_class,
                                                   const PublishedRule& rule, Permits cost,
                                                   Nanoseconds now) noexcept {
    Window& window = windows_[traffic_class];
    const Window::View view = window.peek(rule, now);
    std::uint64_t word = view.word;
    return {view.end != 0 && Window::used_or_closed(word) + cost <= rule.rule.limit &&
                window.try_add(word, cost),
            rule.version};
  }

  [[nodiscard, gnu::noinline]] Verdict take(std::uint32_t traffic_class, const PublishedRule& rule,
                                            Permits cost, Nanoseconds now) noexcept {
    Window& window = windows_[traffic_class];
    for (;;) {
      const Window::View view = window.enter(rule, now, carry);
      if (view.end == 0) return {Verdict::Kind::stale};
      const std::optional<bool> counted = window.count(view, rule.rule.limit, cost);
      if (counted) return verdict(*counted, view.end);
    }
  }

  void adopt(std::uint32_t traffic_class, const PublishedRule& rule) noexcept {
    windows_[traffic_class].adopt(rule, carry);
  }

  [[nodiscard]] Permits error_bound(const Rule&, Permits) const noexcept { return 0; }
  [[nodiscard]] Footprint footprint() const noexcept { return {}; }

 private:
  static std::uint64_t carry(std::uint64_t word, std::uint64_t, bool fresh, bool) noexcept {
    return fresh ? 0 : Window::used(word);
  }

  std::array<Window, class_count> windows_;
};

}  // namespace limiterbench::inline LIMITERBENCH_BACKEND
