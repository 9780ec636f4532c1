// Did the limiter admit what it should have? The check goes window by window. It finds a single
// permit too many, and it claims nothing that a preempted thread could make false.
//
// A limiter counts a request in the window in force when it decides. That is never earlier than the
// window of the request's `now`, and never later than the window of the latest `now` that any
// thread has taken by then. A thread cannot see which one it was. It sees the window of `now` and,
// by reading the clock after the decision, the last window that can have been in force. Each
// admission is therefore counted, on its thread, as
//   sure        both are window w, and the clock was read well before the end of w: not even a
//               thread whose clock is slightly ahead can have rolled the window over;
//   straddling  it was counted in w or in w + 1;
//   long        anything else: the thread was held up for longer.
//
// Upper invariant. For all windows a <= b: all that is sure in a..b, and all that straddles two of
// these windows, was surely counted within a..b. It is at most (b - a + 1) * (limit + bound).
// Neither unsaturated windows nor preemption can make that false. A limiter that admits one permit
// too many in each window breaks it, because what is lost at the two ends does not grow with b - a.
//
// A rate with a burst (gcra) admits by the stamps of its requests, at most (n + 1) * limit in a
// span of n windows. There the bound is (b - a + 1) * limit + limit.
//
// Lower invariant, for windows only. A request that was surely denied in window w proves that less
// than its cost was left of w. Nothing is given back: no more than that is left at the end. If w
// began after the phase did, this phase made all the admissions of w. Then the sum of what is sure
// in w, what straddles its begin or its end, and what is long is above the limit less the smallest
// cost denied. For requests of cost 1 it is at least the limit. Nothing is claimed of a window
// without a sure denial.
#pragma once

#include <limiterbench/limiter.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "workload/pages.hpp"

namespace limiterbench::bench {

// What became of some requests of one class.
struct Outcome {
  std::uint32_t admitted = 0;      // permits
  std::uint32_t least_denied = 0;  // the smallest cost that was denied; 0: none was
};

// The smaller of two such costs; 0 is none.
[[nodiscard]] constexpr std::uint32_t lesser_cost(std::uint32_t a, std::uint32_t b) noexcept {
  return a == 0 || (b != 0 && b < a) ? b : a;
}

// One thread's tallies of one class.
class Ledger {
 public:
  struct Window {
    std::uint32_t admitted = 0;  // surely, as is what is denied
    std::uint32_t least_denied = 0;
    std::uint32_t straddling = 0;  // admitted in this window or in the next
  };

  Ledger(Nanoseconds window, double seconds);

  void clear() noexcept;
  // After clear(): windows are numbered from the one that contains `begin`.
  void start(Nanoseconds begin) noexcept { first_ = begin / length_; }

  // Requests stamped `from`; the clock was read again, as `to`, after the last was decided.
  void note(Nanoseconds from, Nanoseconds to, const Outcome& outcome) noexcept {
    if (from < begin_ || to >= sure_until_) [[unlikely]] {
      if (!enter(from, to, outcome.admitted)) return;
    }
    current_->admitted += outcome.admitted;
    current_->least_denied = lesser_cost(current_->least_denied, outcome.least_denied);
  }

  [[nodiscard]] std::span<const Window> windows() const noexcept { return windows_.span(); }
  [[nodiscard]] std::uint64_t long_admitted() const noexcept { return long_admitted_; }

  // How long before the end of its window a decision must be over to be sure: far longer than the
  // difference between the clocks of two CPUs.
  [[nodiscard]] static constexpr Nanoseconds margin(Nanoseconds window) noexcept {
    return window / 16;
  }

 private:
  // Makes the window of `from` current; false if the requests were not surely decided in it, in
  // which case they have been noted.
  bool enter(Nanoseconds from, Nanoseconds to, std::uint32_t admitted) noexcept;

  Nanoseconds length_;
  PagedArray<Window> windows_;
  std::uint64_t first_ = 0;
  Window* current_ = nullptr;
  Nanoseconds begin_ = 0;
  Nanoseconds sure_until_ = 0;
  std::uint64_t long_admitted_ = 0;
};

struct Admission {
  std::uint64_t admitted = 0;
  std::uint64_t expected_min = 0;
  std::uint64_t expected_max = 0;
  std::uint64_t error = 0;  // permits beyond the limit, in the worst window known
  std::uint64_t bound = 0;  // the same, as the limiter allows itself
  std::string failure;      // "" if both invariants hold
};

// `begin` and `end` of the phase, as stamps: no request was stamped before it or decided after it.
struct Phase {
  Nanoseconds begin;
  Nanoseconds end;
};

// Checks one class. `bound`: the design's error_bound() for the largest cost.
[[nodiscard]] Admission check_admission(const std::vector<const Ledger*>& ledgers, const Rule& rule,
                                        Contract contract, Permits bound, Phase phase);

}  // namespace limiterbench::bench
