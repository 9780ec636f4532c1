// On which NUMA node memory lies that all threads share.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "host/topology.hpp"

namespace limiterbench::host {

enum class Home {
  local,       // the node of the first thread's CPU
  remote,      // a node of another package if there is one, else another node
  interleave,  // page by page over all nodes
};

inline constexpr std::array homes{Home::local, Home::remote, Home::interleave};

[[nodiscard]] std::string_view to_string(Home home) noexcept;
[[nodiscard]] std::optional<Home> parse_home(std::string_view name) noexcept;

// A CPU whose node is the home of what `first`'s thread shares; nullopt for interleave, and for
// remote on a host with one node.
[[nodiscard]] std::optional<Cpu> cpu_at_home(const Topology& topology, Home home, const Cpu& first);

// While it lives, pages that the calling thread is first to touch are taken from that home. Nothing
// happens on a host with one node. Throws std::runtime_error if the kernel refuses.
class MemoryFrom {
 public:
  MemoryFrom(const Topology& topology, Home home, const Cpu& first);
  ~MemoryFrom();
  MemoryFrom(const MemoryFrom&) = delete;
  MemoryFrom& operator=(const MemoryFrom&) = delete;

 private:
  const Topology& topology_;
};

// Moves the pages under an object there, which may lie beside what was touched before. Likewise.
void move_home(const Topology& topology, Home home, const Cpu& first,
               std::span<const std::byte> object);

// The kernel's numbers of the nodes that the object's pages lie on; empty if it does not say.
[[nodiscard]] std::vector<unsigned> nodes_of(const Topology& topology,
                                             std::span<const std::byte> object);

// The kernel's number of a CPU's node.
[[nodiscard]] unsigned node_of(const Topology& topology, const Cpu& cpu);

}  // namespace limiterbench::host
