#include "host/binding.hpp"

#include <hwloc.h>
#include <sched.h>
#include <time.h>

#include <cerrno>
#include <cstring>
#include <exception>
#include <stdexcept>
#include <string>
#include <thread>

#include "host/thread.hpp"

namespace limiterbench::host {
namespace {

using Bitmap = std::unique_ptr<hwloc_bitmap_s, decltype(&hwloc_bitmap_free)>;

[[noreturn]] void refuse(const Cpu& cpu, const std::string& why) {
  throw std::runtime_error("cannot bind a thread to CPU " + std::to_string(cpu.os_index) + ": " +
                           why);
}

void require(bool works, const char* call) {
  if (!works)
    throw std::runtime_error(std::string(call) + ": " + std::strerror(errno) +
                             " (a sandbox forbids it, or the kernel lacks it)");
}

std::string explain(int error) {
  std::string text = std::strerror(error);
  if (error == EPERM) text += " (a container or sandbox forbids sched_setaffinity)";
  if (error == EINVAL) text += " (it is offline or outside this process's cpuset)";
  if (error == ENOSYS) text += " (this system has no thread binding)";
  return text;
}

}  // namespace

void bind_this_thread(const Topology& topology, const Cpu& cpu) {
  if (!topology.is_this_host()) {
    refuse(cpu, "the topology is a description, not this host");
  }
  Bitmap wanted(hwloc_bitmap_alloc(), &hwloc_bitmap_free);
  hwloc_bitmap_only(wanted.get(), cpu.os_index);
  constexpr int flags = HWLOC_CPUBIND_THREAD | HWLOC_CPUBIND_STRICT;
  if (hwloc_set_cpubind(topology.native(), wanted.get(), flags) != 0) refuse(cpu, explain(errno));

  // Sandboxes that emulate the call are known to answer "done" and do nothing.
  Bitmap mask(hwloc_bitmap_alloc(), &hwloc_bitmap_free);
  if (hwloc_get_cpubind(topology.native(), mask.get(), flags) != 0) refuse(cpu, explain(errno));
  if (!hwloc_bitmap_isequal(mask.get(), wanted.get())) {
    refuse(cpu, "the system accepted it, but the thread's affinity mask did not change");
  }
  if (const int now_on = sched_getcpu(); now_on != static_cast<int>(cpu.os_index)) {
    refuse(cpu, "the system accepted it, but the thread runs on CPU " + std::to_string(now_on));
  }
}

void require_binding(const Topology& topology) {
  std::exception_ptr problem;
  start_thread([&] {
    try {
      for (const Cpu& cpu : topology.cpus()) bind_this_thread(topology, cpu);
    } catch (...) {
      problem = std::current_exception();
    }
  }).join();
  if (problem) std::rethrow_exception(problem);
}

void require_discovery() {
  // hwloc asks again until it is answered.
  cpu_set_t cpus;
  require(sched_getaffinity(0, sizeof(cpus), &cpus) == 0 || errno == EINVAL, "sched_getaffinity");
}

void require_timing() {
  // The writer sleeps until a reload is due. Spinning instead would disturb a thread on its CPU.
  timespec at_once{};
  errno = clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at_once, nullptr);
  require(errno == 0, "clock_nanosleep");
  // Google Benchmark exits without it.
  timespec used{};
  require(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used) == 0,
          "clock_gettime(CLOCK_PROCESS_CPUTIME_ID)");
}

}  // namespace limiterbench::host
