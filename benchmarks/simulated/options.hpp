// The flags of limiterbench_sim.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "simulated/engine.hpp"
#include "workload/options.hpp"

namespace limiterbench::simulation {

struct Options : bench::CommonOptions {
  std::string host;
  std::string reference;         // instead of cells
  std::vector<Policy> policies;  // empty: fifo
  std::optional<double> alpha;   // instead of the host's
  std::uint64_t seed = 1;
  double simulated_ns = 1e6;
};

// The designs that have a simulated form, and every scenario.
[[nodiscard]] bench::Choices choices();

// What is not chosen is filled in, except for the threads, which depend on the host. Throws
// UsageError.
[[nodiscard]] Options parse_options(const std::vector<std::string>& arguments);

[[nodiscard]] std::string usage();

}  // namespace limiterbench::simulation
