// The cells of a simulated host, run one after the other.
#pragma once

#include "simulated/host_file.hpp"
#include "simulated/options.hpp"

namespace limiterbench::simulation {

// Prints a line for each result, and appends a record if a file is named. False if a cell failed.
[[nodiscard]] bool run_cells(const Options& options, const Host& host);

}  // namespace limiterbench::simulation
