// Which cells there are on a host: limiter/scenario/placement/threads:N.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "host/placement.hpp"
#include "host/topology.hpp"
#include "native/subject.hpp"
#include "native/trial.hpp"
#include "workload/scenario.hpp"

namespace limiterbench::bench {

// Far beyond any host; a guard against a slip of the finger.
inline constexpr unsigned most_threads = 4096;

// What to leave out; an empty list leaves out nothing.
struct Selection {
  std::vector<const Row*> rows = {};
  std::vector<const Scenario*> scenarios = {};
  std::vector<host::Placement> placements = {};  // empty: those that differ on this topology
  std::vector<unsigned> threads = {};            // empty: those that the topology suggests
  bool oversubscribe = false;                    // more threads than CPUs as well
};

// For a test: this row is to do so much more work than it needs.
struct SlowDown {
  const Row* row;
  unsigned percent;
};

struct Cell {
  const Row* row;
  const Scenario* scenario;
  host::Placement placement;
  unsigned threads;
  bool oversubscribed;  // more threads than CPUs

  [[nodiscard]] std::string name() const;
};

// Unless chosen, placements after the first are measured in the principal scenario,
// and more threads than CPUs (2 and 4 for each CPU) in the scenarios that oversubscribe: every cell
// takes as long as any other. Oversubscribed cells use the first placement, because every placement
// then takes all CPUs.
[[nodiscard]] std::vector<Cell> plan(const host::Topology& topology, const Selection& selection);

// Where the writer runs.
struct WriterPlace {
  enum class Kind : std::uint8_t {
    automatic,  // the next CPU after the threads', of a core without any if there is one; if every
                // CPU is taken, as shared
    own_core,
    shared,  // on the last thread's CPU
    cpu
  };
  Kind kind = Kind::automatic;
  unsigned cpu = 0;  // the kernel's number

  [[nodiscard]] std::string name() const;  // as the flag has it
};

// What an experiment holds fixed over all its cells.
struct Conditions {
  host::Home home = host::Home::local;
  WriterPlace writer;
};

// Where the cell's threads and its writer run: thread i on the i-th CPU of the placement. Throws
// std::invalid_argument if the writer's place is none here.
[[nodiscard]] TrialSpec trial_spec(const host::Topology& topology, const Cell& cell,
                                   double phase_seconds, const Conditions& conditions = {});

[[nodiscard]] std::string_view contract_name(Contract contract) noexcept;
[[nodiscard]] nlohmann::json rows_json();
[[nodiscard]] nlohmann::json plan_json(const host::Topology& topology, const Selection& selection);

}  // namespace limiterbench::bench
