#include "simulated/cells.hpp"

#include <cstdio>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <numeric>

#include "simulated/subject.hpp"
#include "simulated/trial.hpp"
#include "workload/plan.hpp"
#include "workload/records.hpp"

namespace limiterbench::simulation {
namespace {

using nlohmann::json;

// The same seed gives the same bytes: no record says when it was made.
constexpr const char* no_time = "1970-01-01T00:00:00Z";

json parameters_of(const Host& host, std::string_view design, double alpha) {
  const auto of_design = [&](const std::map<std::string, double>& ns) {
    const auto found = ns.find(std::string(design));
    return found == ns.end() ? json(nullptr) : json(found->second);
  };
  json wakes = json::array();
  for (const Time wake : host.futex_wakes) wakes.push_back(to_ns(wake));
  return {{"host", host.name},
          {"alpha", alpha},
          {"rmw_ns", to_ns(host.modify)},
          {"load_ns", to_ns(host.load)},
          {"store_ns", to_ns(host.store)},
          {"instructions_ns", of_design(host.instructions)},
          {"denial_ns", of_design(host.denials)},
          {"fence_ns", to_ns(host.fence)},
          {"pause_ns", to_ns(host.pause)},
          {"process_fence_ns", to_ns(host.process_fence)},
          {"futex_call_ns", to_ns(host.futex_call)},
          {"futex_wake_ns", wakes},
          {"transfer_ns", json::parse(host.transfers)},
          {"node_bound", node_bound}};
}

json record_of(const Host& host, const bench::Cell& cell, const bench::TrialSpec& spec,
               const bench::TrialResult& result, const Parameters& parameters) {
  const json values = parameters_of(host, cell.design->name, parameters.alpha);
  const bench::Model model{to_string(parameters.policy), parameters.seed, values};
  return bench::record_of(cell, spec, result, {}, no_time, &model);
}

void print(const bench::Cell& cell, const bench::TrialResult& result,
           const Parameters& parameters) {
  const auto& counts = result.throughput.operations;
  const auto operations = std::accumulate(counts.begin(), counts.end(), std::uint64_t{0});
  const double each =
      static_cast<double>(result.throughput.wall_ns) / static_cast<double>(operations);
  std::printf("%-48s %-6s %5.3g %10.4g %10.0f %10.0f\n", cell.name().c_str(),
              std::string(to_string(parameters.policy)).c_str(), parameters.alpha, each,
              result.latencies.percentile(0.5), result.latencies.percentile(0.99));
  std::fflush(stdout);
}

}  // namespace

bool run_cells(const Options& options, const Host& host) {
  const std::unique_ptr<bench::RecordFile> records = bench::open_records(options.records);
  std::printf("%-48s %-6s %5s %10s %10s %10s\n", "SIMULATED, in ns", "policy", "alpha", "aggregate",
              "p50", "p99");
  bool good = true;
  const std::vector<double> alphas = options.alpha ? std::vector{*options.alpha} : host.alphas;
  for (const bench::Cell& cell : bench::plan(host.topology, options.selection)) {
    const SimulatedRow& row = *find_simulated_row(cell.design->name);
    bench::TrialSpec spec = bench::trial_spec(host.topology, cell, options.simulated_ns * 1e-9);
    spec.rates = options.rates;
    for (const Policy policy : options.policies) {
      for (const double alpha : alphas) {
        const Parameters parameters{alpha, policy, options.seed};
        const bench::TrialResult result = simulate(host, row, spec, parameters);
        if (records) records->append(record_of(host, cell, spec, result, parameters));
        if (result.failure.empty()) {
          print(cell, result, parameters);
        } else {
          std::cerr << cell.name() << ": " << result.failure << "\n";
          good = false;
        }
      }
    }
  }
  return good;
}

}  // namespace limiterbench::simulation
