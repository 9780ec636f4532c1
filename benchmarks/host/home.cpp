#include "host/home.hpp"

#include <hwloc.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <stdexcept>
#include <string>

namespace limiterbench::host {
namespace {

using Bitmap = std::unique_ptr<hwloc_bitmap_s, decltype(&hwloc_bitmap_free)>;

Bitmap make_bitmap() { return {hwloc_bitmap_alloc(), &hwloc_bitmap_free}; }

[[noreturn]] void refuse(Home home, int error) {
  throw std::runtime_error("cannot take memory from its home, " + std::string(to_string(home)) +
                           ": " + std::strerror(error));
}

Bitmap nodeset_of(const Topology& topology, Home home, const Cpu& first) {
  Bitmap nodes = make_bitmap();
  if (const std::optional<Cpu> cpu = cpu_at_home(topology, home, first)) {
    hwloc_bitmap_only(nodes.get(), node_of(topology, *cpu));
  } else {
    hwloc_bitmap_copy(nodes.get(), hwloc_topology_get_topology_nodeset(topology.native()));
  }
  return nodes;
}

hwloc_membind_policy_t policy_of(Home home) noexcept {
  return home == Home::interleave ? HWLOC_MEMBIND_INTERLEAVE : HWLOC_MEMBIND_BIND;
}

}  // namespace

std::string_view to_string(Home home) noexcept {
  constexpr std::array<std::string_view, 3> names{"local", "remote", "interleave"};
  return names[static_cast<std::size_t>(home)];
}

std::optional<Home> parse_home(std::string_view name) noexcept {
  for (const Home home : homes)
    if (to_string(home) == name) return home;
  return std::nullopt;
}

std::optional<Cpu> cpu_at_home(const Topology& topology, Home home, const Cpu& first) {
  if (home == Home::interleave) return std::nullopt;
  if (home == Home::local) return first;
  const auto& cpus = topology.cpus();
  auto found = std::ranges::find_if(
      cpus, [&](const Cpu& cpu) { return cpu.package != first.package && cpu.numa != first.numa; });
  if (found == cpus.end())
    found = std::ranges::find_if(cpus, [&](const Cpu& cpu) { return cpu.numa != first.numa; });
  return found == cpus.end() ? std::nullopt : std::optional(*found);
}

unsigned node_of(const Topology& topology, const Cpu& cpu) {
  const hwloc_obj_t pu = hwloc_get_pu_obj_by_os_index(topology.native(), cpu.os_index);
  return static_cast<unsigned>(std::max(0, hwloc_bitmap_first(pu->nodeset)));
}

MemoryFrom::MemoryFrom(const Topology& topology, Home home, const Cpu& first)
    : topology_(topology) {
  if (topology.numa_nodes() < 2) return;
  const Bitmap nodes = nodeset_of(topology, home, first);
  constexpr int flags = HWLOC_MEMBIND_THREAD | HWLOC_MEMBIND_BYNODESET;
  if (hwloc_set_membind(topology.native(), nodes.get(), policy_of(home), flags) != 0)
    refuse(home, errno);
}

MemoryFrom::~MemoryFrom() {
  if (topology_.numa_nodes() < 2) return;
  constexpr int flags = HWLOC_MEMBIND_THREAD | HWLOC_MEMBIND_BYNODESET;
  hwloc_set_membind(topology_.native(), hwloc_topology_get_topology_nodeset(topology_.native()),
                    HWLOC_MEMBIND_DEFAULT, flags);
}

void move_home(const Topology& topology, Home home, const Cpu& first,
               std::span<const std::byte> object) {
  if (topology.numa_nodes() < 2) return;
  const Bitmap nodes = nodeset_of(topology, home, first);
  constexpr int flags = HWLOC_MEMBIND_BYNODESET | HWLOC_MEMBIND_MIGRATE;
  if (hwloc_set_area_membind(topology.native(), object.data(), object.size(), nodes.get(),
                             policy_of(home), flags) != 0)
    refuse(home, errno);
}

std::vector<unsigned> nodes_of(const Topology& topology, std::span<const std::byte> object) {
  const Bitmap nodes = make_bitmap();
  if (hwloc_get_area_memlocation(topology.native(), object.data(), object.size(), nodes.get(),
                                 HWLOC_MEMBIND_BYNODESET) != 0)
    return {};
  std::vector<unsigned> found;
  for (int node = -1; (node = hwloc_bitmap_next(nodes.get(), node)) >= 0;)
    found.push_back(static_cast<unsigned>(node));
  return found;
}

}  // namespace limiterbench::host
