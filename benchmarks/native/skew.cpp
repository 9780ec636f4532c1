#include "native/skew.hpp"

#include <bit>
#include <cmath>

#include "host/clock.hpp"
#include "native/noise.hpp"
#include "native/ping_pong.hpp"

namespace limiterbench::bench {
namespace {

constexpr std::uint64_t rounds = 500;
// The rounds take a tenth of a millisecond; the rest is for players that are woken late.
constexpr double longest_game_ns = 10e6;

}  // namespace

std::string describe(const Skew& skew) {
  return "the TSC of CPU " + std::to_string(skew.cpu) + " is " +
         std::to_string(std::llround(std::abs(skew.worst_ns))) + " ns " +
         (skew.worst_ns > 0 ? "ahead of" : "behind") +
         " the first CPU's: a message is read before it was sent";
}

std::vector<std::size_t> spread_over(std::size_t count) {
  std::vector<std::size_t> order;
  for (std::size_t step = std::bit_ceil(count) / 2; step > 0; step /= 2)
    for (std::size_t i = step; i < count; i += 2 * step) order.push_back(i);
  return order;
}

std::optional<Skew> measure_skew(Team& team, const std::vector<host::Cpu>& cpus, double budget_ns,
                                 double ahead_ns) {
  const host::Clock& clock = host::Clock::get();
  const auto in_ticks = [&clock](double ns) { return ns / clock.ns_per_tick(); };
  const std::uint64_t end = clock.ticks() + static_cast<std::uint64_t>(in_ticks(budget_ns));
  const std::vector<unsigned> members = one_a_cpu(cpus);
  std::optional<Skew> skew;
  PingPong game(rounds);
  std::size_t pairs = 0;
  for (const std::size_t other : spread_over(members.size())) {
    if (clock.ticks() > end) break;
    game.reset();
    const std::uint64_t until =
        clock.ticks() + static_cast<std::uint64_t>(in_ticks(longest_game_ns));
    team.run([&](unsigned i) {
      if (i == members[0]) game.play_stamped(0, until);
      if (i == members[other]) game.play_stamped(1, until);
    });
    if (!game.has_ways()) continue;
    ++pairs;
    const PingPong::Ways ways = game.ways(std::llround(in_ticks(ahead_ns)));
    const double ns = ways.skew() * clock.ns_per_tick();
    if (skew && std::abs(ns) <= std::abs(skew->worst_ns)) continue;
    skew = Skew{ns, ways.one_way() * clock.ns_per_tick(), cpus[members[other]].os_index,
                ways.there < 0 || ways.back < 0};
  }
  if (skew) skew->pairs = pairs;
  return skew;
}

}  // namespace limiterbench::bench
