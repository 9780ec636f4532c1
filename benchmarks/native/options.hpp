// The program's own flags. Google Benchmark's (--benchmark_*) are passed on to it.
#pragma once

#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "host/topology.hpp"
#include "workload/plan.hpp"

namespace limiterbench::bench {

// A bad argument: what() says which, what is valid, and what may have been meant.
class UsageError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

enum class Format { none, text, json };

struct Options {
  bool help = false;
  bool version = false;
  Format list = Format::none;
  Format topology = Format::none;
  bool plan = false;  // as JSON
  bool environment = false;
  bool check_binding = false;
  Format contention = Format::none;  // measured instead of any cell
  std::string topology_spec;         // "": this host
  std::string topology_xml;
  std::string records;
  double seconds = 0.2;
  unsigned repetition_index = 0;
  unsigned attempt = 0;  // at that repetition
  bool strict = false;
  std::optional<pid_t> end_with;
  Conditions conditions;
  double test_skew_ns = 0;
  Selection selection;
  std::optional<SlowDown> slow_down;
  std::vector<std::string> benchmark_flags;

  // Something is to be printed or written, so nothing is measured.
  [[nodiscard]] bool only_informs() const noexcept {
    return help || version || list != Format::none || topology != Format::none || plan ||
           environment || check_binding || !topology_xml.empty();
  }
};

// Throws UsageError.
[[nodiscard]] Options parse_options(const std::vector<std::string>& arguments);

// Throws UsageError if the topology has fewer CPUs than a chosen number of threads needs.
void check_threads(const Options& options, const host::Topology& topology);

// Throws UsageError if a cell cannot have the conditions that were chosen.
void check_conditions(const Options& options, const host::Topology& topology);

[[nodiscard]] std::string usage();

// The candidate with the fewest edits from `word`; nullopt if none is near.
[[nodiscard]] std::optional<std::string> nearest(const std::string& word,
                                                 const std::vector<std::string>& candidates);

}  // namespace limiterbench::bench
