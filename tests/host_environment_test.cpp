// The host's facts, read from made-up /proc and /sys trees.
#include "host/environment.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

#include "host/cgroup.hpp"

namespace limiterbench::host {
namespace {

namespace fs = std::filesystem;

class HostTree : public ::testing::Test {
 protected:
  void SetUp() override { fs::create_directories(root); }
  void TearDown() override { fs::remove_all(root); }

  void write(const std::string& path, const std::string& text) const {
    fs::create_directories((root / path).parent_path());
    std::ofstream(root / path) << text << '\n';
  }

  const fs::path root =
      fs::path(::testing::TempDir()) / ("limiterbench_host_tree_" + std::to_string(getpid()));
};

using cgroup = HostTree;
using environment_facts = HostTree;

TEST_F(cgroup, v2_takes_the_tightest_on_the_way_to_the_root) {
  write("proc/self/cgroup", "0::/outer/inner");
  write("sys/fs/cgroup/outer/inner/cpu.max", "400000 100000");
  EXPECT_EQ(cpu_quota(root).cpus, 4.0);
  write("sys/fs/cgroup/outer/cpu.max", "150000 100000");
  EXPECT_EQ(cpu_quota(root).cpus, 1.5);
  write("sys/fs/cgroup/outer/cpu.max", "800000 100000");
  EXPECT_EQ(cpu_quota(root).cpus, 4.0);
  write("sys/fs/cgroup/outer/cpu.max", "max 100000");
  EXPECT_EQ(cpu_quota(root).cpus, 4.0);
  EXPECT_EQ(cpu_quota(root).cgroup_version, 2);
}

TEST_F(cgroup, v2_without_a_limit_is_unlimited) {
  write("proc/self/cgroup", "0::/");
  write("sys/fs/cgroup/cpu.max", "max 100000");
  EXPECT_EQ(cpu_quota(root).cpus, std::nullopt);
  EXPECT_EQ(cpu_quota(root).cgroup_version, 2);
}

TEST_F(cgroup, v2_limit_at_the_mount_counts) {
  write("proc/self/cgroup", "0::/");
  write("sys/fs/cgroup/cpu.max", "50000 100000");
  EXPECT_EQ(cpu_quota(root).cpus, 0.5);
}

TEST_F(cgroup, v1_reads_the_cpu_controller) {
  write("proc/self/cgroup", "5:cpuset:/x\n4:cpu,cpuacct:/job\n0::/init.scope");
  write("sys/fs/cgroup/cpu,cpuacct/job/cpu.cfs_quota_us", "250000");
  write("sys/fs/cgroup/cpu,cpuacct/job/cpu.cfs_period_us", "100000");
  EXPECT_EQ(cpu_quota(root).cpus, 2.5);
  EXPECT_EQ(cpu_quota(root).cgroup_version, 1);
  write("sys/fs/cgroup/cpu,cpuacct/job/cpu.cfs_quota_us", "-1");
  EXPECT_EQ(cpu_quota(root).cpus, std::nullopt);
}

TEST_F(cgroup, v1_in_a_container_falls_back_to_its_mount) {
  write("proc/self/cgroup", "3:cpu:/docker/0123");
  write("sys/fs/cgroup/cpu/cpu.cfs_quota_us", "100000");
  write("sys/fs/cgroup/cpu/cpu.cfs_period_us", "50000");
  EXPECT_EQ(cpu_quota(root).cpus, 2.0);
}

TEST_F(cgroup, the_top_of_a_hierarchy_hides_nothing) {
  write("proc/self/cgroup", "0::/job");
  write("sys/fs/cgroup/cgroup.controllers", "cpu");
  EXPECT_FALSE(cpu_quota(root).hidden);
  write("proc/self/cgroup", "3:cpu:/job");
  write("sys/fs/cgroup/cpu/release_agent", "");
  EXPECT_FALSE(cpu_quota(root).hidden);
}

TEST_F(cgroup, what_is_above_a_mounted_part_is_hidden) {
  write("proc/self/cgroup", "0::/");
  write("sys/fs/cgroup/cgroup.controllers", "cpu");
  write("sys/fs/cgroup/cgroup.events", "populated 1");
  EXPECT_TRUE(cpu_quota(root).hidden);
  EXPECT_EQ(environment(root).at("cgroup").at("hidden"), true);
  write("proc/self/cgroup", "3:cpu:/");
  write("sys/fs/cgroup/cpu/cpu.cfs_quota_us", "-1");
  EXPECT_TRUE(cpu_quota(root).hidden);
}

// The groups that are mounted are not its own.
TEST_F(cgroup, outside_of_its_namespace_nothing_is_seen) {
  write("proc/self/cgroup", "0::/../..");
  write("sys/fs/cgroup/cgroup.controllers", "cpu");
  write("sys/fs/cgroup/cpu.max", "50000 100000");
  EXPECT_TRUE(cpu_quota(root).hidden);
  EXPECT_EQ(cpu_quota(root).cpus, std::nullopt);
}

TEST_F(cgroup, the_tightest_limit_on_threads_counts) {
  write("proc/self/cgroup", "0::/outer/inner");
  EXPECT_EQ(pids_limit(root), std::nullopt);
  write("sys/fs/cgroup/outer/inner/pids.max", "max");
  write("sys/fs/cgroup/outer/pids.max", "300");
  EXPECT_EQ(pids_limit(root), 300.0);
  write("proc/self/cgroup", "7:pids:/job\n0::/outer");
  write("sys/fs/cgroup/pids/job/pids.max", "40");
  EXPECT_EQ(pids_limit(root), 40.0);
}

TEST_F(cgroup, absent_means_unknown) {
  EXPECT_EQ(cpu_quota(root).cgroup_version, std::nullopt);
  EXPECT_EQ(cpu_quota(root).cpus, std::nullopt);
}

TEST_F(environment_facts, what_cannot_be_read_is_null) {
  const nlohmann::json facts = environment(root);
  for (const char* key : {"os", "cpu_model", "cpus_online", "cpus_allowed", "numa_nodes", "smt",
                          "governor", "boost", "hypervisor", "load_average"}) {
    EXPECT_TRUE(facts.at(key).is_null()) << key;
  }
  EXPECT_EQ(facts.at("virtualised"), false);
}

TEST_F(environment_facts, are_read_from_the_tree) {
  write("etc/os-release", "NAME=\"Some\"\nPRETTY_NAME=\"Some Linux 1\"");
  write("proc/cpuinfo", "processor\t: 0\nmodel name\t: Some CPU @ 3: fast\nflags\t\t: fpu tsc");
  write("proc/self/status", "Name:\tx\nCpus_allowed:\tf\nCpus_allowed_list:\t0-3");
  write("proc/loadavg", "0.25 1.50 2.00 1/100 42");
  write("sys/devices/system/cpu/online", "0-7");
  write("sys/devices/system/cpu/smt/active", "1");
  write("sys/devices/system/node/online", "0-3,8");
  write("sys/devices/system/cpu/cpufreq/boost", "0");
  const nlohmann::json facts = environment(root);
  EXPECT_EQ(facts.at("os"), "Some Linux 1");
  EXPECT_EQ(facts.at("cpu_model"), "Some CPU @ 3: fast");
  EXPECT_EQ(facts.at("cpus_allowed"), "0-3");
  EXPECT_EQ(facts.at("cpus_online"), "0-7");
  EXPECT_EQ(facts.at("numa_nodes"), 5);
  write("sys/devices/system/node/has_memory", "0,2-3");
  EXPECT_EQ(environment(root).at("numa_nodes"), 3);
  write("proc/self/status", "Mems_allowed:\t5\nMems_allowed_list:\t0,2");
  EXPECT_EQ(environment(root).at("numa_nodes"), 2);
  EXPECT_EQ(facts.at("smt"), true);
  EXPECT_EQ(facts.at("boost"), false);
  EXPECT_EQ(facts.at("load_average"), (std::vector<double>{0.25, 1.5, 2.0}));
  write("sys/devices/system/cpu/intel_pstate/no_turbo", "0");
  EXPECT_EQ(environment(root).at("boost"), true);
}

TEST_F(environment_facts, arm_is_named_by_its_part) {
  write("proc/cpuinfo", "processor\t: 0\nCPU implementer\t: 0x41\nCPU part\t: 0xd0c");
  EXPECT_EQ(environment(root).at("cpu_model"), "implementer 0x41, part 0xd0c");
}

TEST_F(environment_facts, every_governor_in_use_is_named) {
  write("sys/devices/system/cpu/cpufreq/policy0/scaling_governor", "performance");
  EXPECT_EQ(environment(root).at("governor"), "performance");
  write("sys/devices/system/cpu/cpufreq/policy1/scaling_governor", "powersave");
  EXPECT_EQ(environment(root).at("governor"), "performance,powersave");
}

TEST_F(environment_facts, a_virtual_machine_is_recognised) {
  write("proc/cpuinfo", "flags\t: fpu hypervisor tsc");
  EXPECT_EQ(environment(root).at("virtualised"), true);
  EXPECT_EQ(environment(root).at("hypervisor"), "unknown");
  write("sys/class/dmi/id/sys_vendor", "QEMU");
  EXPECT_EQ(environment(root).at("hypervisor"), "QEMU");
}

TEST_F(environment_facts, bare_metal_in_a_cloud_is_no_virtual_machine) {
  write("sys/class/dmi/id/sys_vendor", "Amazon EC2");
  write("sys/class/dmi/id/product_name", "m7i.metal-24xl");
  EXPECT_EQ(environment(root).at("virtualised"), false);
  write("sys/class/dmi/id/product_name", "m7i.large");
  EXPECT_EQ(environment(root).at("hypervisor"), "Amazon EC2");
}

TEST_F(environment_facts, a_quota_is_told_in_cpus) {
  write("proc/self/cgroup", "0::/");
  write("sys/fs/cgroup/cpu.max", "150000 100000");
  EXPECT_EQ(environment(root).at("cgroup").at("cpu_quota"), 1.5);
}

TEST(environment, of_this_host_names_it) {
  const nlohmann::json facts = environment();
  char name[256] = {};
  ASSERT_EQ(gethostname(name, sizeof name - 1), 0);
  EXPECT_EQ(facts.at("hostname"), name);
  EXPECT_TRUE(facts.at("kernel").is_string());
  EXPECT_TRUE(facts.at("glibc").is_string());
  EXPECT_TRUE(facts.at("cpus_allowed").is_string());
  EXPECT_TRUE(facts.at("membarrier").at("private_expedited").is_boolean());
  EXPECT_TRUE(facts.at("rseq").at("registered").is_boolean());
}

}  // namespace
}  // namespace limiterbench::host
