// A placement, in the numbers by which CPUs are simulated.
#pragma once

#include <algorithm>
#include <vector>

#include "host/placement.hpp"

namespace limiterbench::simulation {

// The place of a CPU in Topology::cpus().
[[nodiscard]] inline unsigned index_of(const host::Topology& topology, const host::Cpu& cpu) {
  return static_cast<unsigned>(std::ranges::find(topology.cpus(), cpu) - topology.cpus().begin());
}

[[nodiscard]] inline std::vector<unsigned> placed(const host::Topology& topology,
                                                  host::Placement placement) {
  std::vector<unsigned> order;
  for (const host::Cpu& cpu : host::place(topology, placement))
    order.push_back(index_of(topology, cpu));
  return order;
}

}  // namespace limiterbench::simulation
