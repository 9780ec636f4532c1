#include "host/home.hpp"

#include <hwloc.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <exception>
#include <memory>
#include <set>
#include <stdexcept>
#include <thread>

#include "host/thread.hpp"

namespace limiterbench::host {
namespace {

using Bitmap = std::unique_ptr<hwloc_bitmap_s, decltype(&hwloc_bitmap_free)>;

Bitmap make_bitmap() { return {hwloc_bitmap_alloc(), &hwloc_bitmap_free}; }

// Returns the note for a preference, and throws for what the user asked for.
std::string refused(Home home, const char* call, int error) {
  std::string why = std::string(call) + ": " + std::strerror(error);
  if (error == EPERM) why += " (a container or sandbox forbids it)";
  if (home == Home::local) return "the kernel chose the node, for it refused " + why;
  throw std::runtime_error("cannot take memory from its home, " + std::string(to_string(home)) +
                           ": " + why);
}

std::string note_on(Home home, const Cpu& first) {
  if (first.numa || home == Home::interleave) return "";
  return "CPU " + std::to_string(first.os_index) + " has no NUMA node near: " +
         (home == Home::local ? "the kernel chose the node" : "every node is remote");
}

bool leaves_a_choice(const Topology& topology, Home home, const Cpu& first) {
  return topology.numa_nodes() > 1 &&
         (home == Home::interleave || node_at_home(topology, home, first).has_value());
}

Bitmap nodeset_of(const Topology& topology, Home home, const Cpu& first) {
  Bitmap nodes = make_bitmap();
  if (const std::optional<unsigned> node = node_at_home(topology, home, first)) {
    hwloc_bitmap_only(nodes.get(), os_index_of_node(topology, *node));
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

std::optional<unsigned> node_at_home(const Topology& topology, Home home, const Cpu& first) {
  if (home == Home::interleave) return std::nullopt;
  if (home == Home::local) return first.numa;
  const hwloc_topology_t native = topology.native();
  const auto package_of = [native](const hwloc_obj* object) {
    return hwloc_get_ancestor_obj_by_type(native, HWLOC_OBJ_PACKAGE,
                                          const_cast<hwloc_obj_t>(object));
  };
  const auto* const own_package = package_of(hwloc_get_pu_obj_by_os_index(native, first.os_index));
  std::optional<unsigned> away, other;
  for (unsigned numa = 0; numa < topology.numa_nodes(); ++numa) {
    if (numa == first.numa) continue;
    const hwloc_obj* node = topology.node(numa);
    const auto* const package = package_of(node);
    if (package != nullptr && package != own_package) return numa;
    if (!away && hwloc_bitmap_isset(node->cpuset, first.os_index) == 0) away = numa;
    if (!other) other = numa;
  }
  return away ? away : other;
}

unsigned os_index_of_node(const Topology& topology, unsigned numa) {
  return topology.node(numa)->os_index;
}

MemoryFrom::MemoryFrom(const Topology& topology, Home home, const Cpu& first)
    : topology_(topology), note_(note_on(home, first)) {
  if (!leaves_a_choice(topology, home, first)) return;
  const Bitmap nodes = nodeset_of(topology, home, first);
  constexpr int flags = HWLOC_MEMBIND_THREAD | HWLOC_MEMBIND_BYNODESET;
  is_set_ = hwloc_set_membind(topology.native(), nodes.get(), policy_of(home), flags) == 0;
  if (!is_set_) note_ = refused(home, "set_mempolicy", errno);
}

MemoryFrom::~MemoryFrom() {
  if (!is_set_) return;
  constexpr int flags = HWLOC_MEMBIND_THREAD | HWLOC_MEMBIND_BYNODESET;
  hwloc_set_membind(topology_.native(), hwloc_topology_get_topology_nodeset(topology_.native()),
                    HWLOC_MEMBIND_DEFAULT, flags);
}

std::string move_home(const Topology& topology, Home home, const Cpu& first,
                      std::span<const std::byte> object) {
  if (!leaves_a_choice(topology, home, first)) return note_on(home, first);
  const Bitmap nodes = nodeset_of(topology, home, first);
  constexpr int flags = HWLOC_MEMBIND_BYNODESET | HWLOC_MEMBIND_MIGRATE;
  if (hwloc_set_area_membind(topology.native(), object.data(), object.size(), nodes.get(),
                             policy_of(home), flags) != 0)
    return refused(home, "mbind", errno);
  return note_on(home, first);
}

void require_home(const Topology& topology, Home home) {
  std::exception_ptr problem;
  // In a thread of its own, which touches no other memory.
  start_thread([&] {
    try {
      std::set<std::optional<unsigned>> tried;
      for (const Cpu& cpu : topology.cpus()) {
        if (!tried.insert(node_at_home(topology, home, cpu)).second) continue;
        const MemoryFrom memory(topology, home, cpu);
        const std::vector<std::byte> page(4096);
        move_home(topology, home, cpu, page);
      }
    } catch (...) {
      problem = std::current_exception();
    }
  }).join();
  if (problem) std::rethrow_exception(problem);
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
