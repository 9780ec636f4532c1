#include "workload/scenario.hpp"

#include <algorithm>
#include <cmath>

namespace limiterbench::bench {
namespace {

constexpr Nanoseconds millisecond = 1'000'000;
constexpr Permits never_exhausted = 1'000'000'000;
constexpr Mix mostly_open{.common = open_class, .rare = tight_class, .period = 32};

// Every scenario. The plan, both programs and their help follow from this list.
constexpr std::array all{
    Scenario{.name = "readonly",
             .summary = "1 of 32 requests to a class that is used up; no reload",
             .mix = mostly_open,
             .tight_limit = 1000,
             .reloads_per_second = 0,
             .limited_class = tight_class},
    Scenario{.name = "steady",
             .summary = "as readonly, with 10 reloads a second",
             .mix = mostly_open,
             .tight_limit = 1000,
             .reloads_per_second = 10,
             .limited_class = tight_class,
             .oversubscribes = true,
             .principal = true},
    Scenario{.name = "reload_storm",
             .summary = "as readonly, with up to 100,000 reloads a second",
             .mix = mostly_open,
             .tight_limit = 1000,
             .reloads_per_second = 100'000,
             .limited_class = tight_class,
             .oversubscribes = true},
    Scenario{.name = "overload",
             .summary = "99 of 100 requests to a class that is used up; 10 reloads a second",
             .mix = {.common = tight_class, .rare = open_class, .period = 100},
             .tight_limit = 100,
             .reloads_per_second = 10,
             .limited_class = tight_class},
    Scenario{.name = "edge",
             .summary = "limits reached half-way in windows of 1 ms; 10 reloads a second",
             .mix = {.common = edge_class, .rare = edge_class, .period = 32},
             .tight_limit = 0,
             .reloads_per_second = 10,
             .limited_class = edge_class},
    Scenario{.name = "keyed",
             .summary = "all classes by Zipf's law, costs from 1 to 8; limits reached now and then",
             .mix = {.zipf = 1, .most_cost = 8},
             .reloads_per_second = 10,
             .on_request = true},
    Scenario{
        .name = "open_loop",
        .summary = "as steady; then requests by a schedule, at the same rates for every design",
        .mix = mostly_open,
        .tight_limit = 1000,
        .reloads_per_second = 10,
        .limited_class = tight_class,
        .sweeps_load = true},
};
// Requests by a schedule are of a mix of two classes.
static_assert(std::ranges::none_of(all, [](const Scenario& each) {
  return each.sweeps_load && each.mix.is_drawn();
}));

// A rule that differs from version to version and is always valid.
Rule changing_rule(std::uint64_t version, std::size_t index) {
  return {.limit = 1 + (version * 7919 + index * 104'729) % 1'000'000,
          .window = min_window + (version * 6007 + index * 1'000'003) % 1'000'000'000,
          .backoff = {}};
}

double weight(const Mix& mix, std::uint32_t traffic_class) {
  return std::pow(traffic_class + 1, -mix.zipf);
}

// `edge_limit` is half the requests of a window. The classes' limits are, in turn, 1.25, 1, 0.75
// and 0.5 of what that many requests ask for: some are reached in each window, some now and then,
// and some never.
Permits drawn_limit(const Mix& mix, std::uint32_t traffic_class, Permits edge_limit) {
  constexpr std::array reached{1.25, 1.0, 0.75, 0.5};
  const auto most_cost = static_cast<double>(mix.most_cost);
  const double asked =
      2 * static_cast<double>(edge_limit) * drawn_share(mix, traffic_class) * (1 + most_cost) / 2;
  return static_cast<Permits>(std::clamp(asked * reached[traffic_class % reached.size()], most_cost,
                                         static_cast<double>(max_limit)));
}

}  // namespace

std::span<const Scenario> scenarios() noexcept { return all; }

const Scenario* find_scenario(std::string_view name) noexcept {
  const auto found = std::ranges::find(all, name, &Scenario::name);
  return found == all.end() ? nullptr : &*found;
}

double drawn_share(const Mix& mix, std::uint32_t traffic_class) noexcept {
  double sum = 0;
  for (std::uint32_t i = 0; i < class_count; ++i) sum += weight(mix, i);
  return weight(mix, traffic_class) / sum;
}

Config configuration(const Scenario& scenario, std::uint64_t version, Permits edge_limit) {
  Config config{.version = version};
  for (std::size_t i = 0; i < class_count; ++i) {
    Rule& rule = config.rules[i];
    rule = changing_rule(version, i);
    const Nanoseconds initial = 1000 + version % 1'000'000;
    rule.backoff = {initial, 1 + version % 4, initial * 64 + i};
  }
  const auto fix = [&config](std::uint32_t index, Permits limit, Nanoseconds window) {
    config.rules[index].limit = limit;
    config.rules[index].window = window;
  };
  if (scenario.mix.is_drawn()) {
    for (std::uint32_t i = 0; i < class_count; ++i)
      fix(i, drawn_limit(scenario.mix, i, edge_limit), millisecond);
    return config;
  }
  fix(open_class, never_exhausted, 10 * millisecond);
  fix(tight_class, scenario.tight_limit, 10 * millisecond);
  fix(edge_class, edge_limit, millisecond);
  return config;
}

Permits edge_limit_for(double operations_per_second) noexcept {
  const double half_a_window = operations_per_second * 0.001 / 2;
  return static_cast<Permits>(std::clamp(half_a_window, 1.0, static_cast<double>(max_limit)));
}

}  // namespace limiterbench::bench
