// What the control group grants, under cgroup v2 and v1.
#pragma once

#include <filesystem>
#include <optional>

namespace limiterbench::host {

struct CpuQuota {
  std::optional<int> cgroup_version;  // none where no cpu controller was found
  std::optional<double> cpus;         // the tightest limit that is seen; none: no limit is seen
  bool hidden = false;                // groups that are not seen may limit it further
};

// `root` stands before /proc and /sys.
[[nodiscard]] CpuQuota cpu_quota(const std::filesystem::path& root = "/");

// How many threads and processes it may have; none: no limit is seen.
[[nodiscard]] std::optional<double> pids_limit(const std::filesystem::path& root = "/");

}  // namespace limiterbench::host
