#include "workload/noise.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

namespace limiterbench::bench {
namespace {

constexpr double most_stolen = 0.02;
constexpr double most_steal = 0.01;
constexpr double least_steal_ns = 20e6;
constexpr double most_others = 0.05;
constexpr double least_others_ns = 50e6;
constexpr double most_frequency_change = 0.05;

std::string percent(double share) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.1f %%", 100 * share);
  return text.data();
}

}  // namespace

std::vector<std::string> disturbances(const Noise& noise) {
  std::vector<std::string> reasons;
  const auto worst = std::ranges::max_element(noise.cpus, {}, &CpuNoise::stolen_share);
  if (worst != noise.cpus.end() && worst->stolen_share > most_stolen)
    reasons.push_back("CPU " + std::to_string(worst->cpu) + " lost " +
                      percent(worst->stolen_share) + " of its time while idle");
  const double whole = static_cast<double>(noise.span_ns) * static_cast<double>(noise.cpus.size());
  const auto steal = static_cast<double>(noise.steal_ns.value_or(0));
  if (steal >= least_steal_ns && steal > most_steal * whole)
    reasons.push_back("the hypervisor took " + percent(steal / whole));
  const auto others = static_cast<double>(noise.others_ns.value_or(0));
  if (others > least_others_ns && others > most_others * whole)
    reasons.push_back("other work ran for " + percent(others / whole));
  if (noise.khz_before && noise.khz_after) {
    const auto before = static_cast<double>(*noise.khz_before);
    const double change = (static_cast<double>(*noise.khz_after) - before) / before;
    if (std::abs(change) > most_frequency_change)
      reasons.push_back("the clock frequency " + std::string(change > 0 ? "rose" : "fell") +
                        " by " + percent(std::abs(change)));
  }
  return reasons;
}

}  // namespace limiterbench::bench
