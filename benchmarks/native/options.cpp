#include "native/options.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <sstream>
#include <stdexcept>
#include <string_view>

namespace limiterbench::bench {
namespace {

using S = std::string;

// As Google Benchmark 1.7.1 lists them; it checks their values itself.
const std::vector<std::string> benchmark_flags{"--benchmark_list_tests",
                                               "--benchmark_filter",
                                               "--benchmark_min_time",
                                               "--benchmark_min_warmup_time",
                                               "--benchmark_repetitions",
                                               "--benchmark_enable_random_interleaving",
                                               "--benchmark_report_aggregates_only",
                                               "--benchmark_display_aggregates_only",
                                               "--benchmark_format",
                                               "--benchmark_out",
                                               "--benchmark_out_format",
                                               "--benchmark_color",
                                               "--benchmark_counters_tabular",
                                               "--benchmark_context",
                                               "--benchmark_perf_counters",
                                               "--benchmark_time_unit",
                                               "--benchmark_dry_run"};

bool is_known_to_google_benchmark(const std::string& argument) {
  const std::string name = argument.substr(0, argument.find('='));
  if (std::ranges::find(benchmark_flags, name) != benchmark_flags.end()) return true;
  if (name.starts_with("--bench")) refuse_unknown("flag", name, benchmark_flags);
  return false;
}

WriterPlace writer_place(const std::string& name) {
  using Kind = WriterPlace::Kind;
  if (const auto cpu = number<unsigned>(name)) return {Kind::cpu, *cpu};
  std::vector<std::string> valid;
  for (const Kind kind : {Kind::automatic, Kind::own_core, Kind::shared}) {
    valid.push_back(WriterPlace{kind}.name());
    if (valid.back() == name) return {kind};
  }
  valid.emplace_back("a CPU's number");
  refuse_unknown("writer's place", name, valid);
}

SlowDown slow_down(const std::string& text) {
  const std::size_t colon = text.find(':');
  const auto percent = number<unsigned>(colon == std::string::npos ? "" : text.substr(colon + 1));
  const Info* design = find_design(text.substr(0, colon));
  if (design == nullptr || !percent || *percent == 0 || *percent > 1000)
    throw UsageError("--test_slow_down=" + text + ": not DESIGN:PERCENT, with 1 to 1000 percent");
  return {design, *percent};
}

// Its parts are checked like those that are chosen one by one.
void set_cell(Options& options, const std::string& name) {
  constexpr std::string_view before_threads = "threads:";
  std::vector<std::string> parts;
  std::istringstream stream(name);
  for (std::string part; std::getline(stream, part, '/');) parts.push_back(part);
  if (parts.size() != 4 || !parts[3].starts_with(before_threads))
    throw UsageError("--cell=" + name + ": not limiter/scenario/placement/threads:N");
  parse_flags(common_flags(options, choices()),
              {"--limiter=" + parts[0], "--scenario=" + parts[1], "--placement=" + parts[2],
               "--threads=" + parts[3].substr(before_threads.size())});
  options.cell = name;
}

void set_plan(Options& options, const std::string& format) {
  if (!format.empty() && format != "json") refuse_unknown("--plan format", format, {"json"});
  options.plan = true;
}

// The topology's source is also a request to print it.
void set_topology(Options& options, const std::string& spec) {
  options.topology_spec = spec;
  if (options.topology == Format::none) options.topology = Format::text;
}

std::vector<Flag> what_is_printed(Options& o) {
  return {
      {"--version", "", "version, commit and compiler", [&](const S&) { o.version = true; }},
      {"--topology", "[=SPEC]", "this host, or the one of an hwloc description or XML file",
       [&](const S& v) { set_topology(o, v); }},
      {"--topology_format", "=text|json", "how the topology is printed",
       [&](const S& v) { o.topology = format_of("--topology", v); }},
      {"--topology_xml", "=FILE", "write the topology for hwloc",
       [&](const S& v) { o.topology_xml = v; }},
      {"--plan", "[=json]", "every cell, for this host or --topology=SPEC",
       [&](const S& v) { set_plan(o, v); }},
      {"--environment", "", "the host's facts that decide the numbers, as JSON",
       [&](const S&) { o.environment = true; }},
      {"--check_binding", "", "exit status 3 unless threads, and memory to --home, can be bound",
       [&](const S&) { o.check_binding = true; }},
      {"--contention_map", "[=json]", "measure what moving a line between CPUs costs here",
       [&](const S& v) { o.contention = format_of("--contention_map", v); }}};
}

std::vector<Flag> how_it_is_measured(Options& o) {
  constexpr unsigned most = 1'000'000'000;
  return {
      {"--cell", "=LIMITER/SCENARIO/PLACEMENT/threads:N", "measure exactly this one",
       [&](const S& v) { set_cell(o, v); }},
      {"--oversubscribe", "", "allow more --threads than CPUs; without --threads add 2 and 4 a CPU",
       [&](const S&) { o.selection.oversubscribe = true; }},
      {"--seconds", "=S", "of each of the two phases (0.2)",
       [&](const S& v) { o.seconds = number_in("--seconds", v, 0.001, 3600.0); }},
      {"--repetition_index", "=N", "the number of the first repetition (0)",
       [&](const S& v) { o.repetition_index = number_in("--repetition_index", v, 0U, most); }},
      {"--attempt", "=N", "how many times those were measured before (0)",
       [&](const S& v) { o.attempt = number_in("--attempt", v, 0U, most); }},
      {"--home", "=local|remote|interleave", "the memory that all threads share (local)",
       [&](const S& v) { o.conditions.home = one_of("home", v, host::homes); }},
      {"--writer", "=auto|own_core|shared|CPU", "where the thread that reloads runs",
       [&](const S& v) { o.conditions.writer = writer_place(v); }},
      {"--strict", "", "exit status 3 rather than fall back to another clock",
       [&](const S&) { o.strict = true; }},
      {"--end_with", "=PID", "be killed when that process, which started this, ends",
       [&](const S& v) {
         o.end_with = number_in<pid_t>("--end_with", v, 1, std::numeric_limits<pid_t>::max());
       }},
      {"--test_skew", "=NS", "for tests: add this to the difference of the clocks",
       [&](const S& v) { o.test_skew_ns = number_in("--test_skew", v, -1e9, 1e9); }},
      {"--test_slow_down", "=DESIGN:PERCENT", "for tests: lengthen this design's work",
       [&](const S& v) { o.slow_down = slow_down(v); }}};
}

std::vector<Flag> flags(Options& options) {
  std::vector<Flag> all = common_flags(options, choices());
  for (const std::vector<Flag>& more : {what_is_printed(options), how_it_is_measured(options)})
    all.insert(all.end(), more.begin(), more.end());
  return all;
}

void check_measuring(const Options& options) {
  if (options.topology_spec.empty() || options.plan) return;
  const bool measures = !options.records.empty() ||
                        std::ranges::any_of(options.benchmark_flags, [](const std::string& flag) {
                          return !flag.starts_with("--benchmark_list_tests");
                        });
  if (measures)
    throw UsageError("--topology=" + options.topology_spec +
                     ": another host can be printed and planned for, not measured on");
}

void check_home(const Options& options, const host::Topology& topology) {
  if (options.conditions.home == host::Home::remote && topology.numa_nodes() < 2)
    throw UsageError(
        "--home=remote: there is one NUMA node whose memory may be used; nothing is remote\n"
        "valid: local, interleave");
}

void check_writer(const Options& options, const host::Topology& topology) {
  const WriterPlace::Kind kind = options.conditions.writer.kind;
  if (kind != WriterPlace::Kind::own_core && kind != WriterPlace::Kind::cpu) return;
  for (const Cell& cell : plan(topology, options.selection)) {
    if (cell.scenario->reloads_per_second == 0) continue;
    try {
      (void)trial_spec(topology, cell, options.seconds, options.conditions);
    } catch (const std::invalid_argument& error) {
      throw UsageError("--writer=" + options.conditions.writer.name() + ": " + error.what());
    }
  }
}

}  // namespace

Choices choices() { return {each_of(designs()), each_of(scenarios())}; }

Options parse_options(const std::vector<std::string>& arguments) {
  Options options;
  std::vector<std::string> own;
  for (const std::string& argument : arguments) {
    (is_known_to_google_benchmark(argument) ? options.benchmark_flags : own).push_back(argument);
  }
  parse_flags(flags(options), own);
  check_measuring(options);
  return options;
}

void check_against(const Options& options, const host::Topology& topology) {
  check_threads(options.selection, topology, "; --oversubscribe allows more threads than CPUs");
  check_home(options, topology);
  check_writer(options, topology);
}

std::string usage() {
  Options unused;
  std::string text =
      "limiterbench: rate-limiter hot paths, measured on pinned threads.\n"
      "Without a flag every cell limiter/scenario/placement/threads:N of this host is "
      "measured.\n\n" +
      help_of(flags(unused)) + "\nGoogle Benchmark's flags, as its user guide describes them:\n";
  for (const std::string& flag : benchmark_flags) text += "  " + flag + "\n";
  return text;
}

}  // namespace limiterbench::bench
