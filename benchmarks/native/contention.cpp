#include "native/contention.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>
#include <cstdio>
#include <limiterbench/sync.hpp>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>

#include "host/clock.hpp"
#include "native/barrier.hpp"
#include "native/ping_pong.hpp"
#include "native/team.hpp"

namespace limiterbench::bench {
namespace {

using nlohmann::json;

constexpr std::uint64_t round_trips = 2'000;  // in a batch
constexpr std::size_t batches = 9;
constexpr std::uint64_t no_end = std::numeric_limits<std::uint64_t>::max();

struct alignas(sync::false_sharing_range) Line {
  std::atomic<std::uint64_t> value{0};
};

double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

// Runs task(member) on all at once, from an agreed moment on.
template <class Task>
void together(Team& team, const Task& task) {
  StartBarrier barrier(team.size());
  team.run(
      [&](unsigned i) {
        barrier.arrive_and_wait();
        task(i);
      },
      [&] {
        barrier.wait_for_all();
        const host::Clock& clock = host::Clock::get();
        barrier.open(clock.ticks() + static_cast<std::uint64_t>(1e5 / clock.ns_per_tick()));
      });
}

Transfer measure_pair(const host::Topology& topology, const host::Cpu& a, const host::Cpu& b) {
  const host::Clock& clock = host::Clock::get();
  Team team(topology, {a, b});
  PingPong game(round_trips);
  std::vector<double> one_ways;
  for (std::size_t i = 0; i < batches; ++i) {
    std::uint64_t taken = 0;
    game.reset();
    together(team, [&](unsigned player) {
      const std::uint64_t begin = clock.ticks();
      game.play(player, round_trips);
      if (player == 0) taken = clock.ticks() - begin;
    });
    one_ways.push_back(static_cast<double>(taken) / (2 * round_trips));
  }
  game.reset();
  together(team, [&](unsigned player) { game.play_stamped(player, no_end); });
  return {a.os_index, b.os_index, median(one_ways) * clock.ns_per_tick(),
          game.ways().skew() * clock.ns_per_tick()};
}

double measure_sharing(const host::Topology& topology, const std::vector<host::Cpu>& cpus) {
  const host::Clock& clock = host::Clock::get();
  const auto duration = static_cast<std::uint64_t>(1e7 / clock.ns_per_tick());
  Team team(topology, cpus);
  std::vector<double> costs;
  for (int round = 0; round < 5; ++round) {
    Line line;
    std::vector<std::uint64_t> begun(cpus.size());
    std::vector<std::uint64_t> ended(cpus.size());
    together(team, [&](unsigned i) {
      begun[i] = clock.ticks();
      std::uint64_t now = begun[i];
      while (now - begun[i] < duration) {
        // relaxed: only the count is read, after the team has joined.
        for (int k = 0; k < 64; ++k) line.value.fetch_add(1, std::memory_order_relaxed);
        now = clock.ticks();
      }
      ended[i] = now;
    });
    const std::uint64_t wall = *std::ranges::max_element(ended) - *std::ranges::min_element(begun);
    costs.push_back(static_cast<double>(wall) * clock.ns_per_tick() /
                    static_cast<double>(line.value.load(std::memory_order_relaxed)));
  }
  return median(costs);
}

// How far apart two CPUs are, nearest first.
std::string_view distance(const host::Cpu& a, const host::Cpu& b) {
  if (a.core == b.core) return "1 same core";
  if (a.complex == b.complex) return "2 same complex";
  if (a.package == b.package) return "3 same package";
  return "4 other package";
}

std::map<unsigned, host::Cpu> by_number(const host::Topology& topology) {
  std::map<unsigned, host::Cpu> cpus;
  for (const host::Cpu& cpu : topology.cpus()) cpus.emplace(cpu.os_index, cpu);
  return cpus;
}

template <class... Arguments>
std::string line(const char* format, Arguments... arguments) {
  std::array<char, 128> text{};
  std::snprintf(text.data(), text.size(), format, arguments...);
  return text.data();
}

std::string describe_distances(const ContentionMap& map, const host::Topology& topology) {
  const auto cpus = by_number(topology);
  std::map<std::string_view, std::vector<double>> groups;
  double skew = 0;
  for (const Transfer& transfer : map.transfers) {
    groups[distance(cpus.at(transfer.a), cpus.at(transfer.b))].push_back(transfer.one_way_ns);
    skew = std::max(skew, std::abs(transfer.skew_ns));
  }
  std::string text = line("one-way transfer of a line, ns, over %zu of %zu pairs\n",
                          map.transfers.size(), map.pairs);
  for (auto& [name, values] : groups) {
    const auto [least, most] = std::ranges::minmax(values);
    text += line("  %-16s median %7.1f   from %7.1f to %7.1f\n", name.substr(2).data(),
                 median(values), least, most);
  }
  return text + line("clocks differ by at most %.1f ns between these pairs\n", skew);
}

std::string describe_matrix(const ContentionMap& map, const host::Topology& topology) {
  std::map<std::pair<unsigned, unsigned>, double> cells;
  for (const Transfer& transfer : map.transfers)
    cells[std::minmax(transfer.a, transfer.b)] = transfer.one_way_ns;
  std::string text = "\n     ";
  for (const host::Cpu& cpu : topology.cpus()) text += line(" %6u", cpu.os_index);
  for (const host::Cpu& row : topology.cpus()) {
    text += line("\n%5u", row.os_index);
    for (const host::Cpu& column : topology.cpus()) {
      const auto found = cells.find(std::minmax(row.os_index, column.os_index));
      text += found == cells.end() ? "      -" : line(" %6.1f", found->second);
    }
  }
  return text + "\n";
}

}  // namespace

std::vector<std::pair<std::size_t, std::size_t>> choose_pairs(std::size_t cpus, std::size_t most) {
  std::vector<std::pair<std::size_t, std::size_t>> all;
  for (std::size_t a = 0; a < cpus; ++a) {
    for (std::size_t b = a + 1; b < cpus; ++b) all.emplace_back(a, b);
  }
  if (all.size() <= most) return all;
  // The pairs with the first CPU come first in `all`.
  std::vector<std::pair<std::size_t, std::size_t>> chosen;
  const std::size_t first = std::min(cpus - 1, most);
  chosen.assign(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(first));
  const std::size_t rest = all.size() - first;
  const std::size_t wanted = most - first;
  for (std::size_t i = 0; i < wanted; ++i) chosen.push_back(all[first + i * rest / wanted]);
  return chosen;
}

ContentionMap measure_contention(const host::Topology& topology, std::size_t most_pairs) {
  const std::vector<host::Cpu>& cpus = topology.cpus();
  ContentionMap map;
  map.pairs = cpus.size() * (cpus.size() - 1) / 2;
  for (const auto& [a, b] : choose_pairs(cpus.size(), most_pairs))
    map.transfers.push_back(measure_pair(topology, cpus[a], cpus[b]));
  for (const host::Placement placement : host::distinct_placements(topology)) {
    const std::vector<host::Cpu> order = host::place(topology, placement);
    for (const unsigned threads : host::thread_counts(topology)) {
      const std::vector<host::Cpu> used(order.begin(), order.begin() + threads);
      map.sharings.push_back({placement, threads, measure_sharing(topology, used)});
    }
  }
  return map;
}

json contention_json(const ContentionMap& map) {
  json transfers = json::array();
  for (const Transfer& transfer : map.transfers)
    transfers.push_back({{"a", transfer.a},
                         {"b", transfer.b},
                         {"one_way_ns", transfer.one_way_ns},
                         {"skew_ns", transfer.skew_ns}});
  json sharings = json::array();
  for (const Sharing& sharing : map.sharings)
    sharings.push_back({{"placement", host::to_string(sharing.placement)},
                        {"threads", sharing.threads},
                        {"aggregate_ns", sharing.aggregate_ns}});
  return {
      {"pairs", map.pairs}, {"transfers", std::move(transfers)}, {"sharings", std::move(sharings)}};
}

std::string describe(const ContentionMap& map, const host::Topology& topology) {
  std::string text;
  if (!map.transfers.empty()) text += describe_distances(map, topology);
  if (map.transfers.size() == map.pairs && topology.cpus().size() <= 10)
    text += describe_matrix(map, topology);
  text += "\nincrements of one shared word, ns of wall time each\n";
  for (const Sharing& sharing : map.sharings)
    text +=
        line("  %-8s %4u %s %8.2f\n", std::string(host::to_string(sharing.placement)).c_str(),
             sharing.threads, sharing.threads == 1 ? "thread " : "threads", sharing.aggregate_ns);
  return text;
}

}  // namespace limiterbench::bench
