#include "measure/admission.hpp"

#include <algorithm>
#include <cmath>

namespace limiterbench::bench {
namespace {

struct Sums {
  std::vector<std::int64_t> admitted, denied, straddling;
  std::int64_t long_admitted = 0;
  std::int64_t total = 0;
};

Sums add_up(const std::vector<const Ledger*>& ledgers) {
  Sums sums;
  for (const Ledger* ledger : ledgers) {
    const auto windows = ledger->windows();
    sums.admitted.resize(std::max(sums.admitted.size(), windows.size()));
    sums.denied.resize(sums.admitted.size());
    sums.straddling.resize(sums.admitted.size());
    for (std::size_t w = 0; w < windows.size(); ++w) {
      sums.admitted[w] += windows[w].admitted;
      sums.denied[w] += windows[w].denied;
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

std::string describe(const Run& run, std::int64_t allowed) {
  const std::int64_t permitted = allowed * run.length();
  return "windows " + std::to_string(run.from) + " to " + std::to_string(run.to) +
         " of the phase admitted " + std::to_string(permitted + run.excess) + " permits, " +
         std::to_string(run.excess) + " over the " + std::to_string(permitted) + " allowed";
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
                          Permits bound, Nanoseconds begin, Nanoseconds end) {
  const Sums sums = add_up(ledgers);
  const auto limit = static_cast<std::int64_t>(rule.limit);
  const auto allowed = static_cast<std::int64_t>(rule.limit + bound);
  const std::uint64_t first = begin / rule.window;
  const Nanoseconds margin = Ledger::margin(rule.window);
  const std::uint64_t overlapped = (end + margin) / rule.window - first + 1;

  Admission result;
  result.admitted = static_cast<std::uint64_t>(sums.total);
  result.bound = bound;
  result.error = worst_error(sums, limit);
  result.expected_max = overlapped * static_cast<std::uint64_t>(allowed);
  if (const Run run = worst_run(sums, allowed); run.excess > 0) {
    result.failure = describe(run, allowed);
  } else if (result.admitted > result.expected_max) {
    result.failure = std::to_string(result.admitted) + " permits admitted, at most " +
                     std::to_string(result.expected_max) + " were allowed";
  }
  for (std::size_t w = 0; w < sums.admitted.size(); ++w) {
    const bool began_inside = (first + w) * rule.window >= begin + margin;
    if (!began_inside || sums.denied[w] == 0) continue;
    result.expected_min += rule.limit;
    const std::int64_t at_most = sums.admitted[w] + sums.straddling[w] +
                                 (w == 0 ? 0 : sums.straddling[w - 1]) + sums.long_admitted;
    if (at_most < limit && result.failure.empty())
      result.failure = "window " + std::to_string(w) + " of the phase denied requests after " +
                       std::to_string(at_most) + " of " + std::to_string(limit) + " permits";
  }
  if (result.admitted < result.expected_min && result.failure.empty())
    result.failure = std::to_string(result.admitted) + " permits admitted, at least " +
                     std::to_string(result.expected_min) + " were due";
  return result;
}

}  // namespace limiterbench::bench
