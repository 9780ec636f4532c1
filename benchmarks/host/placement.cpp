#include "host/placement.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

namespace limiterbench::host {
namespace {

using Cpus = std::vector<Cpu>;

// One from each list in turn, for as long as it lasts.
Cpus take_turns(const std::vector<Cpus>& lists) {
  Cpus merged;
  bool found = true;
  for (std::size_t round = 0; found; ++round) {
    found = false;
    for (const Cpus& list : lists) {
      if (round >= list.size()) continue;
      merged.push_back(list[round]);
      found = true;
    }
  }
  return merged;
}

std::vector<Cpus> split_by(const Cpus& cpus, unsigned Cpu::*id) {
  std::map<unsigned, Cpus> groups;
  for (const Cpu& cpu : cpus) groups[cpu.*id].push_back(cpu);
  std::vector<Cpus> lists;
  for (auto& [key, group] : groups) lists.push_back(std::move(group));
  return lists;
}

Cpus scattered(const Cpus& by_distance) {
  Cpus order;
  for (const Cpus& rank : split_by(by_distance, &Cpu::sibling)) {
    std::vector<Cpus> packages;
    for (const Cpus& package : split_by(rank, &Cpu::package)) {
      packages.push_back(take_turns(split_by(package, &Cpu::complex)));
    }
    const Cpus turns = take_turns(packages);
    order.insert(order.end(), turns.begin(), turns.end());
  }
  return order;
}

// The counts after which one more value of `id` appears for the first time.
std::vector<unsigned> entries(const Cpus& order, unsigned Cpu::*id) {
  std::vector<unsigned> counts;
  std::set<unsigned> seen;
  for (unsigned i = 0; i < order.size(); ++i) {
    if (seen.insert(order[i].*id).second && i > 0) counts.push_back(i);
  }
  return counts;
}

// The count with which every value of `id` is in use; none if a single thread does that.
std::vector<unsigned> all_entered(const Cpus& order, unsigned Cpu::*id) {
  const std::vector<unsigned> counts = entries(order, id);
  return counts.empty() ? counts : std::vector<unsigned>{counts.back() + 1};
}

}  // namespace

std::string_view to_string(Placement placement) noexcept {
  switch (placement) {
    case Placement::compact: return "compact";
    case Placement::scatter: return "scatter";
    case Placement::smt: return "smt";
  }
  return "unknown";
}

std::vector<Cpu> place(const Topology& topology, Placement placement) {
  Cpus order = topology.cpus();
  std::stable_sort(order.begin(), order.end(), [placement](const Cpu& a, const Cpu& b) {
    const auto key = [placement](const Cpu& cpu) {
      const unsigned rank = placement == Placement::smt ? 0 : cpu.sibling;
      return std::tuple(rank, cpu.package, cpu.complex, cpu.core, cpu.sibling);
    };
    return key(a) < key(b);
  });
  return placement == Placement::scatter ? scattered(order) : order;
}

std::vector<Boundary> boundaries(const Topology& topology, Placement placement) {
  const Cpus order = place(topology, placement);
  const auto changes = placement == Placement::scatter ? all_entered : entries;
  std::map<unsigned, std::string> kinds;
  // Later assignments win where counts meet: the wider change names the boundary.
  for (unsigned threads : changes(order, &Cpu::complex)) kinds[threads] = "complex";
  for (unsigned threads : changes(order, &Cpu::package)) kinds[threads] = "package";
  for (unsigned threads : entries(order, &Cpu::sibling)) kinds[threads] = "smt";
  std::vector<Boundary> list;
  for (const auto& [threads, kind] : kinds) {
    if (threads < order.size()) list.push_back({threads, kind});
  }
  return list;
}

std::vector<unsigned> milestones(const Topology& topology) {
  const Cpus order = place(topology, Placement::compact);
  const auto cores_with = [&order](unsigned Cpu::*id) {
    return static_cast<unsigned>(std::ranges::count_if(
        order, [&](const Cpu& cpu) { return cpu.*id == order.front().*id && cpu.sibling == 0; }));
  };
  const std::set<unsigned> counts{1, cores_with(&Cpu::complex), cores_with(&Cpu::package),
                                  topology.cores(), static_cast<unsigned>(order.size())};
  return {counts.begin(), counts.end()};
}

std::vector<unsigned> thread_counts(const Topology& topology) {
  const std::vector<unsigned> steps = milestones(topology);
  std::set<unsigned> counts(steps.begin(), steps.end());
  for (unsigned count = 1; count < steps.back(); count *= 2) counts.insert(count);
  return {counts.begin(), counts.end()};
}

std::vector<Placement> distinct_placements(const Topology& topology) {
  std::vector<Placement> kept;
  std::vector<Cpus> orders;
  for (Placement placement : placements) {
    Cpus order = place(topology, placement);
    if (std::find(orders.begin(), orders.end(), order) != orders.end()) continue;
    kept.push_back(placement);
    orders.push_back(std::move(order));
  }
  return kept;
}

}  // namespace limiterbench::host
