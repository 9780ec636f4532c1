// The topology and its placements, for people and for scripts.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "host/topology.hpp"

namespace limiterbench::host {

// At most 80 columns.
[[nodiscard]] std::string describe(const Topology& topology);

// {"summary", "is_this_host", "packages", "complexes", "complex_kind", "cores", "numa_nodes",
//  "cpus": [{os_index, package, complex, core, sibling, numa}, ...],
//  "distinct_placements": ["compact", ...],
//  "placements": {"compact": {"order": [os_index, ...], "cpus": [{...}, ...],
//                             "boundaries": [{threads, kind}, ...]}, ...},
//  "thread_counts": [...], "milestones": [...]}
[[nodiscard]] nlohmann::json describe_json(const Topology& topology);

}  // namespace limiterbench::host
