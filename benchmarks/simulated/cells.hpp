// The cells of a simulated host, run one after the other.
#pragma once

#include "simulated/command_line.hpp"
#include "simulated/host_file.hpp"

namespace limiterbench::simulation {

// Prints a line a cell and appends a record where a file is named. False if a cell failed. Throws
// InputError for a row or scenario that is unknown or cannot be simulated.
[[nodiscard]] bool run_cells(const Options& options, const Host& host,
                             const std::vector<unsigned>& threads);

// The text of --list.
[[nodiscard]] std::string list_text();

}  // namespace limiterbench::simulation
