// The flags that both programs have.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "workload/flags.hpp"
#include "workload/plan.hpp"

namespace limiterbench::bench {

enum class Format : std::uint8_t { none, text, json };

struct CommonOptions {
  bool help = false;
  Format list = Format::none;
  Selection selection;
  std::vector<double> rates;  // of an open loop, ascending; empty: the ladder
  std::string records;        // "": none
};

// What a program can run.
struct Choices {
  std::vector<const Info*> designs;
  std::vector<const Scenario*> scenarios;
};

// These flags write to `options`, which must outlive them.
[[nodiscard]] std::vector<Flag> common_flags(CommonOptions& options, const Choices& choices);

// "text" or "json", and text if nothing is said; throws UsageError.
[[nodiscard]] Format format_of(std::string_view flag, const std::string& text);

// The answer to --list.
[[nodiscard]] std::string list_of(const Choices& choices, Format format);

// Throws UsageError if the topology has fewer CPUs than a chosen number of threads needs. `remedy`
// says what allows more.
void check_threads(const Selection& selection, const host::Topology& topology,
                   std::string_view remedy = "");

}  // namespace limiterbench::bench
