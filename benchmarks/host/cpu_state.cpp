#include "host/cpu_state.hpp"

#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <sstream>
#include <string>

namespace limiterbench::host {
namespace {

std::optional<unsigned> cpu_of(const std::string& name) {
  unsigned index = 0;
  std::istringstream digits(name.substr(std::min<std::size_t>(3, name.size())));
  if (!name.starts_with("cpu") || !(digits >> index)) return std::nullopt;
  return index;
}

}  // namespace

std::optional<CpuTime> cpu_time(std::span<const unsigned> os_indexes,
                                const std::filesystem::path& root) {
  const auto tick_ns = 1'000'000'000 / static_cast<std::uint64_t>(sysconf(_SC_CLK_TCK));
  std::ifstream file(root / "proc/stat");
  CpuTime sum;
  std::size_t found = 0;
  for (std::string line; std::getline(file, line);) {
    std::istringstream words(line);
    std::string name;
    words >> name;
    const std::optional<unsigned> index = cpu_of(name);
    if (!index || std::ranges::find(os_indexes, *index) == os_indexes.end()) continue;
    std::uint64_t user, nice, system, idle, io_wait, interrupts, soft_interrupts, steal;
    if (!(words >> user >> nice >> system >> idle >> io_wait >> interrupts >> soft_interrupts >>
          steal))
      return std::nullopt;
    sum.busy_ns += (user + nice + system + interrupts + soft_interrupts) * tick_ns;
    sum.steal_ns += steal * tick_ns;
    ++found;
  }
  if (found != os_indexes.size()) return std::nullopt;
  return sum;
}

std::optional<std::uint64_t> slowest_khz(std::span<const unsigned> os_indexes,
                                         const std::filesystem::path& root) {
  std::optional<std::uint64_t> slowest;
  for (const unsigned index : os_indexes) {
    std::ifstream file(root / "sys/devices/system/cpu" / ("cpu" + std::to_string(index)) /
                       "cpufreq/scaling_cur_freq");
    std::uint64_t khz = 0;
    if (!(file >> khz)) return std::nullopt;
    slowest = std::min(slowest.value_or(khz), khz);
  }
  return slowest;
}

}  // namespace limiterbench::host
