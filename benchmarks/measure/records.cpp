#include "measure/records.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "build_info.hpp"
#include "host/clock.hpp"

namespace limiterbench::bench {
namespace {

using nlohmann::json;

json histogram_json(const Histogram& histogram) {
  json counts = json::array();
  histogram.for_each([&counts](std::size_t bucket, std::uint64_t count) {
    counts.push_back(json::array({bucket, count}));
  });
  return {{"sub_buckets", Histogram::sub_buckets}, {"counts", std::move(counts)}};
}

json phase_json(const PhaseResult& phase) {
  return {{"wall_ns", phase.wall_ns},
          {"start_skew_ns", phase.start_skew_ns},
          {"operations", phase.operations},
          {"admitted", phase.admitted},
          {"denied", phase.denied},
          {"never", phase.never},
          {"limited_rule",
           {{"limit", phase.limited_rule.limit}, {"window_ns", phase.limited_rule.window}}}};
}

// A row that was made slower is not to be taken for itself.
std::string note_of(const Info& info, const TrialSpec& spec) {
  if (spec.added_percent == 0) return std::string(info.note);
  return "slowed by " + std::to_string(spec.added_percent) + " % for a test";
}

json times_json(const Histogram& times) {
  return {{"min_ns", times.min()}, {"max_ns", times.max()}, {"histogram", histogram_json(times)}};
}

// null unless the scenario sweeps the load. Its capacity is that of the sweep's own loop, closed:
// less than the throughput, which reads the clock once in 64 requests.
json sweep_json(const std::optional<LoadSweep>& sweep) {
  if (!sweep) return nullptr;
  json points = json::array();
  for (const LoadPoint& point : sweep->points) {
    points.push_back({{"arrivals", to_string(point.arrivals)},
                      {"load", point.load},
                      {"rate_per_second", point.rate_per_second},
                      {"wall_ns", point.phase.wall_ns},
                      {"sent", point.response.count()},
                      {"late", point.late},
                      {"unsent", point.unsent},
                      {"response", times_json(point.response)},
                      {"service", times_json(point.service)}});
  }
  return {{"capacity_per_second", sweep->capacity_per_second},
          {"late_after_ns", OpenLoop::late_after_ns},
          {"points", std::move(points)}};
}

json parameters_json(const TrialSpec& spec, const TrialResult& result) {
  const Scenario& scenario = spec.scenario;
  const Config config = configuration(scenario, 1, result.throughput.limited_rule.limit);
  json rules = json::object();
  for (const std::uint32_t index : {scenario.mix.common, scenario.mix.rare}) {
    const Rule& rule = config.rules[index];
    rules[std::to_string(index)] = {{"limit", rule.limit}, {"window_ns", rule.window}};
  }
  return {{"phase_seconds", spec.phase_seconds},
          {"warmup_seconds", spec.warmup_seconds},
          {"added_percent", spec.added_percent},
          {"reloads_per_second", scenario.reloads_per_second},
          {"rules", std::move(rules)},
          {"mix",
           {{"common", scenario.mix.common},
            {"rare", scenario.mix.rare},
            {"period", scenario.mix.period}}}};
}

json timer_json(const Histogram& floor) {
  const host::Clock& clock = host::Clock::get();
  return {{"source", clock.source()},
          {"ns_per_tick", clock.ns_per_tick()},
          {"floor",
           {{"p50_ns", floor.percentile(0.5)},
            {"p99_ns", floor.percentile(0.99)},
            {"min_ns", floor.min()}}}};
}

json cpus_json(const TrialSpec& spec) {
  json list = json::array();
  for (const host::Cpu& cpu : spec.cpus) list.push_back(cpu.os_index);
  return list;
}

[[noreturn]] void refuse(const std::string& path, int error) {
  throw CannotRecord(path + ": " + std::strerror(error));
}

}  // namespace

json record_of(const Cell& cell, const TrialSpec& spec, const TrialResult& result, Turn turn,
               const std::string& started_utc) {
  json latency = phase_json(result.latency);
  latency.update(times_json(result.latencies));
  const Admission& admission = result.admission;
  const bool failed = !result.failure.empty();
  const Info& info = cell.row->info;
  const bool reloads = cell.scenario->reloads_per_second > 0;
  return {
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
      {"note", note_of(info, spec)},
      {"cpus", cpus_json(spec)},
      {"writer_cpu", reloads ? json(spec.writer_cpu.os_index) : json(nullptr)},
      {"writer_shares_cpu", reloads && spec.writer_shares_cpu},
      {"writer_shares_core", reloads && spec.writer_shares_core},
      {"home", {{"cpu", spec.cpus[0].os_index}, {"numa", spec.cpus[0].numa}}},
      {"oversubscribed", cell.oversubscribed},
      {"parameters", parameters_json(spec, result)},
      {"throughput", phase_json(result.throughput)},
      {"latency", std::move(latency)},
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
      {"timer", timer_json(result.timer_floor)},
      {"build",
       {{"version", build_info.version},
        {"commit", build_info.commit},
        {"compiler", build_info.compiler},
        {"flags", build_info.flags}}}};
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
      descriptor_(open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644)) {
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
  // A pipe or /dev/stdout cannot be synchronised and need not be.
  if (fsync(descriptor_) != 0 && errno != EINVAL && errno != EROFS) refuse(path_, errno);
}

}  // namespace limiterbench::bench
