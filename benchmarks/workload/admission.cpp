#include "workload/admission.hpp"

#include <algorithm>
#include <cmath>

namespace limiterbench::bench {
namespace {

struct Sums {
  std::vector<std::int64_t> admitted, straddling;
  std::vector<std::uint32_t> least_denied;
  std::int64_t long_admitted = 0;
  std::int64_t total = 0;
};

Sums add_up(const std::vector<const Ledger*>& ledgers) {
  Sums sums;
  for (const Ledger* ledger : ledgers) {
    const auto windows = ledger->windows();
    sums.admitted.resize(std::max(sums.admitted.size(), windows.size()));
    sums.least_denied.resize(sums.admitted.size());
    sums.straddling.resize(sums.admitted.size());
    for (std::size_t w = 0; w < windows.size(); ++w) {
      sums.admitted[w] += windows[w].admitted;
      sums.least_denied[w] = lesser_cost(sums.least_denied[w], windows[w].least_denied);
      sums.straddling[w] += windows[w].straddling;
      sums.total += windows[w].admitted + windows[w].straddling;
    }
    const auto held_up = static_cast<std::int64_t>(ledger->long_admitted());
    sums.long_admitted += held_up;
    sums.total += held_up;
  }
  return sums;
}

struct Run {
  std::size_t from = 0;
  std::size_t to = 0;
  std::int64_t excess = 0;
  [[nodiscard]] std::int64_t length() const { return static_cast<std::int64_t>(to - from + 1); }
};

// The windows a..b whose sure admissions exceed `allowed` a window by the most (Kadane's
// algorithm).
Run worst_run(const Sums& sums, std::int64_t allowed) {
  Run worst;
  Run run;
  for (std::size_t w = 0; w < sums.admitted.size(); ++w) {
    const std::int64_t here = sums.admitted[w] - allowed;
    const std::int64_t before = w == 0 ? 0 : run.excess + sums.straddling[w - 1];
    if (before > 0) {
      run = {run.from, w, before + here};
    } else {
      run = {w, w, here};
    }
    if (run.excess > worst.excess) worst = run;
  }
  return worst;
}

std::uint64_t worst_error(const Sums& sums, std::int64_t limit) {
  std::int64_t error = 0;
  for (const std::int64_t admitted : sums.admitted) error = std::max(error, admitted - limit);
  // Some window of a run is at least as far over as their average.
  const Run run = worst_run(sums, limit);
  error = std::max(error, (run.excess + run.length() - 1) / run.length());
  return static_cast<std::uint64_t>(error);
}

// What may be admitted in some windows in a row.
struct Allowance {
  std::int64_t each;  // for each window
  std::int64_t once;  // and beyond that, however many they are
  [[nodiscard]] std::int64_t of(std::int64_t windows) const { return windows * each + once; }
};

std::string upper_violation(const Sums& sums, const Allowance& allowance) {
  const Run run = worst_run(sums, allowance.each);
  const std::int64_t over = run.excess - allowance.once;
  if (over <= 0) return {};
  const std::int64_t allowed = allowance.of(run.length());
  return "windows " + std::to_string(run.from) + " to " + std::to_string(run.to) +
         " of the phase admitted " + std::to_string(allowed + over) + " permits, " +
         std::to_string(over) + " over the " + std::to_string(allowed) + " allowed";
}

struct Saturated {
  std::int64_t permits = 0;  // that were due in such windows
  std::string violation;
};

// `first`: the first window that began inside the phase.
Saturated saturated_windows(const Sums& sums, std::size_t first, std::int64_t limit) {
  Saturated found;
  for (std::size_t w = first; w < sums.least_denied.size(); ++w) {
    const std::uint32_t cost = sums.least_denied[w];
    if (cost == 0) continue;
    const std::int64_t due = limit - cost + 1;
    found.permits += due;
    const std::int64_t before = w == 0 ? 0 : sums.straddling[w - 1];
    const std::int64_t at_most =
        before + sums.admitted[w] + sums.straddling[w] + sums.long_admitted;
    if (at_most < due && found.violation.empty())
      found.violation = "window " + std::to_string(w) + " of the phase denied a cost of " +
                        std::to_string(cost) + " after " + std::to_string(at_most) + " of " +
                        std::to_string(limit) + " permits";
  }
  return found;
}

}  // namespace

Ledger::Ledger(Nanoseconds window, double seconds)
    : length_(window),
      windows_(static_cast<std::size_t>(std::ceil(seconds * 1e9 / static_cast<double>(window))) +
               2) {}

void Ledger::clear() noexcept {
  std::ranges::fill(windows_.span(), Window{});
  current_ = nullptr;
  begin_ = 0;
  sure_until_ = 0;
  long_admitted_ = 0;
}

bool Ledger::enter(Nanoseconds from, Nanoseconds to, std::uint32_t admitted) noexcept {
  const std::uint64_t window = from / length_;
  const std::uint64_t index = window - first_;  // wraps, and so is too large, if before the first
  if (index >= windows_.span().size()) {
    long_admitted_ += admitted;
    return false;
  }
  current_ = &windows_.span()[index];
  begin_ = window * length_;
  sure_until_ = begin_ + length_ - margin(length_);
  if (to < sure_until_) return true;
  if (to < sure_until_ + length_) {
    current_->straddling += admitted;
  } else {
    long_admitted_ += admitted;
  }
  return false;
}

Admission check_admission(const std::vector<const Ledger*>& ledgers, const Rule& rule,
                          Contract contract, Permits bound, Phase phase) {
  const Sums sums = add_up(ledgers);
  const auto limit = static_cast<std::int64_t>(rule.limit);
  const bool by_windows = contract == Contract::windows;
  const Allowance allowance =
      by_windows ? Allowance{limit + static_cast<std::int64_t>(bound), 0} : Allowance{limit, limit};
  const Nanoseconds margin = Ledger::margin(rule.window);
  const std::uint64_t first = phase.begin / rule.window;
  const std::uint64_t last = (phase.end + margin) / rule.window;
  const std::uint64_t first_inside = (phase.begin + margin + rule.window - 1) / rule.window;

  Admission result;
  result.admitted = static_cast<std::uint64_t>(sums.total);
  result.bound = bound;
  result.error = worst_error(sums, limit);
  const auto windows = static_cast<std::int64_t>(last - first + 1);
  result.expected_max = static_cast<std::uint64_t>(allowance.of(windows));
  result.failure = upper_violation(sums, allowance);
  if (result.failure.empty() && result.admitted > result.expected_max)
    result.failure = std::to_string(result.admitted) + " permits admitted, at most " +
                     std::to_string(result.expected_max) + " were allowed";
  if (!by_windows) return result;

  const Saturated saturated = saturated_windows(sums, first_inside - first, limit);
  result.expected_min = static_cast<std::uint64_t>(saturated.permits);
  if (result.failure.empty()) result.failure = saturated.violation;
  if (result.failure.empty() && result.admitted < result.expected_min)
    result.failure = std::to_string(result.admitted) + " permits admitted, at least " +
                     std::to_string(result.expected_min) + " were due";
  return result;
}

}  // namespace limiterbench::bench
