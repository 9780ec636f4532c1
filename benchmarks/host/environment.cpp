#include "host/environment.hpp"

#include <gnu/libc-version.h>
#include <linux/membarrier.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <sstream>
#include <string>

#include "host/cgroup.hpp"

#if __has_include(<sys/rseq.h>)
#include <sys/rseq.h>
#endif

namespace limiterbench::host {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

std::optional<std::string> first_line(const fs::path& path) {
  std::ifstream file(path);
  std::string line;
  // Device-tree strings end in a zero byte.
  if (!std::getline(file, line)) return std::nullopt;
  while (!line.empty() && (line.back() == '\0' || line.back() == ' ')) line.pop_back();
  return line;
}

json or_null(const std::optional<std::string>& text) { return text ? json(*text) : json(nullptr); }

// The value of the first line "key : value" or "key=value".
std::optional<std::string> field(const fs::path& path, const std::string& key, char separator) {
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    const auto at = line.find(separator);
    if (at == std::string::npos) continue;
    if (line.substr(0, line.find_last_not_of(" \t", at - 1) + 1) != key) continue;
    const auto begin = line.find_first_not_of(" \t\"", at + 1);
    if (begin == std::string::npos) return std::string{};
    return line.substr(begin, line.find_last_not_of(" \t\"") + 1 - begin);
  }
  return std::nullopt;
}

// How many numbers "0-3,8" holds.
unsigned count_of_list(const std::string& list) {
  std::istringstream ranges(list);
  unsigned count = 0;
  for (std::string range; std::getline(ranges, range, ',');) {
    unsigned low = 0, high = 0;
    char dash = 0;
    std::istringstream numbers(range);
    if (!(numbers >> low)) continue;
    count += numbers >> dash >> high ? high - low + 1 : 1;
  }
  return count;
}

std::optional<std::string> cpu_model(const fs::path& root) {
  const fs::path cpuinfo = root / "proc/cpuinfo";
  if (auto name = field(cpuinfo, "model name", ':')) return name;
  if (auto board = first_line(root / "proc/device-tree/model")) return board;
  const auto implementer = field(cpuinfo, "CPU implementer", ':');
  const auto part = field(cpuinfo, "CPU part", ':');
  if (!implementer || !part) return std::nullopt;
  return "implementer " + *implementer + ", part " + *part;
}

// All governors in use: a single slow core decides a tail.
std::optional<std::string> governor(const fs::path& root) {
  std::set<std::string> names;
  std::error_code none;
  for (const auto& entry : fs::directory_iterator(root / "sys/devices/system/cpu/cpufreq", none)) {
    if (auto name = first_line(entry.path() / "scaling_governor")) names.insert(*name);
  }
  if (names.empty()) return std::nullopt;
  std::string joined;
  for (const std::string& name : names) joined += (joined.empty() ? "" : ",") + name;
  return joined;
}

json flag(const std::optional<std::string>& line, const std::string& yes) {
  return line ? json(*line == yes) : json(nullptr);
}

json boost(const fs::path& root) {
  const fs::path cpu = root / "sys/devices/system/cpu";
  if (auto no_turbo = first_line(cpu / "intel_pstate/no_turbo")) return flag(no_turbo, "0");
  return flag(first_line(cpu / "cpufreq/boost"), "1");
}

std::optional<std::string> hypervisor(const fs::path& root) {
  if (auto type = first_line(root / "sys/hypervisor/type")) return type;
  const auto vendor = first_line(root / "sys/class/dmi/id/sys_vendor");
  const auto product = first_line(root / "sys/class/dmi/id/product_name");
  const std::string machine = vendor.value_or("") + " " + product.value_or("");
  const auto has = [&](const char* word) { return machine.find(word) != std::string::npos; };
  for (const char* known : {"QEMU", "KVM", "VMware", "VirtualBox", "Virtual Machine", "Xen",
                            "OpenStack", "Google Compute Engine", "Firecracker", "Bochs"}) {
    if (has(known)) return known;
  }
  // The same vendor string is on its bare machines.
  if (has("Amazon EC2") && !has("metal")) return "Amazon EC2";
  const auto flags = field(root / "proc/cpuinfo", "flags", ':');
  if (flags && (" " + *flags + " ").find(" hypervisor ") != std::string::npos) return "unknown";
  return std::nullopt;
}

// Those whose memory this process may use; a kernel without cpusets lets it use all that have any.
json numa_nodes(const fs::path& root) {
  const fs::path nodes = root / "sys/devices/system/node";
  auto list = field(root / "proc/self/status", "Mems_allowed_list", ':');
  if (!list) list = first_line(nodes / "has_memory");
  if (!list) list = first_line(nodes / "online");
  return list ? json(count_of_list(*list)) : json(nullptr);
}

json load_average(const fs::path& root) {
  std::ifstream file(root / "proc/loadavg");
  double one = 0, five = 0, fifteen = 0;
  if (!(file >> one >> five >> fifteen)) return nullptr;
  return {one, five, fifteen};
}

json membarrier() {
  const long commands = syscall(SYS_membarrier, MEMBARRIER_CMD_QUERY, 0, 0);
  const auto has = [commands](long command) { return commands > 0 && (commands & command) != 0; };
  return {{"private_expedited", has(MEMBARRIER_CMD_PRIVATE_EXPEDITED)},
          // By number: headers before Linux 5.10 lack the name.
          {"private_expedited_rseq", has(1L << 7)}};
}

json rseq() {
#if __has_include(<sys/rseq.h>) && (defined(__x86_64__) || defined(__aarch64__))
  // 0 where the kernel refused it or GLIBC_TUNABLES switched it off.
  const unsigned size = __rseq_size;
#else
  const unsigned size = 0;
#endif
  return {{"registered", size > 0}, {"size", size}};
}

}  // namespace

json environment(const fs::path& root) {
  utsname names{};
  uname(&names);
  const fs::path system = root / "sys/devices/system";
  const CpuQuota quota = cpu_quota(root);
  const auto hypervisor_name = hypervisor(root);
  json facts;
  facts["hostname"] = names.nodename;
  facts["kernel"] = names.release;
  facts["architecture"] = names.machine;
  facts["os"] = or_null(field(root / "etc/os-release", "PRETTY_NAME", '='));
  facts["glibc"] = gnu_get_libc_version();
  facts["cpu_model"] = or_null(cpu_model(root));
  facts["cpus_online"] = or_null(first_line(system / "cpu/online"));
  facts["cpus_allowed"] = or_null(field(root / "proc/self/status", "Cpus_allowed_list", ':'));
  facts["numa_nodes"] = numa_nodes(root);
  facts["smt"] = flag(first_line(system / "cpu/smt/active"), "1");
  facts["governor"] = or_null(governor(root));
  facts["boost"] = boost(root);
  facts["cgroup"]["version"] = quota.cgroup_version ? json(*quota.cgroup_version) : json(nullptr);
  facts["cgroup"]["cpu_quota"] = quota.cpus ? json(*quota.cpus) : json(nullptr);
  facts["cgroup"]["hidden"] = quota.cgroup_version ? json(quota.hidden) : json(nullptr);
  facts["virtualised"] = hypervisor_name.has_value();
  facts["hypervisor"] = or_null(hypervisor_name);
  facts["load_average"] = load_average(root);
  facts["membarrier"] = membarrier();
  facts["rseq"] = rseq();
  return facts;
}

}  // namespace limiterbench::host
