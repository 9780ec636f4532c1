#include "native/cells.hpp"

#include <benchmark/benchmark.h>

#include <nlohmann/json.hpp>
#include <numeric>

#include "native/layout.hpp"
#include "native/trial.hpp"

namespace limiterbench::bench {
namespace {

void set_counters(benchmark::State& state, const TrialResult& result, double operations) {
  const auto wall = static_cast<double>(result.throughput.wall_ns);
  state.counters["ops_per_second"] = operations / (wall * 1e-9);
  state.counters["p50_ns"] = result.latencies.percentile(0.5);
  state.counters["p99_ns"] = result.latencies.percentile(0.99);
  state.counters["p999_ns"] = result.latencies.percentile(0.999);
  state.counters["max_ns"] = static_cast<double>(result.latencies.max());
  state.counters["fairness"] = fairness(result.throughput.operations);
  state.counters["admission_error"] = static_cast<double>(result.admission.error);
}

void measure(benchmark::State& state, const Cell& cell, CellRun& run, unsigned repetition) {
  const Options& options = run.options;
  TrialSpec spec = trial_spec(run.topology, cell, options.seconds, options.conditions);
  const std::optional<SlowDown>& slow_down = options.slow_down;
  if (slow_down && slow_down->design == cell.design) spec.added_percent = slow_down->percent;
  spec.strict = options.strict;
  spec.test_skew_ns = options.test_skew_ns;
  spec.rates = options.rates;
  spec.layout = {run.program_layout, stack_offset_of(repetition)};
  const std::string started = utc_now();
  TrialResult result = run_trial(*find_row(cell.design->name), spec);
  const auto operations = static_cast<double>(std::accumulate(
      result.throughput.operations.begin(), result.throughput.operations.end(), std::uint64_t{0}));
  if (operations == 0 && result.failure.empty())
    result.failure = "throughput: no thread got to run within the phase";
  if (run.records)
    run.records->append(record_of(cell, spec, result, {repetition, options.attempt}, started));
  if (!result.failure.empty()) {
    run.failed = true;
    state.SkipWithError(result.failure.c_str());
    return;
  }
  for (auto _ : state)
    state.SetIterationTime(static_cast<double>(result.throughput.wall_ns) * 1e-9 / operations);
  set_counters(state, result, operations);
}

}  // namespace

void register_cells(const std::vector<Cell>& cells, CellRun& run) {
  for (const Cell& cell : cells) {
    benchmark::RegisterBenchmark(
        cell.name().c_str(),
        [cell, &run, repetition = run.options.repetition_index](benchmark::State& state) mutable {
          measure(state, cell, run, repetition++);
        })
        ->Iterations(1)
        ->UseManualTime();
  }
}

}  // namespace limiterbench::bench
