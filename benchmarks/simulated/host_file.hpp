// The description of a host that is to be simulated: docs/prediction.md, "Host file".
#pragma once

#include <map>
#include <string>
#include <vector>

#include "host/topology.hpp"
#include "simulated/distances.hpp"
#include "workload/flags.hpp"

namespace limiterbench::simulation {

using bench::UsageError;

struct Host {
  std::string name;
  host::Topology topology;
  Distances distances;
  std::vector<double> alphas;  // one, or the ends of a range
  Time load, store, modify, fence, pause, process_fence, futex_call;
  std::vector<Time> futex_wakes;               // equally likely
  std::map<std::string, double> instructions;  // ns a request, by design
  std::map<std::string, double> denials;       // ns that a denial takes more, by design
  std::string transfers;                       // as the file has them, in JSON
};

// A line kept for a thousand transfers is a line that nobody shares.
inline constexpr double most_alpha = 1000;

// Throws UsageError.
[[nodiscard]] Host read_host(const std::string& path);
[[nodiscard]] Host parse_host(const nlohmann::json& file, const std::string& folder);

// A positive number of nanoseconds; throws UsageError naming `field`.
[[nodiscard]] double positive_number(const nlohmann::json& value, const std::string& field);

}  // namespace limiterbench::simulation
