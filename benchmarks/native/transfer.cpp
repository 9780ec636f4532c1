#include "native/transfer.hpp"

#include "host/clock.hpp"
#include "native/noise.hpp"
#include "native/ping_pong.hpp"

namespace limiterbench::bench {
namespace {

constexpr std::uint64_t transfer_rounds = 500;
constexpr double longest_transfer_ns = 10e6;

}  // namespace

std::optional<double> measure_transfer_ns(Team& team, const std::vector<host::Cpu>& cpus) {
  const std::vector<unsigned> members = one_a_cpu(cpus);
  if (members.size() < 2) return std::nullopt;
  const host::Clock& clock = host::Clock::get();
  const std::uint64_t until =
      clock.ticks() + static_cast<std::uint64_t>(longest_transfer_ns / clock.ns_per_tick());
  PingPong game(transfer_rounds);
  team.run([&](unsigned i) {
    if (i == members.front()) game.play_stamped(0, until);
    if (i == members.back()) game.play_stamped(1, until);
  });
  const std::optional<double> ticks = game.typical_way();
  return ticks ? std::optional(*ticks * clock.ns_per_tick()) : std::nullopt;
}

}  // namespace limiterbench::bench
