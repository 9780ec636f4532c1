#include "simulated/options.hpp"

#include <algorithm>
#include <limits>

#include "simulated/host_file.hpp"
#include "simulated/reference.hpp"
#include "simulated/subject.hpp"

namespace limiterbench::simulation {
namespace {

using S = std::string;

void add_policies(Options& options, const std::string& names) {
  for (const std::string& name : bench::split(names)) {
    if (name == "all") {
      options.policies.assign(policies.begin(), policies.end());
    } else {
      options.policies.push_back(bench::one_of("policy", name, policies));
    }
  }
}

void set_reference(Options& options, const std::string& name) {
  const std::vector<std::string> valid(reference_names.begin(), reference_names.end());
  if (std::ranges::find(valid, name) == valid.end())
    bench::refuse_unknown("reference workload", name, valid);
  options.reference = name;
}

std::vector<bench::Flag> flags(Options& o) {
  std::vector<bench::Flag> all = bench::common_flags(o, choices());
  const std::vector<bench::Flag> own{
      {"--host", "=FILE", "the host to simulate, as docs/prediction.md describes",
       [&](const S& v) { o.host = v; }},
      {"--policy", "=NAME", "who gets a line next: fifo, node, random or all (fifo)",
       [&](const S& v) { add_policies(o, v); }},
      {"--alpha", "=A", "instead of the host's",
       [&](const S& v) { o.alpha = bench::number_in("--alpha", v, 1e-6, most_alpha); }},
      {"--seed", "=N", "of the random policy and of wake-ups (1)",
       [&](const S& v) {
         constexpr std::uint64_t most = std::numeric_limits<std::uint64_t>::max();
         o.seed = bench::number_in<std::uint64_t>("--seed", v, 0, most);
       }},
      {"--simulated_ns", "=NS", "measured for each cell (1000000)",
       [&](const S& v) { o.simulated_ns = bench::number_in("--simulated_ns", v, 1e3, 1e10); }},
      {"--reference", "=NAME", "contended_increment or rwlock_read, not cells: a JSON array",
       [&](const S& v) { set_reference(o, v); }}};
  all.insert(all.end(), own.begin(), own.end());
  return all;
}

}  // namespace

bench::Choices choices() {
  bench::Choices all;
  for (const SimulatedRow& row : simulated_rows())
    all.designs.push_back(bench::find_design(row.name));
  for (const bench::Scenario& scenario : bench::scenarios()) all.scenarios.push_back(&scenario);
  return all;
}

Options parse_options(const std::vector<std::string>& arguments) {
  Options options;
  bench::parse_flags(flags(options), arguments);
  bench::Selection& selection = options.selection;
  if (selection.designs.empty()) selection.designs = choices().designs;
  if (selection.scenarios.empty()) selection.scenarios = choices().scenarios;
  if (selection.placements.empty()) selection.placements = {host::Placement::compact};
  if (options.policies.empty()) options.policies = {Policy::fifo};
  return options;
}

std::string usage() {
  Options unused;
  return "limiterbench_sim: rate-limiter hot paths on a simulated host.\n"
         "What it prints comes from a model, not from a measurement: docs/prediction.md says how\n"
         "far to believe it. Without --threads it takes 1, 2, 4 ... and all CPUs.\n\n" +
         bench::help_of(flags(unused));
}

}  // namespace limiterbench::simulation
