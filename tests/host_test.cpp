// What a machine is made of, as read from hwloc.
#include <gtest/gtest.h>
#include <sched.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>

#include "host/binding.hpp"
#include "host/topology.hpp"
#include "host_topologies.hpp"

namespace limiterbench::host {
namespace {

std::string temporary(const std::string& name) {
  return ::testing::TempDir() + "limiterbench_" + std::to_string(getpid()) + "_" + name;
}

std::string message_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const std::runtime_error& error) {
    return error.what();
  }
  return "nothing was thrown";
}

TEST(topology, counts_a_big_machine) {
  for (const char* spec :
       {"pack:2 l3:8 core:8 pu:2", "pack:2 [numa(memory=64GB)] l3:8 core:8 pu:2"}) {
    const Topology topology = Topology::from(spec);
    EXPECT_EQ(topology.cpus().size(), 256U);
    EXPECT_EQ(topology.packages(), 2U);
    EXPECT_EQ(topology.complexes(), 16U);
    EXPECT_EQ(topology.cores(), 128U);
    EXPECT_FALSE(topology.is_this_host());
  }
  EXPECT_EQ(Topology::from("pack:2 [numa] l3:8 core:8 pu:2").summary(),
            "2 packages, 16 L3 complexes, 128 cores, 256 CPUs, 2 NUMA nodes");
  EXPECT_EQ(Topology::from("pu:1").summary(),
            "1 package, no L3 reported, 1 core, 1 CPU, 1 NUMA node");
}

TEST(topology, says_what_a_complex_is) {
  EXPECT_EQ(Topology::from("pack:2 l3:2 l2:4 core:1 pu:1").complex_kind(), "L3");
  EXPECT_EQ(Topology::from("pack:1 l2:4 core:2 pu:1").complex_kind(), "L2");
  EXPECT_EQ(Topology::from("pack:1 l2:4 core:2 pu:1").complexes(), 4U);
  EXPECT_EQ(Topology::from("pack:2 numa:2 core:3 pu:2").complex_kind(), "NUMA");
  EXPECT_EQ(Topology::from("pack:2 numa:2 core:3 pu:2").complexes(), 4U);
  EXPECT_EQ(Topology::from("pack:2 core:6 pu:2").complex_kind(), "package");
  EXPECT_EQ(Topology::from("pack:2 core:6 pu:2").complexes(), 2U);
  // A cache of one core's own, or of its SMT siblings, is no complex.
  EXPECT_EQ(Topology::from("pack:2 l2:4 core:1 pu:2").complex_kind(), "package");
  // Nor is one that is described above the packages, or it counts for each of them.
  EXPECT_EQ(Topology::from("l2:1 pack:2 core:2 pu:1").complex_kind(), "package");
  EXPECT_EQ(Topology::from("l3:1 pack:2 core:2 pu:1").complexes(), 2U);
}

TEST(topology, numbers_siblings_within_their_core_and_cores_over_the_machine) {
  const Topology topology = Topology::from("pack:2 [numa] l3:1 core:2 pu:2");
  const std::vector<Cpu> expected{{0, 0, 0, 0, 0, 0}, {1, 0, 0, 0, 1, 0}, {2, 0, 0, 1, 0, 0},
                                  {3, 0, 0, 1, 1, 0}, {4, 1, 1, 2, 0, 1}, {5, 1, 1, 2, 1, 1},
                                  {6, 1, 1, 3, 0, 1}, {7, 1, 1, 3, 1, 1}};
  EXPECT_EQ(topology.cpus(), expected);
}

TEST(topology, ids_are_dense_and_nested) {
  for (const Machine& machine : machines()) {
    SCOPED_TRACE(machine.name);
    const Topology& topology = machine.topology;
    std::set<unsigned> packages, complexes, cores, nodes;
    std::set<std::pair<unsigned, unsigned>> core_homes, complex_homes, seats;
    for (const Cpu& cpu : topology.cpus()) {
      packages.insert(cpu.package);
      complexes.insert(cpu.complex);
      cores.insert(cpu.core);
      nodes.insert(cpu.numa);
      core_homes.emplace(cpu.core, cpu.complex);
      complex_homes.emplace(cpu.complex, cpu.package);
      seats.emplace(cpu.core, cpu.sibling);
      EXPECT_TRUE(cpu.sibling == 0 || seats.contains({cpu.core, cpu.sibling - 1}));
    }
    EXPECT_EQ(seats.size(), topology.cpus().size());
    EXPECT_EQ(core_homes.size(), cores.size()) << "a core is in two complexes";
    EXPECT_EQ(complex_homes.size(), complexes.size()) << "a complex is in two packages";
    for (const auto& [ids, count] :
         {std::pair{packages, topology.packages()}, std::pair{complexes, topology.complexes()},
          std::pair{cores, topology.cores()}, std::pair{nodes, topology.numa_nodes()}}) {
      EXPECT_EQ(ids.size(), count);
      EXPECT_EQ(*ids.rbegin(), count - 1);
    }
  }
}

TEST(topology, a_restricted_machine_has_only_what_is_left) {
  const Topology whole = Topology::from("pack:2 [numa] l3:2 core:2 pu:2");
  const Topology part = whole.restricted_to({5, 12, 13, 14, 99});
  const std::vector<Cpu> expected{
      {5, 0, 0, 0, 0, 0}, {12, 1, 1, 1, 0, 1}, {13, 1, 1, 1, 1, 1}, {14, 1, 1, 2, 0, 1}};
  EXPECT_EQ(part.cpus(), expected);
  EXPECT_EQ(whole.cpus().size(), 16U) << "the original stays whole";
  EXPECT_THROW((void)whole.restricted_to({99}), std::runtime_error);
}

TEST(topology, survives_a_round_through_xml) {
  const std::string path = temporary("topology.xml");
  for (const Machine& machine : machines()) {
    SCOPED_TRACE(machine.name);
    machine.topology.write_xml(path);
    const Topology read = Topology::from(path);
    EXPECT_EQ(read.cpus(), machine.topology.cpus());
    EXPECT_EQ(read.summary(), machine.topology.summary());
    EXPECT_FALSE(read.is_this_host());
  }
  std::filesystem::remove(path);
}

TEST(topology, refuses_what_it_cannot_read) {
  for (const char* spec : {"", "foo", "pu:0", "pack:2 l3", "/nonexistent/topology.xml"}) {
    const std::string message = message_of([&] { (void)Topology::from(spec); });
    EXPECT_NE(message.find("'" + std::string(spec) + "' is neither"), std::string::npos) << message;
  }
  const std::string path = temporary("not.xml");
  std::ofstream(path) << "<topology version=\"2.0\"><object";
  const std::string message = message_of([&] { (void)Topology::from(path); });
  EXPECT_NE(message.find("is not an hwloc XML file"), std::string::npos) << message;
  std::filesystem::remove(path);
  const Topology topology = Topology::from("pu:1");
  EXPECT_THROW(topology.write_xml("/nonexistent/topology.xml"), std::runtime_error);
}

TEST(topology, this_host_has_exactly_the_cpus_of_the_affinity_mask) {
  const Topology topology = Topology::this_host();
  ASSERT_TRUE(topology.is_this_host());
  cpu_set_t mask;
  ASSERT_EQ(sched_getaffinity(0, sizeof mask, &mask), 0);
  EXPECT_EQ(topology.cpus().size(), static_cast<std::size_t>(CPU_COUNT(&mask)));
  for (const Cpu& cpu : topology.cpus()) EXPECT_TRUE(CPU_ISSET(cpu.os_index, &mask));
}

TEST(topology, a_bound_thread_sees_its_own_cpu_only) {
  const Topology whole = Topology::this_host();
  std::thread([&] {
    const unsigned last = whole.cpus().back().os_index;
    bind_this_thread(whole, whole.cpus().back());
    const Topology topology = Topology::this_host();
    ASSERT_EQ(topology.cpus().size(), 1U);
    EXPECT_EQ(topology.cpus()[0].os_index, last);
  }).join();
}

TEST(topology, what_the_environment_describes_is_not_this_host) {
  const std::string path = temporary("environment.xml");
  Topology::from("pack:2 core:3 pu:1").write_xml(path);
  setenv("HWLOC_XMLFILE", path.c_str(), 1);
  const Topology from_file = Topology::this_host();
  unsetenv("HWLOC_XMLFILE");
  std::filesystem::remove(path);
  setenv("HWLOC_SYNTHETIC", "pack:2 core:3 pu:1", 1);
  const Topology synthetic = Topology::this_host();
  unsetenv("HWLOC_SYNTHETIC");
  for (const Topology* topology : {&from_file, &synthetic}) {
    EXPECT_EQ(topology->cpus().size(), 6U);
    EXPECT_FALSE(topology->is_this_host());
  }
}

}  // namespace
}  // namespace limiterbench::host
