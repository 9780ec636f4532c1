// Machines that the tests of benchmarks/host run over, from one CPU to odd and hybrid ones.
#pragma once

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdio>
#include <optional>
#include <random>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "host/topology.hpp"

namespace limiterbench::host {

inline const std::vector<std::string>& machine_specs() {
  static const std::vector<std::string> specs{
      "pack:2 l3:8 core:8 pu:2",
      "pack:1 [numa] l3:8 core:8 pu:2",          // 64 cores in 8 complexes
      "pack:2 group:4 [numa] l3:2 core:8 pu:2",  // 4 NUMA nodes a socket
      "pack:2 [numa] l3:8 core:8 pu:1",          // the same without SMT
      "pack:1 l3:1 core:7 pu:2",                 // odd
      "pack:2 [numa(memory=64GB)] l3:8 core:8 pu:2",
      "pack:2 [numa] l3:1 core:16 pu:2",
      "pack:2 group:2 [numa] l3:3 core:5 pu:1",  // NUMA inside the package, odd cores
      "pack:2 group:2 [numa] l2:4 core:1 pu:2",  // and private caches only
      "pack:2 numa:2 core:3 pu:2",               // and no cache at all
      "pack:3 l3:3 core:3 pu:3",
      "pack:2 core:6 pu:2",       // no cache at all
      "pack:1 l2:4 core:2 pu:1",  // no L3, but a shared L2
      "pack:1 l3:4 core:1 pu:2",
      "l3:1 core:2 pu:4",  // no package
      "l3:2 pu:3",         // no core
      "pack:1 l3:1 core:8 pu:1",
      "pu:1",
      // Numbered as Linux does: all first siblings, then all second ones, packages in turn.
      "pack:2 l3:1 core:2 pu:2(indexes=0,4,2,6,1,5,3,7)",
  };
  return specs;
}

// How many bytes a package's NUMA node has; nullopt: there is no such node.
using NodeMemory = std::optional<std::size_t>;

// hwloc's XML of packages of one CPU each, for what a synthetic description cannot say.
inline std::string xml_of_packages(const std::vector<NodeMemory>& packages) {
  const auto hex = [](std::size_t set) {
    std::ostringstream digits;
    digits << "0x" << std::hex << set << "\"";
    return digits.str();
  };
  const auto sets = [&](std::size_t cpus, std::size_t nodes) {
    return "\" cpuset=\"" + hex(cpus) + " complete_cpuset=\"" + hex(cpus) + " nodeset=\"" +
           hex(nodes) + " complete_nodeset=\"" + hex(nodes);
  };
  std::string text;
  std::size_t nodes = 0;
  for (std::size_t i = 0; i < packages.size(); ++i) {
    const std::size_t bit = std::size_t{1} << i;
    const std::size_t node = packages[i] ? bit : 0;
    const std::string number = "\" os_index=\"" + std::to_string(i) + sets(bit, node);
    nodes |= node;
    text += "<object type=\"Package" + number + ">";
    if (packages[i])
      text += "<object type=\"NUMANode" + number + " local_memory=\"" +
              std::to_string(*packages[i]) + "\"/>";
    text += "<object type=\"PU" + number + "/></object>\n";
  }
  const std::size_t cpus = (std::size_t{1} << packages.size()) - 1;
  return "<topology version=\"2.0\">\n<object type=\"Machine" + sets(cpus, nodes) +
         " allowed_cpuset=\"" + hex(cpus) + " allowed_nodeset=\"" + hex(nodes) + ">\n" + text +
         "</object>\n</topology>\n";
}

struct Machine {
  std::string name;
  Topology topology;
};

// As a host that wrote its topology down and was read again elsewhere.
inline Topology exported(const Topology& topology) {
  const std::string path = ::testing::TempDir() + "limiterbench_exported_topology.xml";
  topology.write_xml(path);
  Topology read = Topology::from(path);
  std::remove(path.c_str());
  return read;
}

// Every spec, then hybrid, restricted and exported machines: some CPUs of a regular one are left
// out, as by a cpuset or because they are offline.
inline const std::vector<Machine>& machines() {
  static const std::vector<Machine> all = [] {
    std::vector<Machine> list;
    for (const std::string& spec : machine_specs()) list.push_back({spec, Topology::from(spec)});
    const Topology regular = Topology::from("pack:1 l3:1 core:8 pu:2");
    list.push_back({"8 cores, the last 4 without SMT",
                    regular.restricted_to({0, 1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 14})});
    list.push_back({"second siblings only", regular.restricted_to({1, 3, 5})});
    list.push_back({"a single CPU of many", regular.restricted_to({6})});
    list.push_back({"exported, 8 cores", exported(regular)});
    list.push_back({"exported, with a core and two siblings offline",
                    exported(regular.restricted_to({0, 1, 2, 3, 6, 7, 8, 9, 10, 12, 14, 15}))});
    const Topology sockets = Topology::from("pack:2 [numa] l3:4 core:4 pu:2");
    list.push_back(
        {"exported, one complex of the first socket and two of the second",
         exported(sockets.restricted_to({0,  1,  2,  3,  4,  5,  6,  7,  32, 33, 34, 35,
                                         36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47}))});
    std::mt19937 random(20260101);  // NOLINT: the same subsets in every run
    for (const char* spec : {"pack:2 l3:3 core:4 pu:2", "pack:3 [numa] l3:2 core:3 pu:3"}) {
      const Topology whole = Topology::from(spec);
      for (int subset = 0; subset < 40; ++subset) {
        std::vector<unsigned> kept;
        for (const Cpu& cpu : whole.cpus()) {
          if (random() % 8 <= static_cast<unsigned>(subset) % 8) kept.push_back(cpu.os_index);
        }
        if (kept.empty()) continue;
        list.push_back(
            {std::string(spec) + ", subset " + std::to_string(subset), whole.restricted_to(kept)});
      }
    }
    return list;
  }();
  return all;
}

}  // namespace limiterbench::host
