#include "native/noise.hpp"

#include <sys/resource.h>

#include <algorithm>

#include "host/clock.hpp"

namespace limiterbench::bench {
namespace {

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

}  // namespace

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
  // Without this figure the process's own work would pass for the work of others.
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
