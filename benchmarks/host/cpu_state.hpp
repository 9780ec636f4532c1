// What the kernel knows about CPUs: the time that they ran, the time that the hypervisor took, and
// how fast they run. `root` stands before /proc and /sys.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>

namespace limiterbench::host {

// Since the machine started, of several CPUs together; counted in the kernel's ticks.
struct CpuTime {
  std::uint64_t busy_ns = 0;   // running any thread of anyone, or an interrupt
  std::uint64_t steal_ns = 0;  // ready to run, while the hypervisor ran another guest
};

// nullopt unless the kernel counts both for each of these CPUs.
[[nodiscard]] std::optional<CpuTime> cpu_time(std::span<const unsigned> os_indexes,
                                              const std::filesystem::path& root = "/");

// The frequency of the slowest; nullopt unless each one can be read.
[[nodiscard]] std::optional<std::uint64_t> slowest_khz(std::span<const unsigned> os_indexes,
                                                       const std::filesystem::path& root = "/");

}  // namespace limiterbench::host
