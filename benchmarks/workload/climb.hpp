// Which rates an open loop offers, and the capacity that it finds.
//
// Every design is offered the same rates, in decisions per second by all threads together: only
// then can two designs be compared at one load. The rates climb until the design is saturated. Then
// bisection finds the highest rate at which the p99 response stays within the principal budget.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "workload/histogram.hpp"
#include "workload/open_loop.hpp"

namespace limiterbench::bench {

// p99 response times that services ask for.
inline constexpr std::array<std::uint64_t, 4> budgets_ns{1'000, 10'000, 100'000, 1'000'000};
inline constexpr std::size_t principal_budget = 1;
inline constexpr std::uint64_t principal_budget_ns = budgets_ns[principal_budget];
// More than this share of what was due may not go unsent, whatever the p99 of the rest.
inline constexpr double most_unsent = 0.001;
// The generator's own queue delays requests noticeably beyond this share of its limit.
inline constexpr double generator_share = 0.9;
// About how many phases a climb takes, for an estimate of its duration.
inline constexpr unsigned typical_steps = 20;

// One phase at one rate.
struct LoadPoint {
  Arrivals arrivals;
  double rate_per_second;  // of all threads, aimed for
  std::uint64_t wall_ns = 0;
  std::uint64_t late = 0;
  std::uint64_t unsent = 0;
  Histogram response = {};
  Histogram service = {};

  // The p99 response of all that was due, in ns. Infinite if too much went unsent.
  [[nodiscard]] double p99() const noexcept;
};

struct Capacity {
  std::uint64_t within_ns;
  double rate_per_second;  // 0: the lowest rate that was tried was too high, or none was tried
  bool at_least;           // nothing that was tried was too high
};

struct LoadSweep {
  std::uint64_t seed = 0;                        // of the schedules; thread i draws with seed + i
  std::optional<double> generator_per_second{};  // what it can offer; nullopt: anything
  std::vector<LoadPoint> points{};
  std::vector<Capacity> capacities{};  // one for each budget
};

// 1, 2, 5, 10, ... from 10,000 to 10^9.
[[nodiscard]] std::vector<double> ladder();

// Calls `offer` with one rate after the other and keeps what it returns in `sweep`. `rates` ascend.
// A rate at which p99 exceeds the principal budget is offered again, because a disturbance of the
// host looks like that; if the two disagree, the median of three decides. Bursty arrivals follow,
// at one third and two thirds of the capacity.
void climb(LoadSweep& sweep, const std::vector<double>& rates,
           const std::function<LoadPoint(Arrivals, double)>& offer);

}  // namespace limiterbench::bench
