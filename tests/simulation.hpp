// Small simulated hosts for the tests.
#pragma once

#include <nlohmann/json.hpp>

#include "simulated/host_file.hpp"
#include "simulated/trial.hpp"
#include "workload/plan.hpp"

namespace limiterbench::simulation {

// Two packages of four cores.
inline nlohmann::json small_host_file() {
  return {{"schema", 1},          {"name", "small"},
          {"rmw_ns", 5.0},        {"load_ns", 1.0},
          {"alpha", 0.2},         {"topology", "pack:2 core:4 pu:1"},
          {"futex_wake_ns", 900}, {"transfer_ns", {{"socket", 40}, {"remote", 120}}}};
}
inline Host small_host() { return parse_host(small_host_file(), ""); }

// A cell of `row`, which stands in the registry under `name` and is checked by what that promises.
inline bench::TrialResult simulate_cell(const Host& host, const SimulatedRow& row,
                                        std::string_view scenario, unsigned threads,
                                        const Parameters& parameters, double seconds = 1e-4) {
  const bench::Cell cell{bench::find_design(row.name), bench::find_scenario(scenario),
                         host::Placement::compact, threads, false};
  return simulate(host, row, bench::trial_spec(host.topology, cell, seconds), parameters);
}

inline double operations_per_ns(const bench::TrialResult& result) {
  double sum = 0;
  for (const std::uint64_t count : result.throughput.operations) sum += static_cast<double>(count);
  return sum / static_cast<double>(result.throughput.wall_ns);
}

}  // namespace limiterbench::simulation
