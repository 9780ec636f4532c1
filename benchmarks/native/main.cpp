// limiterbench: a Google Benchmark program whose benchmarks run the harness's own pinned threads.
//
// Exit status:
//   0  everything went well
//   1  a cell failed, or nothing could be measured
//   2  bad arguments, or a --records file that cannot be opened
//   3  no other cell need be tried: threads, or memory to the --home that was asked for, cannot be
//      bound here, a record cannot be written (the disk is full) or, with --strict, the clock
//      cannot be trusted
#include <benchmark/benchmark.h>
#include <fcntl.h>

#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <iomanip>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <sstream>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "host/binding.hpp"
#include "host/clock.hpp"
#include "host/describe.hpp"
#include "host/environment.hpp"
#include "host/home.hpp"
#include "native/cells.hpp"
#include "native/contention.hpp"
#include "native/nothing.hpp"
#include "native/options.hpp"
#include "native/program_layout.hpp"
#include "native/trial.hpp"
#include "workload/build_info.hpp"

namespace {

namespace bench = limiterbench::bench;
namespace host = limiterbench::host;
using nlohmann::json;

struct CannotMeasure : std::runtime_error {
  using std::runtime_error::runtime_error;
};

host::Topology topology_of(const bench::Options& options) {
  if (options.topology_spec.empty()) {
    try {
      host::require_discovery();
    } catch (const std::runtime_error& error) {
      throw CannotMeasure(error.what());
    }
    return host::Topology::this_host();
  }
  try {
    return host::Topology::from(options.topology_spec);
  } catch (const std::runtime_error& error) {
    throw bench::UsageError(error.what());
  }
}

json environment_json() {
  const host::Clock& clock = host::Clock::get();
  const std::optional<bool> invariant = host::Clock::tsc_is_invariant();
  return {{"environment", host::environment()},
          {"timer",
           {{"source", clock.source()},
            {"reason", clock.reason()},
            {"fell_back", clock.fell_back()},
            {"invariant", invariant ? json(*invariant) : json(nullptr)},
            {"ns_per_tick", clock.ns_per_tick()}}},
          {"versions",
           {{"limiterbench", bench::build_info.version},
            {"commit", bench::build_info.commit},
            {"compiler", bench::build_info.compiler},
            {"flags", bench::build_info.flags}}}};
}

void print_version() {
  const bench::BuildInfo& build = bench::build_info;
  std::cout << "limiterbench " << build.version << " (" << build.commit << "), " << build.compiler
            << ", " << build.flags << "\n";
}

void check_binding(const bench::Options& options, const host::Topology& topology) {
  if (!topology.is_this_host())
    throw bench::UsageError(
        "the topology comes from a description (HWLOC_XMLFILE or "
        "HWLOC_SYNTHETIC is set): it is not this host, nothing is measured");
  try {
    host::require_binding(topology);
    host::require_timing();
    // The default is only a preference.
    if (options.conditions.home != host::Home::local)
      host::require_home(topology, options.conditions.home);
  } catch (const std::runtime_error& error) {
    throw CannotMeasure(error.what());
  }
}

// A climb ends at what the generator can offer. A rate that was asked for and that no cell can
// offer is refused instead.
void check_rates(const bench::Options& options, const host::Topology& topology) {
  if (options.rates.empty()) return;
  unsigned threads = 0;
  for (const bench::Cell& cell : bench::plan(topology, options.selection))
    if (cell.scenario->sweeps_load) threads = std::max(threads, cell.threads);
  threads = std::min(threads, static_cast<unsigned>(topology.cpus().size()));
  if (threads == 0) return;
  const double most = bench::measure_generator() * threads * bench::generator_share;
  if (options.rates.back() <= most) return;
  std::ostringstream problem;
  problem << "--rates: " << options.rates.back() << " a second is more than "
          << (threads == 1 ? "1 thread" : std::to_string(threads) + " threads")
          << " can send here, about " << std::setprecision(2) << most;
  throw bench::UsageError(problem.str());
}

void check_clock(const bench::Options& options) {
  const host::Clock& clock = host::Clock::get();
  if (options.strict && clock.fell_back())
    throw CannotMeasure("--strict: the clock cannot be trusted: " + std::string(clock.reason()));
}

void inform(const bench::Options& options, const host::Topology& topology) {
  if (options.list != bench::Format::none)
    std::cout << bench::list_of(bench::choices(), options.list);
  if (options.plan) {
    std::cout << bench::plan_json(topology, options.selection).dump(2) << "\n";
  } else if (options.topology_xml.empty()) {
    if (options.topology == bench::Format::text) std::cout << host::describe(topology);
    if (options.topology == bench::Format::json)
      std::cout << host::describe_json(topology).dump(2) << "\n";
  }
  if (options.check_binding) {
    check_binding(options, topology);
    check_rates(options, topology);
  }
  if (options.environment) std::cout << environment_json().dump(2) << "\n";
  if (!options.topology_xml.empty()) topology.write_xml(options.topology_xml);
}

void add_context(const host::Topology& topology) {
  const host::Clock& clock = host::Clock::get();
  benchmark::AddCustomContext("limiterbench", std::string(bench::build_info.version));
  benchmark::AddCustomContext("commit", std::string(bench::build_info.commit));
  benchmark::AddCustomContext("compiler", std::string(bench::build_info.compiler));
  benchmark::AddCustomContext("flags", std::string(bench::build_info.flags));
  benchmark::AddCustomContext("topology", topology.summary());
  benchmark::AddCustomContext("timer", std::string(clock.source()));
  const double floor = bench::measure_timer_floor().percentile(0.5);
  benchmark::AddCustomContext("timer_floor_p50_ns", std::to_string(floor));
}

bool lists_only(const bench::Options& options) {
  for (const std::string& flag : options.benchmark_flags) {
    if (flag == "--benchmark_list_tests" || flag == "--benchmark_list_tests=true") return true;
  }
  return false;
}

// Google Benchmark takes argc and argv, and leaves in them what it did not understand.
void initialize_benchmark(const bench::Options& options, char* program) {
  std::vector<std::string> words = options.benchmark_flags;
  std::vector<char*> arguments{program};
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  int count = static_cast<int>(arguments.size()) - 1;
  benchmark::Initialize(&count, arguments.data());
  if (count > 1)
    throw bench::UsageError(std::string("Google Benchmark ") + "does not know '" + arguments[1] +
                            "'\n" + bench::usage());
}

std::vector<bench::Cell> chosen_cells(const bench::Options& options,
                                      const host::Topology& topology) {
  std::vector<bench::Cell> cells = bench::plan(topology, options.selection);
  if (options.cell.empty()) return cells;
  std::erase_if(cells, [&](const bench::Cell& cell) { return cell.name() != options.cell; });
  if (cells.size() != 1) throw bench::UsageError("--cell=" + options.cell + ": no such cell");
  return cells;
}

int measure(const bench::Options& options, const host::Topology& topology, char* program) {
  const bool lists = lists_only(options);
  const std::vector<bench::Cell> cells = chosen_cells(options, topology);
  bench::CellRun run{topology, options, bench::program_layout};
  if (!lists) {
    check_binding(options, topology);
    // A single cell is part of a run whose other cells may offer more: it climbs as far as it can.
    if (options.cell.empty()) check_rates(options, topology);
    check_clock(options);
    run.records = bench::open_records(options.records);
  }
  initialize_benchmark(options, program);
  add_context(topology);
  register_cells(cells, run);
  const std::size_t measured = benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
  check_clock(options);
  if (measured == 0) throw bench::UsageError("--benchmark_filter leaves no cell to measure");
  return run.failed ? 1 : 0;
}

int map_contention(const bench::Options& options, const host::Topology& topology) {
  check_binding(options, topology);
  const bench::ContentionMap map = bench::measure_contention(topology);
  std::cout << (options.contention == bench::Format::json
                    ? bench::contention_json(map).dump(2) + "\n"
                    : bench::describe(map, topology));
  return 0;
}

// The process that asked may have ended before the kernel was told. If a wrapper stands between the
// two, that process is not the parent and yet alive: no reason to end.
void end_with(pid_t process) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != process && ::kill(process, 0) != 0 && errno == ESRCH) ::raise(SIGKILL);
}

int run(const std::vector<std::string>& arguments, char* program) {
  const bench::Options options = bench::parse_options(arguments);
  if (options.help) {
    std::cout << bench::usage();
    return 0;
  }
  if (options.version) {
    print_version();
    return 0;
  }
  if (options.end_with) end_with(*options.end_with);
  const host::Topology topology = topology_of(options);
  check_against(options, topology);
  if (options.only_informs() && !lists_only(options)) {
    inform(options, topology);
    return 0;
  }
  if (options.contention != bench::Format::none) return map_contention(options, topology);
  return measure(options, topology, program);
}

// The next file to be opened would take the number of a closed one: what is printed would end up
// among the records.
void fill_standard_descriptors() {
  for (const int descriptor : {0, 1, 2}) {
    if (fcntl(descriptor, F_GETFD) < 0 && open("/dev/null", O_RDWR) < 0)
      throw std::runtime_error("cannot open /dev/null");
  }
}

}  // namespace

int main(int argc, char** argv) {
  try {
    fill_standard_descriptors();
    const int status = run({argv + 1, argv + argc}, argv[0]);
    if (!std::cout.flush()) throw std::runtime_error("standard output cannot be written");
    return status;
  } catch (const bench::UsageError& error) {
    std::cerr << "limiterbench: " << error.what() << "\n";
    return 2;
  } catch (const CannotMeasure& error) {
    std::cerr << "limiterbench: " << error.what() << "\n";
    return 3;
  } catch (const bench::CannotRecord& error) {
    std::cerr << "limiterbench: --records: " << error.what() << "\n";
    return 3;
  } catch (const std::exception& error) {
    std::cerr << "limiterbench: " << error.what() << "\n";
    return 1;
  }
}
