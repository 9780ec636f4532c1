// What the kernel counts of CPUs, read from made-up /proc and /sys trees.
#include "host/cpu_state.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <string>
#include <vector>

namespace limiterbench::host {
namespace {

namespace fs = std::filesystem;

class CpuState : public ::testing::Test {
 protected:
  void TearDown() override { fs::remove_all(root); }

  void write(const std::string& path, const std::string& text) const {
    fs::create_directories((root / path).parent_path());
    std::ofstream(root / path) << text;
  }

  const std::uint64_t tick = 1'000'000'000 / static_cast<std::uint64_t>(sysconf(_SC_CLK_TCK));
  const fs::path root =
      fs::path(::testing::TempDir()) / ("limiterbench_cpu_state_" + std::to_string(getpid()));
};

using cpu_state = CpuState;

const char* const two_cpus =
    "cpu  11 22 33 44 55 66 77 88 0 0\n"
    "cpu1 1 2 4 1000 1000 8 16 32 500 500\n"
    "cpu10 100 200 400 1000 1000 800 1600 3200 500 500\n"
    "intr 1 2 3\n";

TEST_F(cpu_state, sums_what_ran_and_what_was_stolen) {
  write("proc/stat", two_cpus);
  const std::vector<unsigned> one{1};
  const auto alone = cpu_time(one, root);
  ASSERT_TRUE(alone);
  EXPECT_EQ(alone->busy_ns, (1 + 2 + 4 + 8 + 16) * tick);
  EXPECT_EQ(alone->steal_ns, 32 * tick);
  const std::vector<unsigned> both{10, 1};
  const auto together = cpu_time(both, root);
  ASSERT_TRUE(together);
  EXPECT_EQ(together->busy_ns, 101 * 31 * tick);
  EXPECT_EQ(together->steal_ns, 101 * 32 * tick);
}

TEST_F(cpu_state, is_unknown_unless_each_cpu_is_counted) {
  const std::vector<unsigned> cpus{1, 2};
  EXPECT_FALSE(cpu_time(cpus, root));
  write("proc/stat", two_cpus);
  EXPECT_FALSE(cpu_time(cpus, root));
  write("proc/stat", "cpu1 1 2 4 1000\ncpu2 1 2 4 1000\n");
  EXPECT_FALSE(cpu_time(cpus, root));
}

TEST_F(cpu_state, frequency_is_the_slowest_ones) {
  const std::vector<unsigned> cpus{0, 3};
  EXPECT_FALSE(slowest_khz(cpus, root));
  write("sys/devices/system/cpu/cpu0/cpufreq/scaling_cur_freq", "3400000\n");
  EXPECT_FALSE(slowest_khz(cpus, root));
  write("sys/devices/system/cpu/cpu3/cpufreq/scaling_cur_freq", "1200000\n");
  EXPECT_EQ(slowest_khz(cpus, root), 1'200'000U);
}

}  // namespace
}  // namespace limiterbench::host
