// How much CPU time the control group grants, under cgroup v2 and v1.
#pragma once

#include <filesystem>
#include <optional>

namespace limiterbench::host {

struct CpuQuota {
  std::optional<int> cgroup_version;  // none where no cpu controller was found
  std::optional<double> cpus;         // the tightest limit on the way to the root; none: unlimited
};

// `root` stands before /proc and /sys.
[[nodiscard]] CpuQuota cpu_quota(const std::filesystem::path& root = "/");

}  // namespace limiterbench::host
