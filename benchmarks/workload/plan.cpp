#include "workload/plan.hpp"

#include <algorithm>
#include <array>
#include <iterator>
#include <nlohmann/json.hpp>
#include <span>
#include <stdexcept>

namespace limiterbench::bench {
namespace {

using nlohmann::json;

template <class T, class All>
std::vector<const T*> chosen(const std::vector<const T*>& selected, const All& all) {
  return selected.empty() ? each_of(all) : selected;
}

std::vector<host::Placement> chosen_placements(const host::Topology& topology,
                                               const Selection& selection) {
  return selection.placements.empty() ? host::distinct_placements(topology) : selection.placements;
}

// A scenario that was chosen by name is measured in every placement.
std::vector<host::Placement> placements_for(const Scenario& scenario, const Selection& selection,
                                            const host::Topology& topology) {
  std::vector<host::Placement> placements = chosen_placements(topology, selection);
  if (selection.scenarios.empty() && selection.placements.empty() && !scenario.principal)
    placements.resize(1);
  return placements;
}

bool oversubscribes(const Selection& selection, const Scenario& scenario) {
  return selection.oversubscribe && (scenario.oversubscribes || !selection.scenarios.empty());
}

// An open loop takes several times as long as other scenarios: only the milestones. Scenarios that
// run on request are measured at the milestones only, too.
std::vector<unsigned> thread_counts(const host::Topology& topology, const Scenario& scenario,
                                    bool oversubscribe) {
  std::vector<unsigned> counts = scenario.sweeps_load || scenario.on_request
                                     ? host::milestones(topology)
                                     : host::thread_counts(topology);
  if (!oversubscribe) return counts;
  for (const unsigned times : {2U, 4U}) {
    const auto threads = times * static_cast<unsigned>(topology.cpus().size());
    if (threads <= most_threads) counts.push_back(threads);
  }
  return counts;
}

json boundaries_json(const host::Topology& topology, host::Placement placement) {
  json list = json::array();
  for (const host::Boundary& boundary : host::boundaries(topology, placement))
    list.push_back({{"threads", boundary.threads}, {"kind", boundary.kind}});
  return list;
}

bool on_core_of(const host::Cpu& cpu, std::span<const host::Cpu> others) {
  return std::any_of(others.begin(), others.end(),
                     [&](const host::Cpu& other) { return other.core == cpu.core; });
}

// The first free CPU, if possible of a core on which no thread is measured: a writer that spins on
// the sibling of a measured thread takes half of its core.
host::Cpu automatic_place(std::span<const host::Cpu> order, std::span<const host::Cpu> used) {
  if (used.size() >= order.size()) return used.back();
  const auto free = order.subspan(used.size());
  const auto found = std::find_if(free.begin(), free.end(),
                                  [&](const host::Cpu& cpu) { return !on_core_of(cpu, used); });
  return found == free.end() ? free.front() : *found;
}

host::Cpu numbered(std::span<const host::Cpu> order, unsigned os_index) {
  const auto found = std::ranges::find(order, os_index, &host::Cpu::os_index);
  if (found != order.end()) return *found;
  std::vector<unsigned> valid;
  for (const host::Cpu& cpu : order) valid.push_back(cpu.os_index);
  std::ranges::sort(valid);
  std::string text;
  for (const unsigned index : valid) text += (text.empty() ? "" : ",") + std::to_string(index);
  throw std::invalid_argument("CPU " + std::to_string(os_index) +
                              " is none that may be used; valid: " + text);
}

host::Cpu place_writer(std::span<const host::Cpu> order, std::span<const host::Cpu> used,
                       const WriterPlace& place, const Cell& cell) {
  if (place.kind == WriterPlace::Kind::shared) return used.back();
  if (place.kind == WriterPlace::Kind::cpu) return numbered(order, place.cpu);
  const host::Cpu cpu = automatic_place(order, used);
  if (place.kind == WriterPlace::Kind::own_core && on_core_of(cpu, used))
    throw std::invalid_argument(cell.name() + " leaves no core free; fewer --threads do");
  return cpu;
}

}  // namespace

std::string Cell::name() const {
  std::string text(design->name);
  text.append("/").append(scenario->name);
  text.append("/").append(host::to_string(placement));
  return text + "/threads:" + std::to_string(threads);
}

std::vector<Cell> plan(const host::Topology& topology, const Selection& selection) {
  const std::size_t cpus = topology.cpus().size();
  std::vector<Cell> cells;
  for (const Scenario* scenario : chosen(selection.scenarios, scenarios())) {
    const std::vector<host::Placement> placements = placements_for(*scenario, selection, topology);
    for (const host::Placement placement : placements) {
      const bool oversubscribe =
          placement == placements.front() && oversubscribes(selection, *scenario);
      const std::vector<unsigned> counts = selection.threads.empty()
                                               ? thread_counts(topology, *scenario, oversubscribe)
                                               : selection.threads;
      for (const unsigned threads : counts) {
        for (const Info* design : chosen(selection.designs, designs()))
          cells.push_back({design, scenario, placement, threads, threads > cpus});
      }
    }
  }
  return cells;
}

std::string WriterPlace::name() const {
  constexpr std::array names{"auto", "own_core", "shared"};
  return kind == Kind::cpu ? std::to_string(cpu) : names[static_cast<std::size_t>(kind)];
}

TrialSpec trial_spec(const host::Topology& topology, const Cell& cell, double phase_seconds,
                     const Conditions& conditions) {
  const std::vector<host::Cpu> order = host::place(topology, cell.placement);
  std::vector<host::Cpu> cpus;
  for (unsigned i = 0; i < cell.threads; ++i) cpus.push_back(order[i % order.size()]);
  const bool reloads = cell.scenario->reloads_per_second > 0;
  const WriterPlace place = reloads ? conditions.writer : WriterPlace{};
  const host::Cpu writer = place_writer(order, cpus, place, cell);
  const bool shares = std::ranges::find(cpus, writer.os_index, &host::Cpu::os_index) != cpus.end();
  const bool shares_core = on_core_of(writer, cpus);
  return {.topology = topology,
          .design = *cell.design,
          .scenario = *cell.scenario,
          .cpus = std::move(cpus),
          .writer_cpu = writer,
          .writer_shares_cpu = shares,
          .writer_shares_core = shares_core,
          .phase_seconds = phase_seconds,
          .warmup_seconds = phase_seconds * warmup_phase,
          .home = conditions.home,
          .writer = conditions.writer.name()};
}

std::string_view contract_name(Contract contract) noexcept {
  return contract == Contract::windows ? "windows" : "gcra";
}

json rows_json(const std::vector<const Info*>& designs) {
  json list = json::array();
  for (const Info* design : designs) {
    const Info& info = *design;
    json needs = json::array();
    std::ranges::copy_if(info.needs, std::back_inserter(needs),
                         [](std::string_view feature) { return !feature.empty(); });
    list.push_back({{"name", info.name},
                    {"summary", info.summary},
                    {"source", info.source},
                    {"library", info.library},
                    {"package", info.package},
                    {"requires", std::move(needs)},
                    {"contract", contract_name(info.contract)},
                    {"exactness", to_string(info.exactness)},
                    {"progress", identifier(info.progress)},
                    {"progress_text", to_string(info.progress)},
                    {"denial", identifier(info.denial)},
                    {"bound", info.bound},
                    {"note", info.note},
                    {"survives_bad_alloc", info.survives_bad_alloc}});
  }
  return list;
}

json plan_json(const host::Topology& topology, const Selection& selection) {
  json scenario_list = json::array();
  for (const Scenario& scenario : scenarios())
    scenario_list.push_back({{"name", scenario.name},
                             {"summary", scenario.summary},
                             {"sweeps_load", scenario.sweeps_load},
                             {"on_request", scenario.on_request},
                             {"principal", scenario.principal},
                             {"phases", phases_of(scenario)}});
  json placement_list = json::array();
  json boundary_lists = json::object();
  for (const host::Placement placement : chosen_placements(topology, selection)) {
    placement_list.push_back(host::to_string(placement));
    boundary_lists[std::string(host::to_string(placement))] = boundaries_json(topology, placement);
  }
  json cells = json::array();
  for (const Cell& cell : plan(topology, selection)) {
    cells.push_back({{"cell", cell.name()},
                     {"limiter", cell.design->name},
                     {"scenario", cell.scenario->name},
                     {"placement", host::to_string(cell.placement)},
                     {"threads", cell.threads},
                     {"oversubscribed", cell.oversubscribed}});
  }
  return {{"schema", 1},
          {"host",
           {{"is_this_host", topology.is_this_host()},
            {"cpus", topology.cpus().size()},
            {"cores", topology.cores()},
            {"summary", topology.summary()}}},
          {"rows", rows_json(each_of(designs()))},
          {"scenarios", std::move(scenario_list)},
          {"placements", std::move(placement_list)},
          {"boundaries", std::move(boundary_lists)},
          {"milestones", host::milestones(topology)},
          {"cells", std::move(cells)}};
}

}  // namespace limiterbench::bench
