// The flags of limiterbench. Google Benchmark's (--benchmark_*) are passed on to it.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "host/topology.hpp"
#include "workload/options.hpp"

namespace limiterbench::bench {

// For a test: this design is to do so much more work than it needs.
struct SlowDown {
  const Info* design;
  unsigned percent;
};

struct Options : CommonOptions {
  bool version = false;
  Format topology = Format::none;
  bool plan = false;  // as JSON
  bool environment = false;
  bool check_binding = false;
  Format contention = Format::none;  // measured instead of any cell
  std::string topology_spec;         // "": this host
  std::string topology_xml;
  double seconds = 0.2;
  unsigned repetition_index = 0;
  unsigned attempt = 0;  // at that repetition
  bool strict = false;
  std::optional<pid_t> end_with;
  Conditions conditions;
  double test_skew_ns = 0;
  std::string cell;  // "": all of the selection
  std::optional<SlowDown> slow_down;
  std::vector<std::string> benchmark_flags;

  // Something is to be printed or written, and nothing is measured.
  [[nodiscard]] bool only_informs() const noexcept {
    return help || version || list != Format::none || topology != Format::none || plan ||
           environment || check_binding || !topology_xml.empty();
  }
};

// Every design and scenario.
[[nodiscard]] Choices choices();

// Throws UsageError.
[[nodiscard]] Options parse_options(const std::vector<std::string>& arguments);

// Throws UsageError if a cell cannot have the threads or the conditions that were chosen.
void check_against(const Options& options, const host::Topology& topology);

[[nodiscard]] std::string usage();

}  // namespace limiterbench::bench
