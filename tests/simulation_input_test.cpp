// Bad host files and arguments are refused by the name of the field.
#include <gtest/gtest.h>

#include "simulated/options.hpp"
#include "simulation.hpp"

namespace limiterbench::simulation {
namespace {

using nlohmann::json;

std::string refusal(const json& changes) {
  json file = small_host_file();
  file.merge_patch(changes);
  try {
    static_cast<void>(parse_host(file, ""));
  } catch (const UsageError& error) {
    return error.what();
  }
  return "accepted";
}

struct Bad {
  json changes;
  const char* names;
};

TEST(simulation_input, host_file_is_refused_by_field) {
  const Bad files[] = {
      {{{"rmw_ns", nullptr}}, "rmw_ns: missing"},
      {{{"load_ns", -1}}, "load_ns: -1"},
      {{{"load_ns", 9}}, "load_ns: 9 is above rmw_ns"},
      {{{"alpha", {0.4, 0.1}}}, "alpha: [low, high]"},
      {{{"topology", "nonsense"}}, "topology: "},
      {{{"futex_wake_ns", json::array()}}, "futex_wake_ns: no value"},
      {{{"transfer_ns", {{"socket", 400}}}}, "transfer_ns.socket: 400"},
      {{{"transfer_ns", {{"socket", "near"}}}}, "transfer_ns.socket: not a number"},
      {{{"transfer_ns", {{"sockets", 40}}}}, "did you mean 'socket'"},
      {{{"transfer_ns", {{"remote", nullptr}}}}, "transfer_ns: no class covers CPUs 0 and 4"},
      {{{"transfer_ns", {{1, 2}, {3, 4}}}}, "transfer_ns: 2 rows for a topology of 8 CPUs"},
      {{{"instructions_ns", {{"hazard", -1}}}}, "instructions_ns.hazard: -1"},
      {{{"instructions_ns", {{"hazrd", 5}}}}, "did you mean 'hazard'"},
      {{{"instructions_ns", {{"urcu_qsbr", 5}}}}, "instructions_ns.urcu_qsbr: no row that can"},
      {{{"alpha", 2000}}, "alpha: 2000 is above 1000"},
      {{{"rmv_ns", 5}}, "rmv_ns: no such field; did you mean 'rmw_ns'"},
  };
  for (const Bad& file : files)
    EXPECT_NE(refusal(file.changes).find(file.names), std::string::npos)
        << file.changes << " gave: " << refusal(file.changes);
}

TEST(simulation_input, siblings_slower_than_sockets_are_refused_in_a_matrix) {
  json file = small_host_file();
  file["topology"] = "pack:2 core:1 pu:2";
  file["transfer_ns"] = {{0, 90, 50, 50}, {90, 0, 50, 50}, {50, 50, 0, 10}, {50, 50, 10, 0}};
  try {
    static_cast<void>(parse_host(file, ""));
    FAIL() << "accepted";
  } catch (const UsageError& error) {
    EXPECT_NE(std::string(error.what()).find("transfer_ns[0][1]"), std::string::npos);
  }
}

TEST(simulation_input, packages_slower_within_than_between_are_refused_in_a_matrix) {
  json file = small_host_file();
  file["topology"] = "pack:2 core:2 pu:1";
  file["transfer_ns"] = {
      {0, 400, 120, 120}, {400, 0, 120, 120}, {120, 120, 0, 400}, {120, 120, 400, 0}};
  try {
    static_cast<void>(parse_host(file, ""));
    FAIL() << "accepted";
  } catch (const UsageError& error) {
    EXPECT_NE(std::string(error.what()).find("of one package take 400"), std::string::npos)
        << error.what();
  }
}

TEST(simulation_input, nearest_class_decides) {
  json file = small_host_file();
  file["topology"] = "group:2 pack:2 l3:2 core:2 pu:2";
  file["transfer_ns"] = {{"smt", 10}, {"l3", 20}, {"socket", 50}, {"group", 100}, {"remote", 200}};
  const Distances distances = parse_host(file, "").distances;
  const double expected[] = {10, 20, 20, 50, 50, 50, 50, 100, 200};
  const unsigned others[] = {1, 2, 3, 4, 5, 6, 7, 8, 16};
  for (std::size_t i = 0; i < std::size(others); ++i)
    EXPECT_EQ(to_ns(distances.between(0, others[i])), expected[i]) << others[i];
}

std::string refusal_of(const std::vector<std::string>& arguments) {
  try {
    check_threads(parse_options(arguments).selection, small_host().topology);
  } catch (const UsageError& error) {
    return error.what();
  }
  return "accepted";
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST(simulation_input, what_cannot_be_simulated_is_refused) {
  for (const Info& design : bench::designs()) {
    const std::string name(design.name);
    const bool is_simulated = find_simulated_row(name) != nullptr;
    EXPECT_EQ(refusal_of({"--limiter=" + name}) == "accepted", is_simulated) << name;
  }
  EXPECT_TRUE(contains(refusal_of({"--limiter", "hazrd"}), "did you mean 'hazard'?"));
  EXPECT_TRUE(contains(refusal_of({"--limiter", "ck_epoch"}), "has no simulated form\nvalid: "));
  for (const char* rates : {"0", "-1", "abc", "1e6,nan", "1e99"})
    EXPECT_TRUE(contains(refusal_of({"--rates", rates}), "not a number from")) << rates;
  EXPECT_TRUE(contains(refusal_of({"--rates=,"}), "--rates"));
  EXPECT_EQ(refusal_of({"--rates", "2e6,1e6"}), "accepted");
  EXPECT_TRUE(contains(refusal_of({"--policy", "lifo"}), "unknown policy 'lifo'"));
  EXPECT_TRUE(contains(refusal_of({"--frobnicate"}), "unknown flag '--frobnicate'\nvalid: "));
  EXPECT_TRUE(contains(refusal_of({"--threads"}), "--threads needs a value"));
  EXPECT_TRUE(contains(refusal_of({"--threads", "0"}), "8 CPUs"));
  EXPECT_TRUE(contains(refusal_of({"--threads", "9"}), "9 threads, but the topology has 8 CPUs"));
  EXPECT_EQ(refusal_of({"--threads", "8", "--policy", "all"}), "accepted");
}

}  // namespace
}  // namespace limiterbench::simulation
