// Which cells there are on a host: limiter/scenario/placement/threads:N.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "host/placement.hpp"
#include "host/topology.hpp"
#include "workload/designs.hpp"
#include "workload/scenario.hpp"
#include "workload/trial.hpp"

namespace limiterbench::bench {

// Far beyond any host: a guard against a typing error.
inline constexpr unsigned most_threads = 4096;

// Pointers to all of them.
template <class All>
[[nodiscard]] auto each_of(const All& all) {
  std::vector<decltype(&*all.begin())> each;
  for (const auto& one : all) each.push_back(&one);
  return each;
}

// What to leave out; an empty list leaves out nothing.
struct Selection {
  std::vector<const Info*> designs = {};
  std::vector<const Scenario*> scenarios = {};
  std::vector<host::Placement> placements = {};  // empty: those that differ on this topology
  std::vector<unsigned> threads = {};            // empty: those that the topology suggests
  bool oversubscribe = false;                    // more threads than CPUs as well
};

struct Cell {
  const Info* design;
  const Scenario* scenario;
  host::Placement placement;
  unsigned threads;
  bool oversubscribed;  // more threads than CPUs

  [[nodiscard]] std::string name() const;
};

// What is not chosen by name is kept short, because every cell takes as long as any other.
// Placements after the first are measured in the principal scenario only. More threads than CPUs (2
// and 4 for each CPU) are measured in the scenarios that oversubscribe, and in the first placement:
// every placement then takes all CPUs.
[[nodiscard]] std::vector<Cell> plan(const host::Topology& topology, const Selection& selection);

// Where the writer, the thread that reloads, runs.
struct WriterPlace {
  enum class Kind : std::uint8_t {
    automatic,  // the next free CPU, on a core without any thread if there is one; if no CPU is
                // free, as `shared`
    own_core,
    shared,  // on the last thread's CPU
    cpu
  };
  Kind kind = Kind::automatic;
  unsigned cpu = 0;  // the kernel's number

  [[nodiscard]] std::string name() const;  // as the flag takes it
};

// What an experiment holds fixed over all its cells.
struct Conditions {
  host::Home home = host::Home::local;
  WriterPlace writer;
};

// Where the cell's threads and its writer run: thread i on the i-th CPU of the placement. Throws
// std::invalid_argument if this host lacks the writer's place.
[[nodiscard]] TrialSpec trial_spec(const host::Topology& topology, const Cell& cell,
                                   double phase_seconds, const Conditions& conditions = {});

[[nodiscard]] std::string_view contract_name(Contract contract) noexcept;
[[nodiscard]] nlohmann::json rows_json(const std::vector<const Info*>& designs);
[[nodiscard]] nlohmann::json plan_json(const host::Topology& topology, const Selection& selection);

}  // namespace limiterbench::bench
