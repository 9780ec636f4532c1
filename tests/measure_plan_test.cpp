// Scenarios, cells, flags and records.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "host_topologies.hpp"
#include "native/options.hpp"
#include "workload/plan.hpp"
#include "workload/records.hpp"

namespace limiterbench::bench {
namespace {

using host::Topology;

const char* const big_host = "pack:2 l3:8 core:8 pu:2";

std::string refusal_of(const std::vector<std::string>& arguments) {
  try {
    (void)parse_options(arguments);
  } catch (const UsageError& error) {
    return error.what();
  }
  return "accepted";
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST(scenario, reloads_change_all_but_what_is_predicted) {
  for (const Scenario& scenario : scenarios()) {
    const Config before = configuration(scenario, 41, 500);
    const Config after = configuration(scenario, 42, 500);
    EXPECT_NO_THROW(validate(before));
    for (std::size_t i = 0; i < class_count; ++i) {
      EXPECT_NE(before.rules[i].backoff, after.rules[i].backoff) << i;
      if (i <= edge_class || scenario.mix.is_drawn()) {
        EXPECT_EQ(before.rules[i].limit, after.rules[i].limit);
        EXPECT_EQ(before.rules[i].window, after.rules[i].window);
      } else {
        EXPECT_NE(before.rules[i].limit, after.rules[i].limit);
        EXPECT_NE(before.rules[i].window, after.rules[i].window);
      }
    }
  }
}

TEST(scenario, stays_valid_over_many_reloads) {
  const Scenario& scenario = *find_scenario("reload_storm");
  for (std::uint64_t version = 0; version < 100'000; version += 7)
    ASSERT_NO_THROW(validate(configuration(scenario, version, 1)));
  ASSERT_NO_THROW(validate(configuration(scenario, ~std::uint64_t{0}, max_limit)));
}

TEST(scenario, sets_the_edge_at_half_the_capacity) {
  EXPECT_EQ(edge_limit_for(1e6), 500U);
  EXPECT_EQ(edge_limit_for(0), 1U);
  EXPECT_EQ(edge_limit_for(1e18), max_limit);
}

TEST(scenario, sets_limits_in_proportion_to_what_is_drawn) {
  const Scenario& keyed = *find_scenario("keyed");
  double sum = 0;
  for (std::uint32_t i = 0; i < class_count; ++i) {
    const double share = drawn_share(keyed.mix, i);
    EXPECT_DOUBLE_EQ(share * (i + 1), drawn_share(keyed.mix, 0));
    // 2 * 500'000 requests of 4.5 permits.
    const Rule rule = configuration(keyed, 1, 500'000).rules[i];
    const double asked = 4.5e6 * share;
    EXPECT_GE(static_cast<double>(rule.limit), 0.5 * asked - 1);
    EXPECT_LE(static_cast<double>(rule.limit), 1.25 * asked);
    EXPECT_GE(configuration(keyed, 1, 1).rules[i].limit, keyed.mix.most_cost);
    sum += share;
  }
  EXPECT_DOUBLE_EQ(sum, 1);
  EXPECT_NO_THROW(validate(configuration(keyed, 1, max_limit)));
}

TEST(plan, crosses_everything_that_is_chosen) {
  const Topology topology = Topology::from(big_host);
  const Selection selection{.designs = {find_design("hazard")},
                            .scenarios = {find_scenario("edge"), find_scenario("steady")},
                            .placements = {host::Placement::scatter},
                            .threads = {1, 300}};
  std::vector<std::string> names;
  for (const Cell& cell : plan(topology, selection)) names.push_back(cell.name());
  EXPECT_EQ(names, (std::vector<std::string>{
                       "hazard/edge/scatter/threads:1", "hazard/edge/scatter/threads:300",
                       "hazard/steady/scatter/threads:1", "hazard/steady/scatter/threads:300"}));
  EXPECT_TRUE(plan(topology, selection)[1].oversubscribed);
  EXPECT_FALSE(plan(topology, selection)[0].oversubscribed);
}

TEST(plan, names_each_cell_once) {
  const std::vector<Cell> cells = plan(Topology::from(big_host), {});
  std::set<std::string> names;
  for (const Cell& cell : cells) names.insert(cell.name());
  EXPECT_EQ(names.size(), cells.size());
}

TEST(plan, compares_placements_in_the_principal_scenario_or_on_request) {
  const Topology topology = Topology::from("pack:2 l3:2 core:2 pu:2");
  const auto placements_of = [&](const Selection& selection) {
    std::map<std::string, std::set<host::Placement>> found;
    for (const Cell& cell : plan(topology, selection))
      found[std::string(cell.scenario->name)].insert(cell.placement);
    return found;
  };
  using enum host::Placement;
  const std::set<host::Placement> all{compact, scatter, smt};
  for (const auto& [scenario, placements] : placements_of({.designs = {find_design("hazard")}}))
    EXPECT_EQ(placements, scenario == "steady" ? all : std::set{compact}) << scenario;
  const Scenario* edge = find_scenario("edge");
  EXPECT_EQ(placements_of({.designs = {find_design("hazard")}, .scenarios = {edge}})["edge"], all);
  EXPECT_EQ(placements_of({.placements = {scatter, smt}})["overload"], (std::set{scatter, smt}));
}

TEST(plan, sweeps_the_load_at_the_milestones) {
  const Topology topology = Topology::from(big_host);
  std::set<unsigned> swept;
  std::set<unsigned> keyed;
  std::set<unsigned> steady;
  for (const Cell& cell : plan(topology, {.designs = {find_design("hazard")}})) {
    if (cell.scenario->sweeps_load) swept.insert(cell.threads);
    if (cell.scenario->name == "keyed") keyed.insert(cell.threads);
    if (cell.scenario->name == "steady") steady.insert(cell.threads);
  }
  const std::vector<unsigned> milestones = host::milestones(topology);
  const std::vector<unsigned> counts = host::thread_counts(topology);
  EXPECT_EQ(swept, std::set<unsigned>(milestones.begin(), milestones.end()));
  EXPECT_EQ(keyed, swept);
  EXPECT_EQ(steady, std::set<unsigned>(counts.begin(), counts.end()));
}

TEST(plan, oversubscribes_only_on_request_and_only_a_few_cells) {
  const Topology topology = Topology::from("pack:1 l3:2 core:3 pu:2");
  const auto beyond = [&](const Selection& selection) {
    std::set<std::string> names;
    for (const Cell& cell : plan(topology, selection))
      if (cell.oversubscribed) names.insert(cell.name());
    return names;
  };
  const Info* design = find_design("hazard");
  EXPECT_EQ(beyond({.designs = {design}}), std::set<std::string>{});
  EXPECT_EQ(
      beyond({.designs = {design}, .oversubscribe = true}),
      (std::set<std::string>{"hazard/steady/compact/threads:24", "hazard/steady/compact/threads:48",
                             "hazard/reload_storm/compact/threads:24",
                             "hazard/reload_storm/compact/threads:48"}));
  EXPECT_EQ(
      beyond({.designs = {design}, .scenarios = {find_scenario("edge")}, .oversubscribe = true}),
      (std::set<std::string>{"hazard/edge/compact/threads:24", "hazard/edge/compact/threads:48"}));
  EXPECT_EQ(beyond({.designs = {design}, .threads = {1, 12}, .oversubscribe = true}),
            std::set<std::string>{});
  const Topology huge = Topology::from("pack:4 core:256 pu:2");
  const std::vector<Cell> cells = plan(huge, {.designs = {design}, .oversubscribe = true});
  for (const Cell& cell : cells) EXPECT_LE(cell.threads, most_threads);
}

// How often each CPU is used by a thread.
std::map<unsigned, unsigned> load(const TrialSpec& spec) {
  std::map<unsigned, unsigned> threads;
  for (const host::Cpu& cpu : spec.cpus) ++threads[cpu.os_index];
  return threads;
}

void check_spec(const Topology& topology, const Cell& cell) {
  SCOPED_TRACE(cell.name());
  const TrialSpec spec = trial_spec(topology, cell, 0.2);
  const auto all = static_cast<unsigned>(topology.cpus().size());
  const std::map<unsigned, unsigned> threads = load(spec);
  EXPECT_EQ(spec.cpus.size(), cell.threads);
  EXPECT_EQ(threads.size(), std::min(all, cell.threads));
  for (const auto& [cpu, count] : threads) {
    EXPECT_GE(count, cell.threads / all);
    EXPECT_LE(count, (cell.threads + all - 1) / all);
  }
  EXPECT_EQ(cell.oversubscribed, cell.threads > all);
  EXPECT_EQ(spec.writer_shares_cpu, threads.contains(spec.writer_cpu.os_index));
  EXPECT_EQ(spec.writer_shares_cpu, cell.threads >= all);
}

TEST(plan, gives_every_thread_a_cpu_on_any_machine) {
  for (const host::Machine& machine : host::machines()) {
    SCOPED_TRACE(machine.name);
    const std::vector<Cell> cells =
        plan(machine.topology, {.designs = {find_design("hazard")}, .oversubscribe = true});
    std::set<std::string> names;
    for (const Cell& cell : cells) {
      names.insert(cell.name());
      check_spec(machine.topology, cell);
    }
    EXPECT_EQ(names.size(), cells.size());
    EXPECT_TRUE(names.contains("hazard/steady/compact/threads:1"));
  }
}

TEST(plan, gives_the_writer_a_cpu_of_its_own_where_one_is_free) {
  const Topology topology = Topology::from("pack:1 l3:1 core:4 pu:1");
  Cell cell{find_design("hazard"), find_scenario("steady"), host::Placement::compact, 3, false};
  const TrialSpec free = trial_spec(topology, cell, 0.2);
  EXPECT_FALSE(free.writer_shares_cpu);
  EXPECT_EQ(free.writer_cpu, topology.cpus()[3]);
  cell.threads = 4;
  const TrialSpec full = trial_spec(topology, cell, 0.2);
  EXPECT_TRUE(full.writer_shares_cpu);
  EXPECT_EQ(full.writer_cpu, full.cpus.back());
  cell.threads = 6;
  const TrialSpec over = trial_spec(topology, cell, 0.2);
  EXPECT_EQ(over.cpus[4], topology.cpus()[0]);
  EXPECT_EQ(over.writer_cpu, topology.cpus()[1]);
}

TEST(plan, puts_the_writer_where_it_is_wanted) {
  using Kind = WriterPlace::Kind;
  const Topology topology = Topology::from("pack:1 l3:1 core:4 pu:2");
  Cell cell{find_design("hazard"), find_scenario("steady"), host::Placement::compact, 2, false};
  const auto spec = [&](WriterPlace place) {
    return trial_spec(topology, cell, 0.2, {host::Home::local, place});
  };
  const TrialSpec shared = spec({Kind::shared});
  EXPECT_EQ(shared.writer_cpu, shared.cpus[1]);
  EXPECT_TRUE(shared.writer_shares_cpu);
  EXPECT_EQ(shared.writer, "shared");
  const TrialSpec sibling = spec({Kind::cpu, 1});
  EXPECT_EQ(sibling.writer_cpu.os_index, 1U);
  EXPECT_FALSE(sibling.writer_shares_cpu);
  EXPECT_TRUE(sibling.writer_shares_core);
  EXPECT_EQ(sibling.writer, "1");
  const TrialSpec first = spec({Kind::cpu, 0});
  EXPECT_TRUE(first.writer_shares_cpu);
  const TrialSpec own = spec({Kind::own_core});
  EXPECT_EQ(own.writer_cpu.core, 2U);
  EXPECT_FALSE(own.writer_shares_core);
  EXPECT_THROW((void)spec({Kind::cpu, 8}), std::invalid_argument);
  cell.threads = 4;
  EXPECT_THROW((void)spec({Kind::own_core}), std::invalid_argument);
  EXPECT_TRUE(spec({}).writer_shares_core);
  EXPECT_EQ(spec({}).writer, "auto");
  cell.scenario = find_scenario("readonly");
  EXPECT_NO_THROW((void)spec({Kind::own_core})) << "nothing reloads";
}

TEST(plan, keeps_the_writer_off_the_cores_that_are_measured) {
  const Topology topology = Topology::from("pack:1 l3:1 core:4 pu:2");
  Cell cell{find_design("hazard"), find_scenario("steady"), host::Placement::smt, 3, false};
  const TrialSpec odd = trial_spec(topology, cell, 0.2);
  EXPECT_EQ(odd.writer_cpu.core, 2U);
  EXPECT_FALSE(odd.writer_shares_core);
  cell.threads = 7;
  const TrialSpec last = trial_spec(topology, cell, 0.2);
  EXPECT_FALSE(last.writer_shares_cpu);
  EXPECT_TRUE(last.writer_shares_core);
}

TEST(plan, is_written_as_agreed) {
  const nlohmann::json plan = plan_json(Topology::from(big_host), {});
  EXPECT_EQ(plan["schema"], 1);
  EXPECT_EQ(plan["host"]["cpus"], 256);
  EXPECT_EQ(plan["host"]["is_this_host"], false);
  EXPECT_EQ(plan["placements"], nlohmann::json({"compact", "scatter", "smt"}));
  EXPECT_EQ(plan["boundaries"]["compact"][0]["threads"], 8);
  EXPECT_EQ(plan["boundaries"]["compact"][0]["kind"], "complex");
  EXPECT_EQ(plan["milestones"], host::milestones(Topology::from(big_host)));
  EXPECT_EQ(plan["rows"].size(), designs().size());
  EXPECT_EQ(plan["cells"].size(), bench::plan(Topology::from(big_host), {}).size());
  for (const char* key : {"cell", "limiter", "scenario", "placement", "threads", "oversubscribed"})
    EXPECT_TRUE(plan["cells"][0].contains(key)) << key;
}

TEST(options, are_read) {
  const Options options = parse_options(
      {"--limiter=hazard", "--limiter=sharded,rwmutex", "--scenario=edge", "--placement=smt",
       "--threads=1,2", "--seconds=0.05", "--records=x.jsonl", "--repetition_index=7",
       "--attempt=2", "--oversubscribe", "--benchmark_repetitions=3"});
  EXPECT_EQ(options.selection.designs.size(), 3U);
  EXPECT_EQ(options.selection.scenarios.size(), 1U);
  EXPECT_EQ(options.selection.placements, std::vector{host::Placement::smt});
  EXPECT_EQ(options.selection.threads, (std::vector<unsigned>{1, 2}));
  EXPECT_EQ(options.seconds, 0.05);
  EXPECT_EQ(options.records, "x.jsonl");
  EXPECT_EQ(options.repetition_index, 7U);
  EXPECT_EQ(options.attempt, 2U);
  EXPECT_TRUE(options.selection.oversubscribe);
  EXPECT_EQ(options.benchmark_flags, std::vector<std::string>{"--benchmark_repetitions=3"});
  EXPECT_FALSE(options.only_informs());
  EXPECT_TRUE(parse_options({"--topology=pu:4"}).only_informs());
}

TEST(options, a_cell_is_chosen_by_its_name) {
  const Options options = parse_options({"--cell=hazard/edge/smt/threads:2"});
  const std::vector<Cell> cells = plan(Topology::from("core:2 pu:2"), options.selection);
  ASSERT_EQ(cells.size(), 1U);
  EXPECT_EQ(cells[0].name(), "hazard/edge/smt/threads:2");
  EXPECT_EQ(options.cell, cells[0].name());
  EXPECT_TRUE(contains(refusal_of({"--cell=hazrd/edge/smt/threads:2"}), "did you mean 'hazard'?"));
  EXPECT_TRUE(contains(refusal_of({"--cell=hazard/egde/smt/threads:2"}), "did you mean 'edge'?"));
  for (const char* name : {"hazard", "hazard/edge/smt", "hazard/edge/smt/2",
                           "hazard/edge/smt/threads:2/x", "hazard/edge/smt/threads:x"})
    EXPECT_NE(refusal_of({std::string("--cell=") + name}), "accepted") << name;
}

TEST(options, name_what_is_valid_and_guess_what_was_meant) {
  EXPECT_TRUE(contains(refusal_of({"--limiter=hazzard"}), "did you mean 'hazard'?"));
  EXPECT_TRUE(contains(refusal_of({"--limiter=zzzzzzzzzz"}), "valid: unlimited, mutex"));
  EXPECT_FALSE(contains(refusal_of({"--limiter=zzzzzzzzzz"}), "did you mean"));
  EXPECT_TRUE(contains(refusal_of({"--scenario=stedy"}), "did you mean 'steady'?"));
  EXPECT_TRUE(contains(refusal_of({"--placement=compct"}), "did you mean 'compact'?"));
  EXPECT_TRUE(contains(refusal_of({"--thread=1"}), "did you mean '--threads'?"));
  EXPECT_TRUE(contains(refusal_of({"--benchmark_filtr=x"}), "did you mean '--benchmark_filter'?"));
  EXPECT_TRUE(contains(refusal_of({"hazard"}), "unknown argument 'hazard'"));
  EXPECT_TRUE(contains(refusal_of({"--frobnicate"}), "unknown flag '--frobnicate'\nvalid: "));
}

TEST(options, refuse_bad_values) {
  for (const char* argument :
       {"--threads=two", "--threads=-1", "--threads=", "--threads", "--seconds=0", "--seconds=nan",
        "--seconds=1e9", "--seconds=fast", "--repetition_index=-1", "--attempt=x", "--list=xml",
        "--plan=text", "--oversubscribe=1",
        "--records=", "--topology=", "--limiter=", "--threads=1,,2"})
    EXPECT_NE(refusal_of({argument}), "accepted") << argument;
}

TEST(options, take_a_value_as_the_next_argument) {
  const Options options = parse_options({"--limiter", "hazard", "--threads", "1,2", "--list"});
  EXPECT_EQ(options.selection.designs, std::vector{find_design("hazard")});
  EXPECT_EQ(options.selection.threads, (std::vector<unsigned>{1, 2}));
  EXPECT_TRUE(
      contains(refusal_of({"--records", "--strict"}), "--records needs a value: --records"));
}

TEST(options, each_has_a_help_text) {
  std::istringstream lines(usage());
  unsigned flags = 0;
  for (std::string line; std::getline(lines, line) && !contains(line, "Google Benchmark");) {
    if (!line.starts_with("  --")) continue;
    ++flags;
    EXPECT_NE(line.find_first_not_of(' ', line.find(' ', 2)), std::string::npos) << line;
  }
  EXPECT_GT(flags, 20U);
}

TEST(options, refuse_to_measure_on_a_description) {
  EXPECT_TRUE(contains(refusal_of({"--topology=pu:4", "--records=x"}), "not measured"));
  EXPECT_TRUE(contains(refusal_of({"--topology=pu:4", "--benchmark_filter=x"}), "not measured"));
  EXPECT_EQ(refusal_of({"--topology=pu:4", "--plan=json"}), "accepted");
  EXPECT_EQ(refusal_of({"--topology=pu:4", "--benchmark_list_tests"}), "accepted");
}

TEST(options, refuse_more_threads_than_cpus) {
  const Topology topology = Topology::from("pack:1 core:4 pu:1");
  const auto refusal = [&](const std::vector<std::string>& arguments) -> std::string {
    try {
      check_against(parse_options(arguments), topology);
    } catch (const UsageError& error) {
      return error.what();
    }
    return "accepted";
  };
  EXPECT_EQ(refusal({"--threads=4"}), "accepted");
  EXPECT_TRUE(contains(refusal({"--threads=5"}), "4 CPUs; --oversubscribe allows"));
  EXPECT_EQ(refusal({"--threads=5", "--oversubscribe"}), "accepted");
  EXPECT_TRUE(contains(refusal({"--threads=0", "--oversubscribe"}), "4 CPUs"));
}

TEST(options, refuse_conditions_that_cannot_be) {
  const auto refusal = [](const std::string& spec, const std::vector<std::string>& arguments) {
    try {
      check_against(parse_options(arguments), Topology::from(spec));
    } catch (const UsageError& error) {
      return std::string(error.what());
    }
    return std::string("accepted");
  };
  const std::string one_node = "pack:1 core:4 pu:1";
  const std::string two_nodes = "pack:2 [numa] core:2 pu:1";
  EXPECT_TRUE(contains(refusal(one_node, {"--home=remote"}), "one NUMA node"));
  EXPECT_EQ(refusal(two_nodes, {"--home=remote"}), "accepted");
  EXPECT_EQ(refusal(one_node, {"--home=interleave"}), "accepted");
  EXPECT_TRUE(contains(refusal_of({"--home=remot"}), "did you mean 'remote'?"));
  EXPECT_TRUE(contains(refusal_of({"--writer=owncore"}), "did you mean 'own_core'?"));
  EXPECT_TRUE(contains(refusal(one_node, {"--writer=4"}), "valid: 0,1,2,3"));
  EXPECT_EQ(refusal(one_node, {"--writer=3"}), "accepted");
  EXPECT_TRUE(contains(refusal(one_node, {"--writer=own_core"}), "threads:4 leaves no core free"));
  EXPECT_EQ(refusal(one_node, {"--writer=own_core", "--threads=1,3"}), "accepted");
  EXPECT_EQ(refusal(one_node, {"--writer=own_core", "--scenario=readonly"}), "accepted");
}

TEST(records, are_appended_line_by_line) {
  const std::string path = ::testing::TempDir() + "limiterbench_records_test.jsonl";
  std::remove(path.c_str());
  for (int i = 0; i < 3; ++i) RecordFile(path).append({{"line", i}, {"text", "a\nb"}});
  std::ifstream file(path);
  int count = 0;
  for (std::string line; std::getline(file, line); ++count)
    EXPECT_EQ(nlohmann::json::parse(line)["line"], count);
  EXPECT_EQ(count, 3);
  std::remove(path.c_str());
}

TEST(records, say_why_they_cannot_be_written) {
  EXPECT_THROW(RecordFile("/nowhere/at/all.jsonl"), std::runtime_error);
  RecordFile full("/dev/full");
  EXPECT_THROW(full.append({{"line", 1}}), std::runtime_error);
}

TEST(records, hold_what_readers_are_promised) {
  const Topology topology = Topology::from("pack:1 core:2 pu:1");
  const Cell cell{find_design("hazard"), find_scenario("steady"), host::Placement::compact, 2,
                  false};
  TrialSpec spec = trial_spec(topology, cell, 0.2);
  spec.layout = {2, 48};
  TrialResult result;
  result.latencies.record(130);
  result.failure = "broken";
  result.throughput.operations = {3, 4};
  const nlohmann::json record = record_of(cell, spec, result, {5, 2}, "2026-01-01T00:00:00Z");
  EXPECT_EQ(record["cell"], "hazard/steady/compact/threads:2");
  EXPECT_EQ(record["status"], "failed");
  EXPECT_EQ(record["failure"], "broken");
  EXPECT_EQ(record["repetition"], 5);
  EXPECT_EQ(record["attempt"], 2);
  EXPECT_EQ(record["cpus"], nlohmann::json({0, 1}));
  EXPECT_EQ(record["writer_shares_cpu"], true);
  EXPECT_EQ(record["writer"], "auto");
  EXPECT_EQ(record["home"]["policy"], "local");
  EXPECT_EQ(record["home"]["numa"], 0);
  EXPECT_EQ(record["throughput"]["operations"], nlohmann::json({3, 4}));
  EXPECT_EQ(record["latency"]["histogram"]["counts"].dump(), "[[129,1]]");
  EXPECT_EQ(record["parameters"]["rules"]["0"]["limit"], 1'000'000'000);
  EXPECT_EQ(record["parameters"]["rules"]["1"]["limit"], 1'000);
  EXPECT_NE(record["build"]["commit"], "");
  EXPECT_EQ(record["noise"]["flagged"], false);
  EXPECT_EQ(record["noise"]["steal_ns"], nullptr);
  EXPECT_EQ(record["noise"]["frequency_khz"]["before"], nullptr);
  EXPECT_EQ(record["timer"]["skew_ns"], nullptr);
  EXPECT_EQ(record["layout"].dump(), R"({"program":2,"stack_offset":48})");
  result.failure.clear();
  EXPECT_EQ(record_of(cell, spec, result, {}, "")["failure"], nullptr);
}

TEST(records, say_what_disturbed_and_how_the_clocks_differ) {
  const Topology topology = Topology::from("pack:1 core:2 pu:1");
  const Cell cell{find_design("hazard"), find_scenario("steady"), host::Placement::compact, 2,
                  false};
  const TrialSpec spec = trial_spec(topology, cell, 0.2);
  TrialResult result;
  result.noise.cpus = {{1, 7, 900'000, 0.09}};
  result.noise.steal_ns = 10'000'000;
  result.skew = Skew{-3.5, 60, 1, false, 1};
  const nlohmann::json record = record_of(cell, spec, result, {}, "");
  const nlohmann::json& noise = record["noise"];
  EXPECT_EQ(noise["flagged"], true);
  EXPECT_EQ(noise["reasons"][0], "CPU 1 lost 9.0 % of its time while idle");
  EXPECT_EQ(noise["cpus"][0]["hiccups"], 7);
  EXPECT_EQ(noise["cpus"][0]["longest_ns"], 900'000);
  EXPECT_EQ(noise["steal_ns"], 10'000'000);
  EXPECT_EQ(record["timer"]["skew_ns"], -3.5);
  EXPECT_EQ(record["timer"]["skew_error_ns"], 60);
}

TEST(records, never_take_a_counter_that_is_absent_for_0) {
  const Topology topology = Topology::from("pack:1 core:2 pu:1");
  const Cell cell{find_design("hazard"), find_scenario("steady"), host::Placement::compact, 2,
                  false};
  const TrialSpec spec = trial_spec(topology, cell, 0.2);
  TrialResult result;
  EXPECT_EQ(record_of(cell, spec, result, {}, "")["counters"], nullptr);
  result.counters = std::vector<Count>(event_names.size());
  result.counters_absent = "cycles: not permitted";
  nlohmann::json record = record_of(cell, spec, result, {}, "");
  EXPECT_EQ(record["counters"], nullptr);
  EXPECT_EQ(record["counters_absent"], "cycles: not permitted");
  result.counters[0] = 12;
  result.throughput_switches = 3;
  result.throughput.admitted = 4;
  record = record_of(cell, spec, result, {}, "");
  EXPECT_EQ(record["counters"]["cycles"], 12);
  EXPECT_EQ(record["counters"]["instructions"], nullptr);
  EXPECT_EQ(record["counters"]["context_switches"], 3);
  EXPECT_EQ(record["counters"]["decisions"], 4);
}

TEST(records, hold_the_sweep_where_there_is_one) {
  const Topology topology = Topology::from("pack:1 core:2 pu:1");
  const Cell cell{find_design("hazard"), find_scenario("open_loop"), host::Placement::compact, 1,
                  false};
  const TrialSpec spec = trial_spec(topology, cell, 0.2);
  TrialResult result;
  EXPECT_EQ(record_of(cell, spec, result, {}, "")["open_loop"], nullptr);
  LoadPoint point{Arrivals::bursty, 2e6};
  point.unsent = 3;
  point.response.record(130);
  point.service.record(40);
  result.sweep = {17, 4e6, {point}, {{10'000, 3e6, true}}};
  const nlohmann::json sweep = record_of(cell, spec, result, {}, "")["open_loop"];
  EXPECT_EQ(sweep["seed"], 17);
  EXPECT_EQ(sweep["generator_per_second"], 4e6);
  EXPECT_EQ(sweep["capacity"].dump(),
            R"([{"at_least":true,"rate_per_second":3000000.0,"within_ns":10000}])");
  EXPECT_EQ(sweep["points"][0]["arrivals"], "bursty");
  EXPECT_EQ(sweep["points"][0]["rate_per_second"], 2e6);
  EXPECT_EQ(sweep["points"][0]["sent"], 1);
  EXPECT_EQ(sweep["points"][0]["unsent"], 3);
  EXPECT_EQ(sweep["points"][0]["response"]["histogram"]["counts"].dump(), "[[129,1]]");
  EXPECT_EQ(sweep["points"][0]["service"]["max_ns"], 40);
}

}  // namespace
}  // namespace limiterbench::bench
