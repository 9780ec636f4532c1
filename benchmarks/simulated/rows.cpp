#include <limiterbench/registry.hpp>

#include <algorithm>

#include "simulated/subject_of.hpp"

namespace limiterbench::simulation {
namespace {

template <class L>
SimulatedRow row_of() {
  return {Info(L::info).name, &SubjectOf<L>::create};
}

std::vector<SimulatedRow> collect() {
  std::vector<SimulatedRow> all;
  for_each_row([&all]<class L>(std::type_identity<L>) { all.push_back(row_of<L>()); });
  return all;
}

}  // namespace

const std::vector<SimulatedRow>& simulated_rows() {
  static const std::vector<SimulatedRow> all = collect();
  return all;
}

const SimulatedRow* find_simulated_row(std::string_view name) {
  const auto found = std::ranges::find(simulated_rows(), name, &SimulatedRow::name);
  return found == simulated_rows().end() ? nullptr : &*found;
}

}  // namespace limiterbench::simulation
