// What a machine is made of, as read from hwloc.
#include <gtest/gtest.h>
#include <hwloc.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cstddef>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <optional>
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
      nodes.insert(cpu.numa.value());
      core_homes.emplace(cpu.core, cpu.complex);
      complex_homes.emplace(cpu.complex, cpu.package);
      seats.emplace(cpu.core, cpu.sibling);
      EXPECT_TRUE(cpu.sibling == 0 || seats.contains({cpu.core, cpu.sibling - 1}));
    }
    EXPECT_EQ(seats.size(), topology.cpus().size());
    EXPECT_LE(nodes.size(), topology.numa_nodes());
    EXPECT_EQ(core_homes.size(), cores.size()) << "a core is in two complexes";
    EXPECT_EQ(complex_homes.size(), complexes.size()) << "a complex is in two packages";
    for (const auto& [ids, count] :
         {std::pair{packages, topology.packages()}, std::pair{complexes, topology.complexes()},
          std::pair{cores, topology.cores()},
          std::pair{nodes, static_cast<unsigned>(nodes.size())}}) {
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
  const std::string newer = std::to_string((hwloc_get_api_version() >> 16) + 1) + ".0";
  for (const auto& [text, reason] : std::initializer_list<std::pair<std::string, std::string>>{
           {"", "it is empty"},
           {"pack:2 core:4", "it is not XML"},
           {"<?xml version=\"1.0\"?>\n<svg/>", "it holds no topology"},
           {"<topology version=\"2.0\"><object", "it is damaged or cut short"},
           {"<topology version=\"\"/>", "it is damaged"},
           {"<topology version=", "it is damaged"},
           {"<topology" + std::string(100'000, ' '), "it is in the format of hwloc 1, or damaged"},
           {"<topology>\n<object type=\"System\">", "it is in the format of hwloc 1, or damaged"},
           {"<topology version=\"" + newer + "\"></topology>",
            "it is in the format of hwloc " + newer + "; hwloc "}}) {
    std::ofstream(path) << text;
    const std::string message = message_of([&] { (void)Topology::from(path); });
    EXPECT_TRUE(message.starts_with("hwloc cannot read '" + path + "': " + reason)) << message;
    setenv("HWLOC_XMLFILE", path.c_str(), 1);
    EXPECT_EQ(message_of([] { (void)Topology::this_host(); }), message);
    unsetenv("HWLOC_XMLFILE");
  }
  std::filesystem::remove(path);
  const Topology topology = Topology::from("pu:1");
  EXPECT_THROW(topology.write_xml("/nonexistent/topology.xml"), std::runtime_error);
}

TEST(topology, says_that_a_file_may_not_be_read) {
  namespace fs = std::filesystem;
  const fs::path folder = temporary("secret");
  fs::create_directory(folder);
  const std::string path = folder / "topology.xml";
  Topology::from("pu:1").write_xml(path);
  // By another user than root, whom no permission stops.
  const auto message = [&]() -> std::optional<std::string> {
    constexpr uid_t nobody = 65534;
    const bool is_root = geteuid() == 0;
    if (is_root && seteuid(nobody) != 0) return std::nullopt;
    std::string text = message_of([&] { (void)Topology::from(path); });
    if (is_root && seteuid(0) != 0) std::abort();
    return text;
  };
  fs::permissions(path, fs::perms::none);
  const auto of_file = message();
  fs::permissions(folder, fs::perms::none);
  const auto of_folder = message();
  fs::permissions(folder, fs::perms::owner_all);
  fs::remove_all(folder);
  if (!of_file || !of_folder) GTEST_SKIP() << "root may not become another user here";
  const std::string expected = "hwloc cannot read '" + path + "': Permission denied";
  EXPECT_EQ(*of_file, expected);
  EXPECT_EQ(*of_folder, expected);
}

TEST(topology, counts_the_nodes_that_have_memory) {
  constexpr std::size_t gib = std::size_t{1} << 30;
  struct Case {
    std::vector<NodeMemory> packages;
    unsigned nodes;
    std::vector<std::optional<unsigned>> near;
  };
  const std::nullopt_t none = std::nullopt;
  for (const Case& each : std::vector<Case>{{{gib, gib}, 2, {0, 1}},
                                            {{gib, 0}, 1, {0, none}},
                                            {{0, gib}, 1, {none, 0}},
                                            {{gib, none}, 1, {0, none}},
                                            {{none, gib}, 1, {none, 0}},
                                            {{none, gib, 0, gib}, 2, {none, 0, none, 1}},
                                            // No memory is told: every node counts.
                                            {{0, 0}, 2, {0, 1}}}) {
    const std::string path = temporary("memory.xml");
    std::ofstream(path) << xml_of_packages(each.packages);
    const Topology topology = Topology::from(path);
    EXPECT_EQ(topology.numa_nodes(), each.nodes);
    EXPECT_EQ(topology.packages(), each.packages.size());
    std::vector<std::optional<unsigned>> near;
    for (const Cpu& cpu : topology.cpus()) near.push_back(cpu.numa);
    EXPECT_EQ(near, each.near);
    topology.write_xml(path);
    const Topology read = Topology::from(path);
    EXPECT_EQ(read.cpus(), topology.cpus());
    EXPECT_EQ(read.numa_nodes(), each.nodes);
    std::filesystem::remove(path);
  }
}

TEST(topology, counts_nodes_without_a_cpu_after_those_with_some) {
  // Forbidden CPUs do not forbid their memory.
  const Topology part = Topology::from("pack:2 [numa] core:2 pu:1").restricted_to({2, 3});
  EXPECT_EQ(part.numa_nodes(), 2U);
  EXPECT_EQ(part.packages(), 1U);
  EXPECT_EQ(part.cpus()[0].numa, 0U);
  // Two kinds of memory in each package: CPUs are near the first.
  const Topology two_kinds = Topology::from("pack:2 [numa] [numa] core:1 pu:1");
  EXPECT_EQ(two_kinds.numa_nodes(), 4U);
  EXPECT_EQ(two_kinds.cpus()[0].numa, 0U);
  EXPECT_EQ(two_kinds.cpus()[1].numa, 1U);
  // More memory behind the packages' own.
  const Topology machine_memory = Topology::from("[numa] pack:2 [numa] core:1 pu:1");
  EXPECT_EQ(machine_memory.numa_nodes(), 3U);
  EXPECT_EQ(machine_memory.cpus()[1].numa, 1U);
}

// Whatever library or inline call it comes through.
void kill_at(unsigned call) {
  std::array code{
      sock_filter BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      sock_filter BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, call, 0, 1),
      sock_filter BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
      sock_filter BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  const sock_fprog program{code.size(), code.data()};
  prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0) _exit(1);
}

TEST(topology, is_found_out_without_binding_any_thread) {
  const auto discover = [](const std::function<void()>& then) {
    kill_at(SYS_sched_setaffinity);
    (void)Topology::from("pu:2");
    (void)Topology::this_host();
    then();
    _exit(0);
  };
  EXPECT_EXIT(discover([] {}), ::testing::ExitedWithCode(0), "");
  cpu_set_t mask;
  ASSERT_EQ(sched_getaffinity(0, sizeof mask, &mask), 0);
  const auto bind = [&] { sched_setaffinity(0, sizeof mask, &mask); };
  EXPECT_EXIT(discover(bind), ::testing::KilledBySignal(SIGSYS), "");
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
