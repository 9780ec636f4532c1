#include "simulated/cells.hpp"

#include <cstdio>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <numeric>

#include "native/options.hpp"
#include "native/rows.hpp"
#include "simulated/subject.hpp"
#include "simulated/trial.hpp"
#include "workload/plan.hpp"
#include "workload/records.hpp"

namespace limiterbench::simulation {
namespace {

using nlohmann::json;
using Names = std::vector<std::string>;

// The same seed gives the same bytes, so that no record says when it was made.
constexpr const char* no_time = "1970-01-01T00:00:00Z";

[[noreturn]] void refuse(const std::string& kind, const std::string& name, bool exists,
                         const Names& valid) {
  std::string text = exists ? kind + " '" + name + "' has no simulated form"
                            : "unknown " + kind + " '" + name + "'";
  const auto guess = exists ? std::nullopt : bench::nearest(name, valid);
  if (guess) text += "; did you mean '" + *guess + "'?";
  text += " (valid:";
  for (const std::string& each : valid) text += (each == valid.front() ? " " : ", ") + each;
  throw InputError(text + ")");
}

std::vector<const bench::Row*> chosen_rows(const Options& options) {
  Names valid;
  for (const SimulatedRow& row : simulated_rows()) valid.emplace_back(row.name);
  std::vector<const bench::Row*> rows;
  for (const std::string& name : options.limiters.empty() ? valid : options.limiters) {
    const bench::Row* row = bench::find_row(name);
    if (row == nullptr || find_simulated_row(name) == nullptr)
      refuse("limiter", name, row != nullptr, valid);
    rows.push_back(row);
  }
  return rows;
}

std::vector<const bench::Scenario*> chosen_scenarios(const Options& options) {
  Names valid;
  for (const bench::Scenario& scenario : bench::scenarios()) {
    if (!scenario.sweeps_load) valid.emplace_back(scenario.name);
  }
  std::vector<const bench::Scenario*> chosen;
  for (const std::string& name : options.scenarios.empty() ? valid : options.scenarios) {
    const bench::Scenario* scenario = bench::find_scenario(name);
    if (scenario == nullptr || scenario->sweeps_load)
      refuse("scenario", name, scenario != nullptr, valid);
    chosen.push_back(scenario);
  }
  return chosen;
}

json record_of(const Host& host, const bench::Cell& cell, const bench::TrialSpec& spec,
               const bench::TrialResult& result, const Parameters& parameters) {
  json record = bench::record_of(cell, spec, result, {}, no_time);
  const auto of_row = [&cell](const std::map<std::string, double>& ns) {
    const auto found = ns.find(std::string(cell.row->info.name));
    return found == ns.end() ? json(nullptr) : json(found->second);
  };
  json wakes = json::array();
  for (const Time wake : host.futex_wakes) wakes.push_back(to_ns(wake));
  record["note"] = "";  // what is said of this host is not so of the simulated one
  record["timer"] = {{"source", "simulated"},
                     {"ns_per_tick", 1.0},
                     {"floor", {{"p50_ns", 0.0}, {"p99_ns", 0.0}, {"min_ns", 0}}}};
  // Where the simulation broke off, nothing was counted.
  if (result.throughput.operations.empty()) {
    record.erase("throughput");
    record.erase("latency");
  }
  record["simulated"] = true;
  record["policy"] = to_string(parameters.policy);
  record["seed"] = parameters.seed;
  record["parameters"]["model"] = {{"host", host.name},
                                   {"alpha", parameters.alpha},
                                   {"rmw_ns", to_ns(host.modify)},
                                   {"load_ns", to_ns(host.load)},
                                   {"store_ns", to_ns(host.store)},
                                   {"instructions_ns", of_row(host.instructions)},
                                   {"denial_ns", of_row(host.denials)},
                                   {"fence_ns", to_ns(host.fence)},
                                   {"pause_ns", to_ns(host.pause)},
                                   {"process_fence_ns", to_ns(host.process_fence)},
                                   {"futex_call_ns", to_ns(host.futex_call)},
                                   {"futex_wake_ns", wakes},
                                   {"transfer_ns", json::parse(host.transfers)},
                                   {"node_bound", node_bound}};
  return record;
}

// Null where no file is named.
std::unique_ptr<bench::RecordFile> open_records(const std::string& path) {
  if (path.empty()) return nullptr;
  try {
    return std::make_unique<bench::RecordFile>(path);
  } catch (const std::runtime_error& error) {
    throw InputError(std::string("--records: ") + error.what());
  }
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

bool run_cells(const Options& options, const Host& host, const std::vector<unsigned>& threads) {
  const bench::Selection selection{chosen_rows(options), chosen_scenarios(options),
                                   options.placements, threads};
  const std::unique_ptr<bench::RecordFile> records = open_records(options.records);
  std::printf("%-48s %-6s %5s %10s %10s %10s\n", "SIMULATED, in ns", "policy", "alpha", "aggregate",
              "p50", "p99");
  bool good = true;
  const std::vector<double> alphas = options.alpha ? std::vector{*options.alpha} : host.alphas;
  for (const bench::Cell& cell : bench::plan(host.topology, selection)) {
    const SimulatedRow& row = *find_simulated_row(cell.row->info.name);
    const bench::TrialSpec spec =
        bench::trial_spec(host.topology, cell, options.simulated_ns * 1e-9);
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

std::string list_text() {
  std::string text;
  for (const SimulatedRow& row : simulated_rows()) {
    std::string name(row.name);
    name.resize(std::max<std::size_t>(name.size() + 1, 16), ' ');
    text += name + std::string(bench::find_row(row.name)->info.summary) + "\n";
  }
  return text;
}

}  // namespace limiterbench::simulation
