// Where shared memory is put, on machines that are only described.
#include "host/home.hpp"

#include <gtest/gtest.h>

namespace limiterbench::host {
namespace {

TEST(home, has_names) {
  for (const Home home : homes) EXPECT_EQ(parse_home(to_string(home)), home);
  EXPECT_FALSE(parse_home("near"));
}

TEST(home, is_remote_in_another_package_if_there_is_one) {
  const Topology topology = Topology::from("pack:2 group:2 [numa] core:2 pu:1");
  const Cpu& first = topology.cpus()[0];
  EXPECT_EQ(cpu_at_home(topology, Home::local, first), first);
  const auto remote = cpu_at_home(topology, Home::remote, first);
  ASSERT_TRUE(remote);
  EXPECT_NE(remote->package, first.package);
  EXPECT_EQ(node_of(topology, *remote), 2U);
  EXPECT_EQ(node_of(topology, first), 0U);
  const Cpu& last = topology.cpus().back();
  EXPECT_EQ(cpu_at_home(topology, Home::remote, last)->package, 0U);
  EXPECT_FALSE(cpu_at_home(topology, Home::interleave, first));
}

TEST(home, is_remote_on_another_node_of_the_only_package) {
  const Topology topology = Topology::from("pack:1 group:2 [numa] core:2 pu:1");
  const Cpu& last = topology.cpus().back();
  const auto remote = cpu_at_home(topology, Home::remote, last);
  ASSERT_TRUE(remote);
  EXPECT_EQ(node_of(topology, *remote), 0U);
  EXPECT_EQ(node_of(topology, last), 1U);
}

TEST(home, is_nowhere_remote_on_one_node) {
  const Topology topology = Topology::from("pack:1 core:4 pu:1");
  EXPECT_FALSE(cpu_at_home(topology, Home::remote, topology.cpus()[0]));
}

// Each home in turn, for what is touched first and for what was there before.
TEST(home, is_where_the_kernel_says_that_memory_lies) {
  const Topology topology = Topology::this_host();
  const Cpu& first = topology.cpus()[0];
  for (const Home home : homes) {
    const auto cpu = cpu_at_home(topology, home, first);
    if (home == Home::remote && !cpu) continue;
    std::vector<std::byte> before(100'000, std::byte{1});
    move_home(topology, home, first, before);
    const MemoryFrom memory(topology, home, first);
    const std::vector<std::byte> fresh(1'000'000, std::byte{1});
    for (const auto& object : {std::span<const std::byte>(before), std::span(fresh)}) {
      const std::vector<unsigned> nodes = nodes_of(topology, object);
      if (nodes.empty()) GTEST_SKIP() << "this system does not say where memory lies";
      if (cpu) {
        EXPECT_EQ(nodes, std::vector{node_of(topology, *cpu)}) << to_string(home);
      } else {
        EXPECT_EQ(nodes.size(), topology.numa_nodes());
      }
    }
  }
}

}  // namespace
}  // namespace limiterbench::host
