// What a limiter is asked while it is measured: which classes, and how often the configuration is
// replaced. A new scenario is one initialiser in scenario.cpp.
#pragma once

#include <limiterbench/limiter.hpp>

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

namespace limiterbench::bench {

inline constexpr std::uint32_t open_class = 0;   // a limit that no host exhausts
inline constexpr std::uint32_t tight_class = 1;  // a small limit, used up early in each window
inline constexpr std::uint32_t edge_class = 2;   // a limit used up about half-way

// Either two classes: one request in `period` is of class `rare`, the others are of class `common`,
// and each costs 1. Or, with `zipf`, all classes: requests are drawn, of class i in proportion to
// (i + 1)^-zipf, and cost 1 to most_cost, each equally often.
struct Mix {
  std::uint32_t common = 0;
  std::uint32_t rare = 0;
  std::uint32_t period = 1;
  double zipf = 0;
  Permits most_cost = 1;

  [[nodiscard]] constexpr bool is_drawn() const noexcept { return zipf > 0; }
};

struct Scenario {
  std::string_view name;
  std::string_view summary;
  Mix mix;
  Permits tight_limit = 0;        // of tight_class, per 10 ms
  double reloads_per_second = 0;  // aimed for; 0: no writer
  // Whose admissions are checked window by window. Every class is if requests are drawn.
  std::uint32_t limited_class = edge_class;
  bool sweeps_load = false;     // after the two phases, an open loop at one rate after another
  bool oversubscribes = false;  // also measured with more threads than CPUs
  bool principal = false;       // in every placement, and at every milestone of a quick plan
  bool on_request = false;  // measured at the milestones, and in a quick plan only if it is named

  // The limits that are checked follow from the capacity measured in the warm-up.
  [[nodiscard]] constexpr bool is_edge() const noexcept { return limited_class == edge_class; }
  [[nodiscard]] constexpr bool checks(std::uint32_t traffic_class) const noexcept {
    return mix.is_drawn() || traffic_class == limited_class;
  }
};

[[nodiscard]] std::span<const Scenario> scenarios() noexcept;
// nullptr if there is none of that name.
[[nodiscard]] const Scenario* find_scenario(std::string_view name) noexcept;

// The share of the requests, if they are drawn, that is of this class.
[[nodiscard]] double drawn_share(const Mix& mix, std::uint32_t traffic_class) noexcept;

// The configuration with this version. Any two versions differ in every backoff and in every rule
// of the classes that are not in use, which reveals a mixture of the two. Limits and windows of the
// classes in use stay the same: that makes admissions predictable. `edge_limit` is that of
// edge_class. If requests are drawn, all limits are in proportion to it.
[[nodiscard]] Config configuration(const Scenario& scenario, std::uint64_t version,
                                   Permits edge_limit);

// Half of what the capacity is worth in one window of edge_class, at least 1.
[[nodiscard]] Permits edge_limit_for(double operations_per_second) noexcept;

}  // namespace limiterbench::bench
