// The command line of limiterbench_sim.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "host/placement.hpp"
#include "simulated/engine.hpp"

namespace limiterbench::simulation {

struct Options {
  bool help = false;
  bool list = false;
  std::string host;
  std::string reference;              // instead of cells
  std::vector<unsigned> threads;      // empty: 1, 2, 4, ... and all CPUs
  std::vector<std::string> limiters;  // empty: all that can be simulated
  std::vector<std::string> scenarios;
  std::vector<host::Placement> placements{host::Placement::compact};
  std::vector<Policy> policies{Policy::fifo};
  std::optional<double> alpha;  // instead of the host's
  std::uint64_t seed = 1;
  double simulated_ns = 1e6;
  std::string records;
};

// Throws InputError. A value follows its flag after '=' or as the next argument.
[[nodiscard]] Options parse_options(const std::vector<std::string>& arguments);
[[nodiscard]] std::string usage();

}  // namespace limiterbench::simulation
