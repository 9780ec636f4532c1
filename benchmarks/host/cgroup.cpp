#include "host/cgroup.hpp"

#include <algorithm>
#include <fstream>
#include <sstream>
#include <string>
#include <system_error>

namespace limiterbench::host {
namespace {

namespace fs = std::filesystem;

// False also for what may not be looked at: nothing can be read there either.
bool is_seen(const fs::path& path) {
  std::error_code hidden;
  return fs::exists(path, hidden);
}

struct Membership {
  int version;
  std::string path;  // "/a/b"
};

// Lines "0::/path" for v2 and "4:cpu,cpuacct:/path" for v1. On a hybrid system a controller may
// still be v1's.
std::optional<Membership> membership(const fs::path& root, const std::string& controller) {
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
      if (name == controller) return Membership{1, path};
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

std::optional<double> pids_limit_of(const fs::path& group) {
  std::ifstream file(group / "pids.max");
  double most = 0;
  return file >> most ? std::optional(most) : std::nullopt;
}

struct Group {
  int version;
  fs::path mount;
  fs::path below;  // the mount

  // A path with ".." leads out of the cgroup namespace: nothing on the way is seen.
  [[nodiscard]] bool is_outside() const { return std::ranges::find(below, "..") != below.end(); }

  // The top of a hierarchy lacks cgroup.events in version 2, where every group has
  // cgroup.controllers. In version 1 it alone has release_agent.
  [[nodiscard]] bool hides_others() const {
    if (is_outside()) return true;
    if (version == 1) return !is_seen(mount / "release_agent");
    return is_seen(mount / "cgroup.events") || !is_seen(mount / "cgroup.controllers");
  }
};

std::optional<Group> own_group(const fs::path& root, const std::string& controller) {
  const auto own = membership(root, controller);
  if (!own) return std::nullopt;
  const fs::path base = root / "sys/fs/cgroup";
  const fs::path below = fs::path(own->path).relative_path();
  // Some systems mount it under the first name, others under the second.
  const fs::path first = base / (own->version == 2 ? "unified" : "cpu,cpuacct");
  const fs::path second = own->version == 2 ? base : base / controller;
  const bool may_be_first = own->version == 2 || controller == "cpu";
  const fs::path mount = may_be_first && is_seen(first) ? first : second;
  if (!is_seen(mount)) return std::nullopt;
  return Group{own->version, mount, below};
}

// Inside a container the path may be the host's and absent below its mount; the groups above it,
// up to the mount itself, are read all the same.
template <class Limit>
std::optional<double> tightest(const Group& group, Limit limit) {
  std::optional<double> least;
  if (group.is_outside()) return least;
  fs::path below = group.below;
  while (true) {
    if (const auto here = limit(group.mount / below))
      least = std::min(least.value_or(*here), *here);
    if (below.empty()) return least;
    below = below.parent_path();
  }
}

}  // namespace

CpuQuota cpu_quota(const fs::path& root) {
  const auto group = own_group(root, "cpu");
  if (!group) return {};
  return {group->version, tightest(*group, group->version == 2 ? v2_limit : v1_limit),
          group->hides_others()};
}

std::optional<double> pids_limit(const fs::path& root) {
  const auto group = own_group(root, "pids");
  return group ? tightest(*group, pids_limit_of) : std::nullopt;
}

}  // namespace limiterbench::host
