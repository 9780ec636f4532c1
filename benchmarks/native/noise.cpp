#include "native/noise.hpp"

#include <sys/resource.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

#include "host/clock.hpp"

namespace limiterbench::bench {
namespace {

constexpr double most_stolen = 0.02;
constexpr double most_steal = 0.01;
constexpr double least_steal_ns = 20e6;
constexpr double most_others = 0.05;
constexpr double least_others_ns = 50e6;
constexpr double most_frequency_change = 0.05;

CpuNoise watch_idle(unsigned cpu, std::uint64_t duration_ticks) noexcept {
  const host::Clock& clock = host::Clock::get();
  const auto hiccup = static_cast<std::uint64_t>(hiccup_ns / clock.ns_per_tick());
  const std::uint64_t begin = clock.ticks();
  std::uint64_t last = begin;
  std::uint64_t lost = 0;
  std::uint64_t longest = 0;
  CpuNoise noise{.cpu = cpu};
  while (last - begin < duration_ticks) {
    const std::uint64_t now = clock.ticks();
    const std::uint64_t gap = now - last;
    last = now;
    if (gap <= hiccup) continue;
    ++noise.hiccups;
    lost += gap;
    longest = std::max(longest, gap);
  }
  noise.longest_ns = clock.to_ns(longest);
  noise.stolen_share =
      last == begin ? 0 : static_cast<double>(lost) / static_cast<double>(last - begin);
  return noise;
}

std::uint64_t ns_of(const timeval& time) noexcept {
  return static_cast<std::uint64_t>(time.tv_sec) * 1'000'000'000 +
         static_cast<std::uint64_t>(time.tv_usec) * 1'000;
}

std::optional<std::uint64_t> own_cpu_ns() noexcept {
  rusage usage{};
  if (getrusage(RUSAGE_SELF, &usage) != 0) return std::nullopt;
  return ns_of(usage.ru_utime) + ns_of(usage.ru_stime);
}

std::uint64_t difference(std::uint64_t more, std::uint64_t less) noexcept {
  return more > less ? more - less : 0;
}

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

std::vector<unsigned> one_a_cpu(const std::vector<host::Cpu>& cpus) {
  std::vector<unsigned> members;
  for (unsigned i = 0; i < cpus.size(); ++i) {
    const auto first = std::ranges::find(cpus, cpus[i].os_index, &host::Cpu::os_index);
    if (first == cpus.begin() + i) members.push_back(i);
  }
  return members;
}

NoiseWatch::NoiseWatch(Team& team, const std::vector<host::Cpu>& cpus, double idle_seconds) {
  const std::vector<unsigned> watchers = one_a_cpu(cpus);
  for (const unsigned member : watchers) os_indexes_.push_back(cpus[member].os_index);
  began_ticks_ = host::Clock::get().ticks();
  before_ = host::cpu_time(os_indexes_);
  const std::optional<std::uint64_t> own = own_cpu_ns();
  // Without it this process's own work would pass for others'.
  if (!own) before_.reset();
  own_ns_ = own.value_or(0);
  run_idle(team, watchers, idle_seconds);
  noise_.khz_before = host::slowest_khz(os_indexes_);
}

void NoiseWatch::run_idle(Team& team, const std::vector<unsigned>& watchers, double seconds) {
  const host::Clock& clock = host::Clock::get();
  const auto ticks = static_cast<std::uint64_t>(seconds * 1e9 / clock.ns_per_tick());
  noise_.idle_ns = clock.to_ns(ticks);
  noise_.cpus.resize(watchers.size());
  team.run([&](unsigned i) {
    const auto found = std::ranges::find(watchers, i);
    if (found == watchers.end()) return;
    const auto at = static_cast<std::size_t>(found - watchers.begin());
    noise_.cpus[at] = watch_idle(os_indexes_[at], ticks);
  });
}

Noise NoiseWatch::end() const {
  const host::Clock& clock = host::Clock::get();
  Noise noise = noise_;
  noise.span_ns = clock.to_ns(clock.ticks() - began_ticks_);
  noise.khz_after = host::slowest_khz(os_indexes_);
  const std::optional<host::CpuTime> after = host::cpu_time(os_indexes_);
  if (!before_ || !after) return noise;
  noise.steal_ns = difference(after->steal_ns, before_->steal_ns);
  const std::uint64_t own_ns = difference(own_cpu_ns().value_or(0), own_ns_);
  noise.others_ns = difference(difference(after->busy_ns, before_->busy_ns), own_ns);
  return noise;
}

}  // namespace limiterbench::bench
