#include "workload/records.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "host/clock.hpp"
#include "workload/build_info.hpp"
#include "workload/flags.hpp"

namespace limiterbench::bench {
namespace {

using nlohmann::json;

template <class T>
json or_null(const std::optional<T>& value) {
  return value ? json(*value) : json(nullptr);
}

json histogram_json(const Histogram& histogram) {
  json counts = json::array();
  histogram.for_each([&counts](std::size_t bucket, std::uint64_t count) {
    counts.push_back(json::array({bucket, count}));
  });
  return {{"sub_buckets", Histogram::sub_buckets}, {"counts", std::move(counts)}};
}

json rule_json(const Rule& rule) { return {{"limit", rule.limit}, {"window_ns", rule.window}}; }

json phase_json(const Scenario& scenario, const PhaseResult& phase) {
  const Config config = configuration(scenario, 1, phase.edge_limit);
  return {{"wall_ns", phase.wall_ns},
          {"start_skew_ns", phase.start_skew_ns},
          {"operations", phase.operations},
          {"admitted", phase.admitted},
          {"denied", phase.denied},
          {"never", phase.never},
          {"limited_rule", rule_json(config.rules[scenario.limited_class])}};
}

// A design that was made slower must not pass for itself. A design's own note is about this host,
// and says nothing about a simulated one.
std::string note_of(const TrialSpec& spec, const Model* model) {
  if (model != nullptr) return "";
  if (spec.added_percent == 0) return std::string(spec.design.note);
  return "slowed by " + std::to_string(spec.added_percent) + " % for a test";
}

json times_json(const Histogram& times) {
  return {{"min_ns", times.min()}, {"max_ns", times.max()}, {"histogram", histogram_json(times)}};
}

// null unless the scenario sweeps the load.
json sweep_json(const std::optional<LoadSweep>& sweep) {
  if (!sweep) return nullptr;
  json points = json::array();
  for (const LoadPoint& point : sweep->points) {
    points.push_back({{"arrivals", to_string(point.arrivals)},
                      {"rate_per_second", point.rate_per_second},
                      {"wall_ns", point.wall_ns},
                      {"sent", point.response.count()},
                      {"late", point.late},
                      {"unsent", point.unsent},
                      {"response", times_json(point.response)},
                      {"service", times_json(point.service)}});
  }
  json capacities = json::array();
  for (const Capacity& capacity : sweep->capacities)
    capacities.push_back({{"within_ns", capacity.within_ns},
                          {"rate_per_second", capacity.rate_per_second},
                          {"at_least", capacity.at_least}});
  return {{"seed", sweep->seed},
          {"generator_per_second", sweep->generator_per_second.value_or(0) > 0
                                       ? json(*sweep->generator_per_second)
                                       : json(nullptr)},
          {"late_after_ns", OpenLoop::late_after_ns},
          {"capacity", std::move(capacities)},
          {"points", std::move(points)}};
}

json mix_json(const Mix& mix) {
  if (mix.is_drawn()) return {{"zipf", mix.zipf}, {"most_cost", mix.most_cost}};
  return {{"common", mix.common}, {"rare", mix.rare}, {"period", mix.period}};
}

json parameters_json(const TrialSpec& spec, const TrialResult& result, const Model* model) {
  const Scenario& scenario = spec.scenario;
  const Mix& mix = scenario.mix;
  const Config config = configuration(scenario, 1, result.throughput.edge_limit);
  json rules = json::object();
  for (std::uint32_t i = 0; i < class_count; ++i) {
    if (mix.is_drawn() || i == mix.common || i == mix.rare)
      rules[std::to_string(i)] = rule_json(config.rules[i]);
  }
  json parameters{
      {"phase_seconds", spec.phase_seconds}, {"warmup_seconds", spec.warmup_seconds},
      {"added_percent", spec.added_percent}, {"reloads_per_second", scenario.reloads_per_second},
      {"rules", std::move(rules)},           {"mix", mix_json(mix)}};
  if (model != nullptr) parameters["model"] = model->parameters;
  return parameters;
}

json timer_json(const TrialResult& result, const Model* model) {
  const Histogram& floor = result.timer_floor;
  json timer{{"source", "simulated"},
             {"ns_per_tick", 1.0},
             {"floor",
              {{"p50_ns", floor.percentile(0.5)},
               {"p99_ns", floor.percentile(0.99)},
               {"min_ns", floor.min()}}}};
  if (model != nullptr) return timer;
  const host::Clock& clock = host::Clock::get();
  const std::optional<Skew>& skew = result.skew;
  timer.update(json{{"source", clock.source()},
                    {"reason", clock.reason()},
                    {"fell_back", clock.fell_back()},
                    {"ns_per_tick", clock.ns_per_tick()},
                    {"invariant", or_null(host::Clock::tsc_is_invariant())},
                    {"skew_ns", skew ? json(skew->worst_ns) : json(nullptr)},
                    {"skew_error_ns", skew ? json(skew->error_ns) : json(nullptr)},
                    {"skew_pairs", skew ? skew->pairs : 0}});
  return timer;
}

json noise_json(const Noise& noise) {
  const std::vector<std::string> reasons = disturbances(noise);
  json cpus = json::array();
  for (const CpuNoise& cpu : noise.cpus)
    cpus.push_back({{"cpu", cpu.cpu},
                    {"hiccups", cpu.hiccups},
                    {"longest_ns", cpu.longest_ns},
                    {"stolen_share", cpu.stolen_share}});
  return {{"flagged", !reasons.empty()},
          {"reasons", reasons},
          {"idle_ns", noise.idle_ns},
          {"cpus", std::move(cpus)},
          {"span_ns", noise.span_ns},
          {"steal_ns", or_null(noise.steal_ns)},
          {"others_ns", or_null(noise.others_ns)},
          {"frequency_khz",
           {{"before", or_null(noise.khz_before)}, {"after", or_null(noise.khz_after)}}}};
}

// null where nothing could be counted.
json counters_json(const TrialResult& result) {
  json counts = json::object();
  bool any = false;
  for (std::size_t i = 0; i < result.counters.size(); ++i) {
    counts[std::string(event_names.at(i))] = or_null(result.counters[i]);
    any |= result.counters[i].has_value();
  }
  if (!any) return nullptr;
  counts["context_switches"] = result.throughput_switches;
  counts["decisions"] = result.throughput.admitted + result.throughput.denied;
  return counts;
}

json cpus_json(const TrialSpec& spec) {
  json list = json::array();
  for (const host::Cpu& cpu : spec.cpus) list.push_back(cpu.os_index);
  return list;
}

// `numa` is the topology's number, null if all nodes are home or the CPU has none. `nodes` are the
// kernel's numbers.
json home_json(const TrialSpec& spec, const TrialResult& result) {
  const auto node = host::node_at_home(spec.topology, spec.home, spec.cpus[0]);
  return {{"policy", host::to_string(spec.home)},
          {"cpu", spec.cpus[0].os_index},
          {"numa", node ? json(*node) : json(nullptr)},
          {"nodes", result.nodes},
          {"note", result.home_note}};
}

[[noreturn]] void refuse(const std::string& path, int error) {
  throw CannotRecord(path + ": " + std::strerror(error));
}

}  // namespace

json record_of(const Cell& cell, const TrialSpec& spec, const TrialResult& result, Turn turn,
               const std::string& started_utc, const Model* model) {
  const Admission& admission = result.admission;
  const bool failed = !result.failure.empty();
  const Info& info = spec.design;
  const bool reloads = cell.scenario->reloads_per_second > 0;
  json record{
      {"schema", 1},
      {"cell", cell.name()},
      {"limiter", info.name},
      {"scenario", cell.scenario->name},
      {"placement", host::to_string(cell.placement)},
      {"threads", cell.threads},
      {"repetition", turn.repetition},
      {"attempt", turn.attempt},
      {"status", failed ? "failed" : "ok"},
      {"failure", failed ? json(result.failure) : json(nullptr)},
      {"started_utc", started_utc},
      {"contract", contract_name(info.contract)},
      {"exactness", to_string(info.exactness)},
      {"progress", to_string(info.progress)},
      {"note", note_of(spec, model)},
      {"cpus", cpus_json(spec)},
      {"writer", reloads ? json(spec.writer) : json(nullptr)},
      {"writer_cpu", reloads ? json(spec.writer_cpu.os_index) : json(nullptr)},
      {"writer_shares_cpu", reloads && spec.writer_shares_cpu},
      {"writer_shares_core", reloads && spec.writer_shares_core},
      {"home", home_json(spec, result)},
      {"oversubscribed", cell.oversubscribed},
      {"parameters", parameters_json(spec, result, model)},
      {"open_loop", sweep_json(result.sweep)},
      {"admission",
       {{"admitted", admission.admitted},
        {"expected_min", admission.expected_min},
        {"expected_max", admission.expected_max},
        {"error", admission.error},
        {"bound", admission.bound}}},
      {"config_checks",
       {{"read", result.configs_read},
        {"torn", result.configs_torn},
        {"backwards", result.configs_backwards}}},
      {"publishes",
       {{"count", result.publishes.count()},
        {"histogram", histogram_json(result.publishes)},
        {"max_ns", result.publishes.max()}}},
      {"context_switches",
       {{"voluntary", result.voluntary_switches}, {"involuntary", result.involuntary_switches}}},
      {"footprint", {{"live", result.live_bytes}, {"retired_peak", result.retired_peak_bytes}}},
      {"timer", timer_json(result, model)},
      {"noise", noise_json(result.noise)},
      {"transfer_ns",
       {{"before", or_null(result.transfer.before)}, {"after", or_null(result.transfer.after)}}},
      {"counters", counters_json(result)},
      {"counters_absent",
       result.counters_absent.empty() ? json(nullptr) : json(result.counters_absent)},
      {"layout", {{"program", spec.layout.program}, {"stack_offset", spec.layout.stack_offset}}},
      {"build",
       {{"version", build_info.version},
        {"commit", build_info.commit},
        {"compiler", build_info.compiler},
        {"flags", build_info.flags}}}};
  if (model != nullptr)
    record.update(json{{"simulated", true}, {"policy", model->policy}, {"seed", model->seed}});
  // Where a simulation broke off, nothing was counted.
  if (model == nullptr || !result.throughput.operations.empty()) {
    record["throughput"] = phase_json(*cell.scenario, result.throughput);
    record["latency"] = phase_json(*cell.scenario, result.latency);
    record["latency"].update(times_json(result.latencies));
  }
  return record;
}

std::string utc_now() {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  gmtime_r(&now, &parts);
  std::array<char, 32> text{};
  std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &parts);
  return text.data();
}

RecordFile::RecordFile(const std::string& path)
    : path_(path),
      descriptor_(open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666)) {
  if (descriptor_ < 0) refuse(path_, errno);
}

RecordFile::~RecordFile() { close(descriptor_); }

void RecordFile::append(const json& record) {
  const std::string line = record.dump() + "\n";
  const ssize_t written = write(descriptor_, line.data(), line.size());
  if (written < 0) refuse(path_, errno);
  if (static_cast<std::size_t>(written) != line.size()) {
    // The disk is full: half a line must not stay behind. If it does, readers name its line.
    const off_t end = lseek(descriptor_, 0, SEEK_CUR);
    const bool removed = ftruncate(descriptor_, end - written) == 0;
    refuse(path_, removed ? ENOSPC : errno);
  }
  // With these errors data is lost. With all others the file is a pipe, or its file system or a
  // sandbox cannot synchronise it: a power cut may then cost the last records.
  if (fsync(descriptor_) != 0 && (errno == EIO || errno == ENOSPC || errno == EDQUOT))
    refuse(path_, errno);
}

std::unique_ptr<RecordFile> open_records(const std::string& path) {
  if (path.empty()) return nullptr;
  try {
    return std::make_unique<RecordFile>(path);
  } catch (const CannotRecord& error) {
    throw UsageError(std::string("--records: ") + error.what());
  }
}

}  // namespace limiterbench::bench
