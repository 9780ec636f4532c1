// The NUMA node of the memory that all threads share.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "host/topology.hpp"

namespace limiterbench::host {

enum class Home {
  local,  // the node of the first thread's CPU; a preference, for it is the default
  // A node of another package if there is one, else one that is not near to that CPU, else any
  // other: memory without CPUs, such as CXL or HBM.
  remote,
  interleave,  // page by page over all nodes
};

inline constexpr std::array homes{Home::local, Home::remote, Home::interleave};

[[nodiscard]] std::string_view to_string(Home home) noexcept;

// The node, as the topology numbers it, that is the home of what `first`'s thread shares. nullopt
// for interleave, for local where the CPU has no node, and for remote where there is no other node.
[[nodiscard]] std::optional<unsigned> node_at_home(const Topology& topology, Home home,
                                                   const Cpu& first);

// While it lives, pages that the calling thread is first to touch are taken from that home. Nothing
// happens on a host with one node. Throws std::runtime_error if the kernel refuses, but not for
// local: the kernel's own choice will do.
class MemoryFrom {
 public:
  MemoryFrom(const Topology& topology, Home home, const Cpu& first);
  ~MemoryFrom();
  MemoryFrom(const MemoryFrom&) = delete;
  MemoryFrom& operator=(const MemoryFrom&) = delete;

  // Why the memory may lie elsewhere, or what is special about its home; usually "".
  [[nodiscard]] const std::string& note() const noexcept { return note_; }

 private:
  const Topology& topology_;
  bool is_set_ = false;
  std::string note_;
};

// Moves the pages under an object there, which may lie beside what was touched before. Likewise;
// returns the note.
std::string move_home(const Topology& topology, Home home, const Cpu& first,
                      std::span<const std::byte> object);

// Throws std::runtime_error unless the kernel lets this process take memory from the home of each
// CPU's thread.
void require_home(const Topology& topology, Home home);

// The kernel's numbers of the nodes that the object's pages lie on; empty if it does not say.
[[nodiscard]] std::vector<unsigned> nodes_of(const Topology& topology,
                                             std::span<const std::byte> object);

// The kernel's number of a node.
[[nodiscard]] unsigned os_index_of_node(const Topology& topology, unsigned numa);

}  // namespace limiterbench::host
