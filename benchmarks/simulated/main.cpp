// limiterbench_sim: the designs on a simulated host.
//
// Exit status: 0, or 1 if a cell failed, or 2 for bad arguments or a bad host file.
#include <cstdio>
#include <iostream>
#include <nlohmann/json.hpp>
#include <set>

#include "simulated/cells.hpp"
#include "simulated/host_file.hpp"
#include "simulated/options.hpp"
#include "simulated/reference.hpp"

namespace {

namespace simulation = limiterbench::simulation;
using limiterbench::bench::UsageError;
using nlohmann::json;

// 1, 2, 4 ... and all CPUs.
std::vector<unsigned> thread_counts(unsigned cpus) {
  std::set<unsigned> counts{cpus};
  for (unsigned count = 1; count < cpus; count *= 2) counts.insert(count);
  return {counts.begin(), counts.end()};
}

int run_reference(const simulation::Options& options, const simulation::Host& host) {
  json results = json::array();
  const std::vector<double> alphas = options.alpha ? std::vector{*options.alpha} : host.alphas;
  for (const simulation::Policy policy : options.policies) {
    for (const double alpha : alphas) {
      for (const unsigned threads : options.selection.threads) {
        const simulation::ReferenceResult result =
            simulation::run_reference(options.reference, host, {alpha, policy, options.seed},
                                      threads, simulation::from_ns(options.simulated_ns));
        json entry{{"threads", threads},
                   {"policy", simulation::to_string(policy)},
                   {"aggregate_ns", result.aggregate_ns},
                   {"p50_ns", result.p50_ns},
                   {"p99_ns", result.p99_ns}};
        if (alphas.size() > 1) entry["alpha"] = alpha;
        results.push_back(std::move(entry));
      }
    }
  }
  std::cout << results.dump(2) << "\n";
  return 0;
}

int run(const std::vector<std::string>& arguments) {
  simulation::Options options = simulation::parse_options(arguments);
  if (options.help) {
    std::cout << simulation::usage();
    return 0;
  }
  if (options.list != limiterbench::bench::Format::none) {
    std::cout << limiterbench::bench::list_of(simulation::choices(), options.list);
    return 0;
  }
  if (options.host.empty()) throw UsageError("--host is missing: a host file, see --help");
  const simulation::Host host = simulation::read_host(options.host);
  for (const std::string& name : host.distances.unused())
    std::cerr << "limiterbench_sim: " << options.host << ": transfer_ns." << name
              << ": no two CPUs of this topology are of that class; not used\n";
  check_threads(options.selection, host.topology);
  if (options.selection.threads.empty())
    options.selection.threads = thread_counts(host.distances.count());
  if (!options.reference.empty()) return run_reference(options, host);
  return run_cells(options, host) ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run({argv + 1, argv + argc});
  } catch (const UsageError& error) {
    std::cerr << "limiterbench_sim: " << error.what() << "\n";
    return 2;
  } catch (const std::exception& error) {
    std::cerr << "limiterbench_sim: " << error.what() << "\n";
    return 1;
  }
}
