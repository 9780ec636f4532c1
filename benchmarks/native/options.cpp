#include "native/options.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <functional>
#include <sstream>
#include <string_view>
#include <utility>

#include "native/rows.hpp"

namespace limiterbench::bench {
namespace {

enum class Takes { nothing, maybe_value, value };

struct Flag {
  std::string_view name;
  Takes takes;
  std::string_view help;
  std::function<void(Options&, const std::string&)> apply;
};

// The help of a flag that only tests use.
constexpr std::string_view hidden;

// As Google Benchmark 1.7.1 lists them; it checks their values itself.
constexpr std::array benchmark_flags{"--benchmark_list_tests",
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

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ", ") + word;
  return text;
}

[[noreturn]] void unknown(const std::string& kind, const std::string& word,
                          const std::vector<std::string>& valid) {
  std::string text = "unknown " + kind + " '" + word + "'";
  if (const auto guess = nearest(word, valid)) text += "; did you mean '" + *guess + "'?";
  throw UsageError(text + "\nvalid: " + joined(valid));
}

std::vector<std::string> split(const std::string& list) {
  std::vector<std::string> words;
  std::istringstream stream(list);
  for (std::string word; std::getline(stream, word, ',');) words.push_back(word);
  return words;
}

template <class Number>
std::optional<Number> number(std::string_view text) {
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

const Row* known_row(const std::string& name) {
  const Row* row = find_row(name);
  if (row != nullptr) return row;
  std::vector<std::string> valid;
  for (const Row& each : rows()) valid.emplace_back(each.info.name);
  unknown("limiter", name, valid);
}

void add_limiters(Options& options, const std::string& names) {
  for (const std::string& name : split(names)) options.selection.rows.push_back(known_row(name));
}

void add_scenarios(Options& options, const std::string& names) {
  for (const std::string& name : split(names)) {
    const Scenario* scenario = find_scenario(name);
    if (scenario == nullptr) {
      std::vector<std::string> valid;
      for (const Scenario& each : scenarios()) valid.emplace_back(each.name);
      unknown("scenario", name, valid);
    }
    options.selection.scenarios.push_back(scenario);
  }
}

void add_placements(Options& options, const std::string& names) {
  for (const std::string& name : split(names)) {
    const auto placement = host::parse_placement(name);
    if (!placement) {
      std::vector<std::string> valid;
      for (const host::Placement each : host::placements) valid.emplace_back(host::to_string(each));
      unknown("placement", name, valid);
    }
    options.selection.placements.push_back(*placement);
  }
}

void add_threads(Options& options, const std::string& counts) {
  for (const std::string& word : split(counts)) {
    const auto count = number<unsigned>(word);
    if (!count)
      throw UsageError("--threads=" + counts + ": '" + word + "' is not a number of threads");
    options.selection.threads.push_back(*count);
  }
}

void set_seconds(Options& options, const std::string& text) {
  const auto seconds = number<double>(text);
  if (!seconds || !(*seconds >= 0.001 && *seconds <= 3600))
    throw UsageError("--seconds=" + text + ": not a number of seconds from 0.001 to 3600");
  options.seconds = *seconds;
}

unsigned ordinal(const std::string& flag, const std::string& text) {
  const auto index = number<unsigned>(text);
  if (!index || *index > 1'000'000'000)
    throw UsageError(flag + "=" + text + ": not a number from 0 to 10^9");
  return *index;
}

pid_t process_id(const std::string& flag, const std::string& text) {
  const auto id = number<pid_t>(text);
  if (!id || *id < 1) throw UsageError(flag + "=" + text + ": not a process id");
  return *id;
}

void set_home(Options& options, const std::string& name) {
  const auto home = host::parse_home(name);
  if (!home) {
    std::vector<std::string> valid;
    for (const host::Home each : host::homes) valid.emplace_back(host::to_string(each));
    unknown("home", name, valid);
  }
  options.conditions.home = *home;
}

void set_writer(Options& options, const std::string& name) {
  using Kind = WriterPlace::Kind;
  if (const auto cpu = number<unsigned>(name)) {
    options.conditions.writer = {Kind::cpu, *cpu};
    return;
  }
  std::vector<std::string> valid;
  for (const Kind kind : {Kind::automatic, Kind::own_core, Kind::shared}) {
    valid.push_back(WriterPlace{kind}.name());
    if (valid.back() != name) continue;
    options.conditions.writer = {kind};
    return;
  }
  valid.emplace_back("a CPU's number");
  unknown("writer's place", name, valid);
}

void set_test_skew(Options& options, const std::string& text) {
  const auto ns = number<double>(text);
  if (!ns || !(std::abs(*ns) <= 1e9))
    throw UsageError("--test_skew=" + text + ": not a number of nanoseconds to 10^9");
  options.test_skew_ns = *ns;
}

void set_slow_down(Options& options, const std::string& text) {
  const std::size_t colon = text.find(':');
  const auto percent = number<unsigned>(colon == std::string::npos ? "" : text.substr(colon + 1));
  if (!percent || *percent == 0 || *percent > 1000)
    throw UsageError("--test_slow_down=" + text + ": not ROW:PERCENT, with 1 to 1000 percent");
  options.slow_down = SlowDown{known_row(text.substr(0, colon)), *percent};
}

Format format_of(const std::string& flag, const std::string& text) {
  if (text.empty() || text == "text") return Format::text;
  if (text == "json") return Format::json;
  unknown(flag + " format", text, {"text", "json"});
}

// A format of the topology is a request to print it.
void set_topology(Options& options, const std::string& spec) {
  options.topology_spec = spec;
  if (options.topology == Format::none) options.topology = Format::text;
}

void set_plan(Options& options, const std::string& format) {
  if (!format.empty() && format != "json") unknown("--plan format", format, {"json"});
  options.plan = true;
}

const std::vector<Flag>& flags() {
  using O = Options;
  using S = std::string;
  static const std::vector<Flag> all{
      {"--help", Takes::nothing, "this text", [](O& o, const S&) { o.help = true; }},
      {"--version", Takes::nothing, "version, commit and compiler",
       [](O& o, const S&) { o.version = true; }},
      {"--list", Takes::maybe_value, "[=json]  the limiters",
       [](O& o, const S& v) { o.list = format_of("--list", v); }},
      {"--topology", Takes::maybe_value,
       "[=SPEC]  this host, or the one of an hwloc description or XML file", set_topology},
      {"--topology_format", Takes::value, "=text|json",
       [](O& o, const S& v) { o.topology = format_of("--topology", v); }},
      {"--topology_xml", Takes::value, "=FILE  write the topology for hwloc",
       [](O& o, const S& v) { o.topology_xml = v; }},
      {"--plan", Takes::maybe_value, "=json  every cell, for this host or --topology=SPEC",
       set_plan},
      {"--environment", Takes::nothing, "the host's facts that decide the numbers, as JSON",
       [](O& o, const S&) { o.environment = true; }},
      {"--check_binding", Takes::nothing,
       "exit status 3 unless threads, and memory to --home, can be bound",
       [](O& o, const S&) { o.check_binding = true; }},
      {"--contention_map", Takes::maybe_value,
       "[=json]  measure what moving a line between CPUs costs here",
       [](O& o, const S& v) { o.contention = format_of("--contention_map", v); }},
      {"--limiter", Takes::value, "=NAME  measure only this one; may be repeated", add_limiters},
      {"--scenario", Takes::value, "=NAME  likewise", add_scenarios},
      {"--placement", Takes::value, "=NAME  likewise: compact, scatter or smt", add_placements},
      {"--threads", Takes::value, "=LIST  for example 1,2,4", add_threads},
      {"--oversubscribe", Takes::nothing,
       "allow more --threads than CPUs; without --threads add 2 and 4 a CPU",
       [](O& o, const S&) { o.selection.oversubscribe = true; }},
      {"--seconds", Takes::value, "=S  of each of the two phases (0.2)", set_seconds},
      {"--records", Takes::value, "=FILE  append one JSON line a repetition",
       [](O& o, const S& v) { o.records = v; }},
      {"--repetition_index", Takes::value, "=N  the number of the first repetition (0)",
       [](O& o, const S& v) { o.repetition_index = ordinal("--repetition_index", v); }},
      {"--attempt", Takes::value, "=N  how many times those were measured before (0)",
       [](O& o, const S& v) { o.attempt = ordinal("--attempt", v); }},
      {"--home", Takes::value,
       "=local|remote|interleave  the memory that all threads share (local)", set_home},
      {"--writer", Takes::value, "=auto|own_core|shared|CPU  where the thread that reloads runs",
       set_writer},
      {"--strict", Takes::nothing, "exit status 3 rather than fall back to another clock",
       [](O& o, const S&) { o.strict = true; }},
      {"--end_with", Takes::value, "=PID  be killed when that process, which started this, ends",
       [](O& o, const S& v) { o.end_with = process_id("--end_with", v); }},
      {"--test_skew", Takes::value, hidden, set_test_skew},
      {"--test_slow_down", Takes::value, hidden, set_slow_down}};
  return all;
}

std::vector<std::string> flag_names() {
  std::vector<std::string> names;
  for (const Flag& flag : flags())
    if (flag.help != hidden) names.emplace_back(flag.name);
  return names;
}

void apply(Options& options, const std::string& argument) {
  const std::size_t equals = argument.find('=');
  const std::string name = argument.substr(0, equals);
  const bool has_value = equals != std::string::npos;
  const std::string value = has_value ? argument.substr(equals + 1) : "";
  const auto flag = std::ranges::find(flags(), name, &Flag::name);
  if (flag == flags().end()) {
    const bool is_flag = argument.starts_with("--");
    std::vector<std::string> valid = flag_names();
    if (name.starts_with("--bench")) valid.assign(benchmark_flags.begin(), benchmark_flags.end());
    unknown(is_flag ? "flag" : "argument", name, valid);
  }
  if (flag->takes == Takes::nothing && has_value) throw UsageError(name + " takes no value");
  if (flag->takes == Takes::value && value.empty())
    throw UsageError(name + " needs a value: " + name + std::string(flag->help));
  if (has_value && value.empty()) throw UsageError(name + "=: the value is missing");
  flag->apply(options, value);
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

std::size_t edits(const std::string& a, const std::string& b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i);
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, replaced});
    }
  }
  return row.back();
}

}  // namespace

std::optional<std::string> nearest(const std::string& word,
                                   const std::vector<std::string>& candidates) {
  const auto distance = [&word](const std::string& candidate) { return edits(word, candidate); };
  const auto best = std::ranges::min_element(candidates, {}, distance);
  if (best == candidates.end() || distance(*best) > 1 + word.size() / 2) return std::nullopt;
  return *best;
}

Options parse_options(const std::vector<std::string>& arguments) {
  Options options;
  for (const std::string& argument : arguments) {
    const std::string name = argument.substr(0, argument.find('='));
    if (std::ranges::find(benchmark_flags, name) != benchmark_flags.end()) {
      options.benchmark_flags.push_back(argument);
    } else {
      apply(options, argument);
    }
  }
  check_measuring(options);
  return options;
}

void check_threads(const Options& options, const host::Topology& topology) {
  const std::size_t cpus = topology.cpus().size();
  const std::string has =
      (topology.is_this_host() ? "this process may use " : "the topology has ") +
      std::to_string(cpus) + (cpus == 1 ? " CPU" : " CPUs");
  for (const unsigned threads : options.selection.threads) {
    if (threads == 0) throw UsageError("--threads: 0 threads cannot measure anything; " + has);
    if (threads > cpus && !options.selection.oversubscribe)
      throw UsageError("--threads: " + std::to_string(threads) + " threads, but " + has +
                       "; --oversubscribe allows more threads than CPUs");
    if (threads > most_threads)
      throw UsageError("--threads: at most " + std::to_string(most_threads));
  }
}

void check_conditions(const Options& options, const host::Topology& topology) {
  if (options.conditions.home == host::Home::remote && topology.numa_nodes() < 2)
    throw UsageError(
        "--home=remote: there is one NUMA node whose memory may be used; nothing is remote\n"
        "valid: local, interleave");
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

std::string usage() {
  std::string text =
      "limiterbench: rate-limiter hot paths, measured on pinned threads.\n"
      "Without a flag every cell limiter/scenario/placement/threads:N of this host is "
      "measured.\n\n";
  for (const Flag& flag : flags()) {
    if (flag.help == hidden) continue;
    std::string left = "  " + std::string(flag.name);
    std::string help(flag.help);
    if (const std::size_t gap = help.find("  "); help.starts_with('=') || help.starts_with('[')) {
      left += help.substr(0, gap);
      help = gap == std::string::npos ? "" : help.substr(gap + 2);
    }
    left.resize(std::max<std::size_t>(left.size() + 1, 26), ' ');
    text += left + help + "\n";
  }
  text += "\nGoogle Benchmark's flags:\n";
  for (const char* flag : benchmark_flags) text += "  " + std::string(flag) + "\n";
  return text;
}

}  // namespace limiterbench::bench
