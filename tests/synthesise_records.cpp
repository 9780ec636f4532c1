// Writes records that nobody measured, through the harness's own record writer, as many as a run on
// a host of 64 CPUs has: what reads them can be tried at full size anywhere. The numbers are made
// up to look like some, and each record's note says that it is synthetic.
//
// Usage: synthesise_records FOLDER, which gets plan.json, topology.xml, contention.json; the
// records go to standard output.
#include <algorithm>
#include <cmath>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>
#include <random>
#include <string>

#include "native/contention.hpp"
#include "workload/plan.hpp"
#include "workload/records.hpp"

namespace {

namespace bench = limiterbench::bench;
namespace host = limiterbench::host;

constexpr const char* host_of_64_cpus = "pack:2 l3:4 core:4 pu:2";
constexpr unsigned repetitions = 5;
constexpr double seconds = 1;
constexpr std::size_t samples = 3000;
constexpr unsigned doublings = 12;

using Random = std::mt19937_64;

// Lognormal about `median`, with as many values as a second of a busy host has.
void fill(bench::Histogram& histogram, double median, Random& random) {
  std::lognormal_distribution<double> value(std::log(median), 0.7);
  for (std::size_t i = 0; i < samples; ++i)
    histogram.record(static_cast<std::uint64_t>(value(random)));
  // Rarer than the samples: the interrupts.
  for (int i = 0; i < 3; ++i) histogram.record(static_cast<std::uint64_t>(median * 1000));
  for (unsigned i = 0; i < doublings; ++i) histogram.merge(bench::Histogram(histogram));
}

// What a row costs here, invented from its name: alone, and how that grows with threads.
struct Look {
  double alone_ns;
  double growth;

  explicit Look(std::string_view name) {
    const std::size_t hash = std::hash<std::string_view>{}(name);
    alone_ns = 2 + static_cast<double>(hash % 20);
    growth = static_cast<double>(hash / 20 % 7) * 0.3 - 0.9;
  }
  // Of wall time for each decision of any thread.
  [[nodiscard]] double aggregate_ns(unsigned threads) const {
    return alone_ns * std::pow(threads, growth);
  }
};

bench::PhaseResult phase(unsigned threads, double aggregate_ns, Random& random) {
  std::normal_distribution<double> noise(1, 0.03);
  bench::PhaseResult result;
  result.wall_ns = static_cast<std::uint64_t>(seconds * 1e9);
  result.start_skew_ns = 500;
  for (unsigned i = 0; i < threads; ++i) {
    const double own = seconds * 1e9 / aggregate_ns / threads * noise(random);
    result.operations.push_back(static_cast<std::uint64_t>(own));
    result.admitted += result.operations.back();
  }
  return result;
}

bench::LoadSweep sweep(double aggregate_ns, Random& random) {
  bench::LoadSweep made;
  const double most = 1e9 / aggregate_ns / 2;
  made.generator_per_second = 4e9;
  bench::climb(made, bench::ladder(), [&](bench::Arrivals arrivals, double rate) {
    bench::LoadPoint point{arrivals, rate, static_cast<std::uint64_t>(seconds * 5e8)};
    const double load = rate / most;
    fill(point.service, 60 * aggregate_ns, random);
    fill(point.response, load < 1 ? 60 * aggregate_ns / (1 - load) : 1e7, random);
    return point;
  });
  return made;
}

bench::TrialResult trial(const bench::Cell& cell, Random& random) {
  const Look look(cell.design->name);
  const double aggregate_ns = look.aggregate_ns(cell.threads);
  bench::TrialResult result;
  result.throughput = phase(cell.threads, aggregate_ns, random);
  result.latency = phase(cell.threads, 2 * aggregate_ns, random);
  fill(result.latencies, 20 + cell.threads * aggregate_ns, random);
  if (cell.scenario->sweeps_load) result.sweep = sweep(aggregate_ns, random);
  const double reloads = std::min(cell.scenario->reloads_per_second, 1e9 / (50 * look.alone_ns));
  for (std::size_t i = 0; i < static_cast<std::size_t>(2 * seconds * reloads); ++i)
    result.publishes.record(static_cast<std::uint64_t>(500 * look.alone_ns) + random() % 1000);
  if (cell.design->exactness == limiterbench::Exactness::approximate) {
    result.admission.error = cell.threads / 2;
    result.admission.bound = 63;
  }
  result.configs_read = 1000;
  result.live_bytes = 4096;
  result.retired_peak_bytes = reloads > 0 ? 1024 * (1 + random() % 64) : 0;
  fill(result.timer_floor, 18, random);
  return result;
}

// Nearer CPUs reach each other sooner.
bench::ContentionMap contention(const host::Topology& topology) {
  const std::vector<host::Cpu>& cpus = topology.cpus();
  bench::ContentionMap map;
  map.pairs = cpus.size() * (cpus.size() - 1) / 2;
  for (const auto& [a, b] : bench::choose_pairs(cpus.size(), 256)) {
    const double far = cpus[a].package != cpus[b].package   ? 200
                       : cpus[a].complex != cpus[b].complex ? 100
                       : cpus[a].core != cpus[b].core       ? 25
                                                            : 10;
    map.transfers.push_back({cpus[a].os_index, cpus[b].os_index, far, 1});
  }
  for (const host::Placement placement : host::distinct_placements(topology)) {
    for (const unsigned threads : host::thread_counts(topology))
      map.sharings.push_back({placement, threads, 2.5 + 1.5 * std::log2(threads)});
  }
  return map;
}

void write(const std::string& path, const nlohmann::json& value) {
  std::ofstream file(path);
  file << value.dump(1) << "\n";
  if (!file.flush()) throw std::runtime_error(path + ": cannot be written");
}

void synthesise(const std::string& folder) {
  const host::Topology topology = host::Topology::from(host_of_64_cpus);
  std::vector<limiterbench::Info> designs = bench::designs();
  bench::Selection selection;
  for (limiterbench::Info& design : designs) {
    design.note = "synthetic: not measured";
    selection.designs.push_back(&design);
  }
  selection.placements = {host::Placement::compact, host::Placement::scatter};
  selection.threads = {1, 2, 4, 8, 16, 32, 48, 64};
  write(folder + "/plan.json", bench::plan_json(topology, selection));
  write(folder + "/contention.json", bench::contention_json(contention(topology)));
  topology.write_xml(folder + "/topology.xml");
  bench::RecordFile records("/dev/stdout");
  Random random(1);
  for (unsigned repetition = 0; repetition < repetitions; ++repetition) {
    for (const bench::Cell& cell : bench::plan(topology, selection)) {
      const bench::TrialSpec spec = bench::trial_spec(topology, cell, seconds);
      records.append(bench::record_of(cell, spec, trial(cell, random), {.repetition = repetition},
                                      "2026-01-01T00:00:00Z"));
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: synthesise_records FOLDER >FOLDER/cells.jsonl\n";
    return 2;
  }
  try {
    synthesise(argv[1]);
  } catch (const std::exception& error) {
    std::cerr << "synthesise_records: " << error.what() << "\n";
    return 1;
  }
  return 0;
}
