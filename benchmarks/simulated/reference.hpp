// Two workloads whose results others have published, to compare the model with.
#pragma once

#include <array>
#include <nlohmann/json_fwd.hpp>
#include <string_view>
#include <vector>

#include "simulated/engine.hpp"

namespace limiterbench::simulation {

inline constexpr std::array<std::string_view, 2> reference_names{"contended_increment",
                                                                 "rwlock_read"};

struct ReferenceResult {
  double aggregate_ns;  // of wall time for each operation of any thread
  double p50_ns;        // of one operation of one thread
  double p99_ns;
};

// Threads are placed compactly, siblings of used cores last. Throws Stuck.
[[nodiscard]] ReferenceResult run_reference(std::string_view name, const Host& host,
                                            const Parameters& parameters, unsigned threads,
                                            Time duration);

}  // namespace limiterbench::simulation
