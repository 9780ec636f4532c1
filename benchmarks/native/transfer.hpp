// What it takes to move a line between two of a cell's CPUs.
//
// On a virtual machine this changes within a run, when the host moves a virtual CPU to another
// core, and with it every number that depends on shared lines.
#pragma once

#include <optional>
#include <vector>

#include "native/team.hpp"
#include "workload/noise.hpp"

namespace limiterbench::bench {

// One way, between the first and the last of the CPUs: the median of a few hundred round trips.
// nullopt if there is only one CPU, or if one of the two was kept from running.
[[nodiscard]] std::optional<double> measure_transfer_ns(Team& team,
                                                        const std::vector<host::Cpu>& cpus);

}  // namespace limiterbench::bench
