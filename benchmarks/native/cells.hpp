// The cells as Google Benchmark sees them: one benchmark for each cell, one iteration for each
// repetition, and its time is the aggregate time per decision. Google Benchmark only registers and
// reports; the threads are the team's.
#pragma once

#include <memory>
#include <vector>

#include "host/topology.hpp"
#include "native/options.hpp"
#include "workload/plan.hpp"
#include "workload/records.hpp"

namespace limiterbench::bench {

struct CellRun {
  const host::Topology& topology;
  const Options& options;
  unsigned program_layout;
  std::unique_ptr<RecordFile> records = nullptr;  // may stay null
  bool failed = false;                            // set when a check of any cell fails
};

// `run` must outlive the benchmarks.
void register_cells(const std::vector<Cell>& cells, CellRun& run);

}  // namespace limiterbench::bench
