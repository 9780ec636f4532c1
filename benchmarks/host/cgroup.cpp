#include "host/cgroup.hpp"

#include <algorithm>
#include <fstream>
#include <sstream>
#include <string>

namespace limiterbench::host {
namespace {

namespace fs = std::filesystem;

struct Membership {
  int version;
  std::string path;  // "/a/b"
};

// Lines "0::/path" for v2 and "4:cpu,cpuacct:/path" for v1. On a hybrid system the cpu controller
// is still v1's.
std::optional<Membership> membership(const fs::path& root) {
  std::ifstream file(root / "proc/self/cgroup");
  std::optional<Membership> found;
  for (std::string line; std::getline(file, line);) {
    const auto first = line.find(':');
    const auto second = line.find(':', first + 1);
    if (first == std::string::npos || second == std::string::npos) continue;
    const std::string path = line.substr(second + 1);
    std::istringstream controllers(line.substr(first + 1, second - first - 1));
    if (line.starts_with("0::") && !found) found = {2, path};
    for (std::string name; std::getline(controllers, name, ',');) {
      if (name == "cpu") return Membership{1, path};
    }
  }
  return found;
}

// "max 100000" or "150000 100000", in microseconds.
std::optional<double> v2_limit(const fs::path& group) {
  std::ifstream file(group / "cpu.max");
  double quota = 0, period = 0;
  if (!(file >> quota >> period) || period <= 0) return std::nullopt;
  return quota / period;
}

std::optional<double> v1_limit(const fs::path& group) {
  std::ifstream quota_file(group / "cpu.cfs_quota_us"), period_file(group / "cpu.cfs_period_us");
  double quota = -1, period = 0;
  if (!(quota_file >> quota) || !(period_file >> period)) return std::nullopt;
  if (quota < 0 || period <= 0) return std::nullopt;
  return quota / period;
}

// Inside a container the path may be the host's and absent below its mount; the groups above it,
// up to the mount itself, are read all the same.
template <class Limit>
std::optional<double> tightest(const fs::path& mount, fs::path below, Limit limit) {
  std::optional<double> least;
  while (true) {
    if (const auto here = limit(mount / below)) least = std::min(least.value_or(*here), *here);
    if (below.empty()) return least;
    below = below.parent_path();
  }
}

}  // namespace

CpuQuota cpu_quota(const fs::path& root) {
  const auto own = membership(root);
  if (!own) return {};
  const fs::path base = root / "sys/fs/cgroup";
  const fs::path below = fs::path(own->path).relative_path();
  if (own->version == 2) {
    const fs::path unified = base / "unified";
    return {2, tightest(fs::exists(unified) ? unified : base, below, v2_limit)};
  }
  const fs::path both = base / "cpu,cpuacct";
  return {1, tightest(fs::exists(both) ? both : base / "cpu", below, v1_limit)};
}

}  // namespace limiterbench::host
