#include "host/describe.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "host/placement.hpp"
#include "host_topologies.hpp"

namespace limiterbench::host {
namespace {

std::vector<std::string> lines_of(const std::string& text) {
  std::istringstream stream(text);
  std::vector<std::string> lines;
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

std::vector<unsigned> expand(const std::string& ranges) {
  std::vector<unsigned> numbers;
  std::istringstream stream(ranges);
  for (std::string range; std::getline(stream, range, ',');) {
    unsigned low = 0, high = 0, step = 1;
    char mark = 0;
    std::istringstream parts(range);
    parts >> low;
    high = low;
    if (parts >> mark >> high) parts >> mark >> step;
    for (unsigned number = low; number <= high; number += step) numbers.push_back(number);
  }
  return numbers;
}

// Reads the tables back: for each placement shown, the CPU of every thread. A cell that continues
// on the next line stands in the same column.
std::map<std::string, std::map<unsigned, Cpu>> read_back(const std::string& text) {
  std::map<std::string, std::map<unsigned, Cpu>> shown;
  std::map<unsigned, Cpu>* current = nullptr;
  std::vector<std::size_t> starts;
  std::vector<std::string> cells;
  const auto flush = [&] {
    if (current == nullptr || cells.empty()) return;
    const auto threads = expand(cells[0]), numa = expand(cells[3]), cores = expand(cells[4]);
    const auto cpus = expand(cells[6]);
    for (std::size_t i = 0; i < threads.size(); ++i) {
      (*current)[threads[i]] = {cpus.at(i),
                                static_cast<unsigned>(std::stoul(cells[1])),
                                static_cast<unsigned>(std::stoul(cells[2])),
                                cores.at(i),
                                static_cast<unsigned>(std::stoul(cells[5])),
                                numa.size() == 1 ? numa[0] : numa.at(i)};
    }
    cells.clear();
  };
  for (const std::string& line : lines_of(text)) {
    const auto colon = line.find(": ");
    if (line.starts_with("  threads ")) {
      starts.clear();
      for (const char* name : {"threads", "package", "complex", "NUMA", "cores", "sib", "CPUs"}) {
        starts.push_back(line.find(name));
      }
    } else if (colon != std::string::npos || line.empty()) {
      flush();
      const std::string name = line.substr(0, colon);
      const auto has_this_name = [&name](Placement each) { return to_string(each) == name; };
      const bool is_table = std::ranges::any_of(placements, has_this_name) &&
                            line.find("the same as") == std::string::npos;
      current = is_table ? &shown[name] : nullptr;
    } else if (current != nullptr) {
      const bool continues = line.substr(starts[1], 7).find_first_not_of(' ') == std::string::npos;
      if (!continues) flush();
      cells.resize(starts.size());
      for (std::size_t c = 0; c < starts.size() && starts[c] < line.size(); ++c) {
        const std::size_t end = c + 1 < starts.size() ? starts[c + 1] : line.size();
        std::string cell = line.substr(starts[c], end - starts[c]);
        cell.erase(std::remove(cell.begin(), cell.end(), ' '), cell.end());
        cells[c] += cell;
      }
    }
  }
  flush();
  return shown;
}

TEST(describe, shows_every_thread_of_every_placement) {
  for (const Machine& machine : machines()) {
    SCOPED_TRACE(machine.name);
    const std::string text = describe(machine.topology);
    SCOPED_TRACE(text);
    const auto shown = read_back(text);
    const auto distinct = distinct_placements(machine.topology);
    EXPECT_EQ(shown.size(), distinct.size());
    for (Placement placement : distinct) {
      const std::vector<Cpu> order = place(machine.topology, placement);
      const auto& threads = shown.at(std::string(to_string(placement)));
      ASSERT_EQ(threads.size(), order.size());
      for (unsigned thread = 0; thread < order.size(); ++thread) {
        EXPECT_EQ(threads.at(thread), order[thread]) << "thread " << thread;
      }
    }
  }
}

TEST(describe, fits_a_terminal) {
  for (const Machine& machine : machines()) {
    for (const std::string& line : lines_of(describe(machine.topology))) {
      EXPECT_LE(line.size(), 80U) << machine.name << "\n" << line;
    }
  }
  EXPECT_LE(lines_of(describe(Topology::from("pack:2 l3:8 core:8 pu:2"))).size(), 130U);
}

TEST(describe, begins_with_the_summary_and_says_what_repeats) {
  const Topology topology = Topology::from("l3:1 core:2 pu:1");
  const std::string text = describe(topology);
  EXPECT_TRUE(text.starts_with(topology.summary() + "\n"));
  EXPECT_NE(text.find("scatter: the same as compact"), std::string::npos) << text;
  EXPECT_NE(text.find("smt: the same as compact"), std::string::npos) << text;
}

TEST(describe, gives_the_boundaries_and_the_thread_counts) {
  const std::string text = describe(Topology::from("pack:2 l3:2 core:8 pu:2"));
  for (const char* line :
       {"  next complex entered beyond: 8,24\n", "  next package entered beyond: 16\n",
        "  cores shared beyond: 32\n", "\nthread counts: 1,2,4,8,16,32,64\n",
        "  every complex in use at: 4\n", "  every package in use at: 2\n"}) {
    EXPECT_NE(text.find(line), std::string::npos) << line << "is not in\n" << text;
  }
}

Cpu cpu_from(const nlohmann::json& json) {
  return {json.at("os_index"), json.at("package"), json.at("complex"),
          json.at("core"),     json.at("sibling"), json.at("numa")};
}

TEST(describe_json, holds_everything) {
  for (const Machine& machine : machines()) {
    SCOPED_TRACE(machine.name);
    const Topology& topology = machine.topology;
    const nlohmann::json json = describe_json(topology);
    EXPECT_EQ(json.at("summary"), topology.summary());
    EXPECT_EQ(json.at("packages"), topology.packages());
    EXPECT_EQ(json.at("complexes"), topology.complexes());
    EXPECT_EQ(json.at("cores"), topology.cores());
    EXPECT_EQ(json.at("numa_nodes"), topology.numa_nodes());
    EXPECT_EQ(json.at("is_this_host"), false);
    ASSERT_EQ(json.at("cpus").size(), topology.cpus().size());
    EXPECT_EQ(json.at("distinct_placements").size(), distinct_placements(topology).size());
    EXPECT_EQ(json.at("thread_counts"), thread_counts(topology));
    EXPECT_EQ(json.at("milestones"), milestones(topology));
    for (Placement placement : placements) {
      const nlohmann::json& one = json.at("placements").at(std::string(to_string(placement)));
      const std::vector<Cpu> order = place(topology, placement);
      ASSERT_EQ(one.at("cpus").size(), order.size());
      for (std::size_t i = 0; i < order.size(); ++i) {
        EXPECT_EQ(one.at("order").at(i), order[i].os_index);
        EXPECT_EQ(cpu_from(one.at("cpus").at(i)), order[i]);
        EXPECT_EQ(cpu_from(json.at("cpus").at(i)), topology.cpus()[i]);
      }
      const std::vector<Boundary> expected = boundaries(topology, placement);
      ASSERT_EQ(one.at("boundaries").size(), expected.size());
      for (std::size_t i = 0; i < expected.size(); ++i) {
        EXPECT_EQ(one.at("boundaries").at(i).at("threads"), expected[i].threads);
        EXPECT_EQ(one.at("boundaries").at(i).at("kind"), expected[i].kind);
      }
    }
  }
}

}  // namespace
}  // namespace limiterbench::host
