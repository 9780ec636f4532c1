// Where shared memory is put, on machines that are only described.
#include "host/home.hpp"

#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <stdexcept>
#include <string>

#include "host_topologies.hpp"

namespace limiterbench::host {
namespace {

unsigned os_index_at(const Topology& topology, Home home, const Cpu& first) {
  return os_index_of_node(topology, node_at_home(topology, home, first).value());
}

TEST(home, is_remote_in_another_package_if_there_is_one) {
  const Topology topology = Topology::from("pack:2 group:2 [numa] core:2 pu:1");
  const Cpu& first = topology.cpus()[0];
  EXPECT_EQ(os_index_at(topology, Home::local, first), 0U);
  EXPECT_EQ(os_index_at(topology, Home::remote, first), 2U);
  const Cpu& last = topology.cpus().back();
  EXPECT_EQ(os_index_at(topology, Home::local, last), 3U);
  EXPECT_EQ(os_index_at(topology, Home::remote, last), 0U);
  EXPECT_FALSE(node_at_home(topology, Home::interleave, first));
}

TEST(home, is_remote_in_another_package_whose_cpus_are_forbidden) {
  const Topology topology = Topology::from("pack:2 group:2 [numa] core:2 pu:1");
  const Topology part = topology.restricted_to({0, 1, 2, 3});
  EXPECT_EQ(os_index_at(part, Home::remote, part.cpus()[0]), 2U);
}

TEST(home, is_remote_on_another_node_of_the_only_package) {
  const Topology topology = Topology::from("pack:1 group:2 [numa] core:2 pu:1");
  EXPECT_EQ(os_index_at(topology, Home::remote, topology.cpus().back()), 0U);
  EXPECT_EQ(os_index_at(topology, Home::local, topology.cpus().back()), 1U);
}

TEST(home, is_remote_on_the_usual_memory_of_another_package) {
  // The first kind of memory of each package, as DRAM beside HBM.
  const Topology topology = Topology::from("pack:2 [numa] [numa] core:2 pu:1");
  EXPECT_EQ(os_index_at(topology, Home::local, topology.cpus()[0]), 0U);
  EXPECT_EQ(os_index_at(topology, Home::remote, topology.cpus()[0]), 2U);
  EXPECT_EQ(os_index_at(topology, Home::remote, topology.cpus()[2]), 0U);
}

TEST(home, is_remote_in_memory_without_cpus_if_there_is_no_other) {
  const Topology topology = Topology::from("pack:1 [numa] [numa] core:2 pu:1");
  EXPECT_EQ(os_index_at(topology, Home::local, topology.cpus()[0]), 0U);
  EXPECT_EQ(os_index_at(topology, Home::remote, topology.cpus()[0]), 1U);
}

TEST(home, is_nowhere_remote_on_one_node) {
  const Topology topology = Topology::from("pack:1 core:4 pu:1");
  EXPECT_FALSE(node_at_home(topology, Home::remote, topology.cpus()[0]));
}

// Each home in turn, for what is touched first and for what was there before.
TEST(home, is_where_the_kernel_says_that_memory_lies) {
  const Topology topology = Topology::this_host();
  const Cpu& first = topology.cpus()[0];
  try {
    for (const Home home : homes) require_home(topology, home);
  } catch (const std::runtime_error& error) {
    GTEST_SKIP() << error.what();
  }
  for (const Home home : homes) {
    const auto node = node_at_home(topology, home, first);
    if (home == Home::remote && !node) continue;
    std::vector<std::byte> before(100'000, std::byte{1});
    move_home(topology, home, first, before);
    const MemoryFrom memory(topology, home, first);
    if (first.numa) {
      EXPECT_EQ(memory.note(), "");
    }
    const std::vector<std::byte> fresh(1'000'000, std::byte{1});
    for (const auto& object : {std::span<const std::byte>(before), std::span(fresh)}) {
      const std::vector<unsigned> nodes = nodes_of(topology, object);
      if (nodes.empty()) GTEST_SKIP() << "this system does not say where memory lies";
      if (node) {
        EXPECT_EQ(nodes, std::vector{os_index_of_node(topology, *node)}) << to_string(home);
      } else {
        EXPECT_EQ(nodes.size(), topology.numa_nodes());
      }
    }
  }
}

// This host, but with nodes that it has not: the kernel refuses them.
Topology with_absent_nodes() {
  setenv("HWLOC_SYNTHETIC", "pack:2 [numa(indexes=1001,1002)] core:512 pu:1", 1);
  setenv("HWLOC_THISSYSTEM", "1", 1);
  Topology topology = Topology::this_host();
  unsetenv("HWLOC_SYNTHETIC");
  unsetenv("HWLOC_THISSYSTEM");
  return topology;
}

TEST(home, is_only_a_preference_where_nothing_was_asked_for) {
  const Topology topology = with_absent_nodes();
  ASSERT_EQ(topology.numa_nodes(), 2U);
  const Cpu& first = topology.cpus()[0];
  const MemoryFrom memory(topology, Home::local, first);
  EXPECT_TRUE(
      memory.note().starts_with("the kernel chose the node, for it refused set_mempolicy: "));
  const std::vector<std::byte> page(10'000);
  EXPECT_TRUE(move_home(topology, Home::local, first, page).starts_with("the kernel chose"));
  EXPECT_NO_THROW(require_home(topology, Home::local));
}

TEST(home, is_refused_where_it_was_asked_for) {
  const Topology topology = with_absent_nodes();
  for (const Home home : {Home::remote, Home::interleave}) {
    EXPECT_THROW(require_home(topology, home), std::runtime_error);
    EXPECT_THROW(MemoryFrom(topology, home, topology.cpus()[0]), std::runtime_error);
  }
}

TEST(home, is_chosen_by_the_kernel_for_a_cpu_without_a_node) {
  const std::string path = ::testing::TempDir() + "limiterbench_no_node_near.xml";
  std::ofstream(path) << xml_of_packages({std::nullopt, 1 << 30, 1 << 30});
  const Topology topology = Topology::from(path);
  std::remove(path.c_str());
  const Cpu& first = topology.cpus()[0];
  EXPECT_FALSE(node_at_home(topology, Home::local, first));
  EXPECT_EQ(MemoryFrom(topology, Home::local, first).note(),
            "CPU 0 has no NUMA node near: the kernel chose the node");
  EXPECT_EQ(os_index_at(topology, Home::remote, first), 1U);
  EXPECT_EQ(MemoryFrom(topology, Home::remote, first).note(),
            "CPU 0 has no NUMA node near: every node is remote");
  EXPECT_EQ(os_index_at(topology, Home::remote, topology.cpus()[1]), 2U);
  EXPECT_EQ(MemoryFrom(topology, Home::local, topology.cpus()[1]).note(), "");
}

}  // namespace
}  // namespace limiterbench::host
