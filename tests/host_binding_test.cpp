#include "host/binding.hpp"

#include <gtest/gtest.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <stdexcept>
#include <string>
#include <thread>

namespace limiterbench::host {
namespace {

std::string problem_of(const Topology& topology, const Cpu& cpu) {
  try {
    bind_this_thread(topology, cpu);
  } catch (const std::runtime_error& error) {
    return error.what();
  }
  return {};
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

// The calling thread's sched_setaffinity answers `error`, 0 for "done", without doing anything.
bool sabotage_binding(unsigned error) {
  std::array<sock_filter, 4> program{{
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_sched_setaffinity, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | error),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  }};
  const sock_fprog filter{program.size(), program.data()};
  return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
         prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0;
}

TEST(binding, puts_a_thread_on_every_cpu) {
  const Topology topology = Topology::this_host();
  std::thread([&] {
    for (const Cpu& cpu : topology.cpus()) {
      bind_this_thread(topology, cpu);
      EXPECT_EQ(sched_getcpu(), static_cast<int>(cpu.os_index));
      cpu_set_t mask;
      ASSERT_EQ(sched_getaffinity(0, sizeof mask, &mask), 0);
      EXPECT_EQ(CPU_COUNT(&mask), 1);
    }
  }).join();
}

TEST(binding, refuses_a_description) {
  const Topology topology = Topology::from("pu:1");
  const std::string problem = problem_of(topology, topology.cpus()[0]);
  EXPECT_TRUE(contains(problem, "not this host")) << problem;
}

TEST(binding, names_a_cpu_that_is_not_there) {
  const Topology topology = Topology::this_host();
  Cpu absent = topology.cpus()[0];
  absent.os_index = 1'000;
  const std::string problem = problem_of(topology, absent);
  EXPECT_TRUE(contains(problem, "cannot bind a thread to CPU 1000: ")) << problem;
}

TEST(binding, says_when_it_is_forbidden) {
  std::thread([] {
    const Topology topology = Topology::this_host();
    if (!sabotage_binding(EPERM)) GTEST_SKIP() << "no seccomp filters here";
    const std::string problem = problem_of(topology, topology.cpus()[0]);
    EXPECT_TRUE(contains(problem, "a container or sandbox forbids")) << problem;
    EXPECT_THROW(require_binding(topology), std::runtime_error);
  }).join();
}

TEST(binding, notices_when_it_is_ignored) {
  std::thread([] {
    const Topology topology = Topology::this_host();
    if (topology.cpus().size() < 2) GTEST_SKIP() << "one CPU: every thread is in its place";
    if (!sabotage_binding(0)) GTEST_SKIP() << "no seccomp filters here";
    // Also for the CPU that the thread happens to be on.
    for (const Cpu& cpu : topology.cpus()) {
      const std::string problem = problem_of(topology, cpu);
      EXPECT_TRUE(contains(problem, "the system accepted it, but")) << problem;
    }
  }).join();
}

TEST(binding, asking_leaves_the_asker_unbound) {
  cpu_set_t before, after;
  ASSERT_EQ(sched_getaffinity(0, sizeof before, &before), 0);
  EXPECT_NO_THROW(require_binding(Topology::this_host()));
  ASSERT_EQ(sched_getaffinity(0, sizeof after, &after), 0);
  EXPECT_TRUE(CPU_EQUAL(&before, &after));
}

}  // namespace
}  // namespace limiterbench::host
