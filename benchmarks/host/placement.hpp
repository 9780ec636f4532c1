// In which order the threads of a team are put on CPUs.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "host/topology.hpp"

namespace limiterbench::host {

enum class Placement {
  compact,  // fill one complex, then the next, then the next package; SMT siblings last
  scatter,  // a package each in turn, and in it a complex each in turn; SMT siblings last
  smt,      // as compact, but all siblings of a core before the next core
};

inline constexpr std::array placements{Placement::compact, Placement::scatter, Placement::smt};

[[nodiscard]] std::string_view to_string(Placement placement) noexcept;

// Thread 0 runs on the first, thread 1 on the second, and so on: a permutation of cpus().
[[nodiscard]] std::vector<Cpu> place(const Topology& topology, Placement placement);

// Where growing teams change what they share: with more than `threads` threads,
// - "complex", "package" in compact and smt: one more of them is entered;
// - "complex", "package" in scatter: all of them are in use and only fill up (scatter enters a new
//   one with almost every thread up to there, so those steps are not listed one by one);
// - "smt": one more thread shares a core.
struct Boundary {
  unsigned threads;
  std::string kind;
  friend bool operator==(const Boundary&, const Boundary&) = default;
};

// Ascending; at most one for each count, named by the widest change; below the number of CPUs.
[[nodiscard]] std::vector<Boundary> boundaries(const Topology& topology, Placement placement);

// The thread counts people look for: one thread, the cores of the first complex, the cores of the
// first package, all cores, all CPUs. Ascending, each once; the same for every placement.
[[nodiscard]] std::vector<unsigned> milestones(const Topology& topology);

// The powers of two below the number of CPUs, and the milestones; ascending, each once. All
// placements use the same counts, which lets a chart compare them point by point.
[[nodiscard]] std::vector<unsigned> thread_counts(const Topology& topology);

// The placements that differ on this topology, compact first: without SMT there is no smt, with
// one complex scatter is compact.
[[nodiscard]] std::vector<Placement> distinct_placements(const Topology& topology);

}  // namespace limiterbench::host
