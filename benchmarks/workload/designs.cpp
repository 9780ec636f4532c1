#include "workload/designs.hpp"

#include <algorithm>
#include <limiterbench/registry.hpp>

namespace limiterbench::bench {

const std::vector<Info>& designs() {
  static const std::vector<Info> all = [] {
    std::vector<Info> infos;
    for_each_row([&infos]<class L>(std::type_identity<L>) { infos.push_back(L::info); });
    return infos;
  }();
  return all;
}

const Info* find_design(std::string_view name) {
  const auto found = std::ranges::find(designs(), name, &Info::name);
  return found == designs().end() ? nullptr : &*found;
}

}  // namespace limiterbench::bench
