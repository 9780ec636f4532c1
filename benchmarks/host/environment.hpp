// What else about this host decides the numbers.
#pragma once

#include <filesystem>
#include <nlohmann/json_fwd.hpp>

namespace limiterbench::host {

// Keys: hostname, kernel, architecture, os, glibc, cpu_model, cpus_online, cpus_allowed (list
// format, "0-3,8"), numa_nodes, smt, governor, boost, cgroup {version, cpu_quota, hidden},
// virtualised, hypervisor, load_average, membarrier {private_expedited, private_expedited_rseq},
// rseq {registered, size}. What cannot be read is null. `root` stands before /proc and /sys. Facts
// only: the doctor (scripts/limiterbench/doctor) judges them.
[[nodiscard]] nlohmann::json environment(const std::filesystem::path& root = "/");

}  // namespace limiterbench::host
