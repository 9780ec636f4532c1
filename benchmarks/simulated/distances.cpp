#include "simulated/distances.hpp"

#include <hwloc.h>

#include <algorithm>
#include <array>
#include <limits>
#include <nlohmann/json.hpp>
#include <numeric>
#include <optional>

#include "simulated/host_file.hpp"

namespace limiterbench::simulation {
namespace {

using nlohmann::json;

constexpr unsigned nowhere = std::numeric_limits<unsigned>::max();

// CPUs that share an object of one kind. `place`: which object, for each CPU.
struct Level {
  std::string name;
  double ns;
  std::vector<unsigned> place;
  std::vector<unsigned> size;  // CPUs of each object

  [[nodiscard]] bool joins(unsigned a, unsigned b) const {
    return place[a] != nowhere && place[a] == place[b];
  }
};

struct Kind {
  std::string_view name;
  std::string_view alias;
  hwloc_obj_type_t type;
};
constexpr std::array kinds{Kind{"smt", "core", HWLOC_OBJ_CORE},
                           Kind{"l2", "l2", HWLOC_OBJ_L2CACHE},
                           Kind{"l3", "llc", HWLOC_OBJ_L3CACHE},
                           Kind{"l4", "l4", HWLOC_OBJ_L4CACHE},
                           Kind{"die", "die", HWLOC_OBJ_DIE},
                           Kind{"numa", "node", HWLOC_OBJ_NUMANODE},
                           Kind{"socket", "package", HWLOC_OBJ_PACKAGE},
                           Kind{"group", "group", HWLOC_OBJ_GROUP},
                           Kind{"remote", "machine", HWLOC_OBJ_MACHINE}};

// "group" is the innermost group of CPUs, "group1" the one around it, and so on.
std::optional<std::pair<hwloc_obj_type_t, int>> kind_of(const std::string& name) {
  for (const Kind& kind : kinds) {
    if (name == kind.name || name == kind.alias) return std::pair(kind.type, 0);
  }
  if (name.size() == 6 && name.starts_with("group") && name[5] >= '1' && name[5] <= '9')
    return std::pair(HWLOC_OBJ_GROUP, name[5] - '0');
  return std::nullopt;
}

// Objects of a kind, for groups of one depth only: `outward` counts from the innermost.
std::vector<hwloc_obj_t> objects(hwloc_topology_t topology, hwloc_obj_type_t type, int outward) {
  std::vector<hwloc_obj_t> all;
  if (type != HWLOC_OBJ_GROUP) {
    for (hwloc_obj_t at = nullptr;
         (at = hwloc_get_next_obj_by_type(topology, type, at)) != nullptr;)
      all.push_back(at);
    return all;
  }
  for (int depth = hwloc_topology_get_depth(topology) - 1; depth >= 0; --depth) {
    if (hwloc_get_depth_type(topology, depth) != HWLOC_OBJ_GROUP || outward-- != 0) continue;
    for (hwloc_obj_t at = nullptr;
         (at = hwloc_get_next_obj_by_depth(topology, depth, at)) != nullptr;)
      all.push_back(at);
    break;
  }
  return all;
}

Level level_of(const std::string& name, double ns, const host::Topology& topology) {
  const auto kind = kind_of(name);
  if (!kind) {
    std::vector<std::string> valid;
    for (const Kind& each : kinds) valid.emplace_back(each.name);
    const auto guess = bench::nearest(name, valid);
    throw UsageError("transfer_ns." + name + ": no such class of CPUs" +
                     (guess ? "; did you mean '" + *guess + "'?" : "") +
                     " (valid: smt, l2, l3, l4, die, numa, socket, group, group1, remote)");
  }
  Level level{name, ns, std::vector<unsigned>(topology.cpus().size(), nowhere), {}};
  for (hwloc_obj_t object : objects(topology.native(), kind->first, kind->second)) {
    const auto index = static_cast<unsigned>(level.size.size());
    level.size.push_back(0);
    for (unsigned cpu = 0; cpu < level.place.size(); ++cpu) {
      if (hwloc_bitmap_isset(object->cpuset, topology.cpus()[cpu].os_index) == 0) continue;
      level.place[cpu] = index;
      ++level.size[index];
    }
  }
  return level;
}

bool is_used(const Level& level) {
  return std::ranges::any_of(level.size, [](unsigned size) { return size > 1; });
}

double median(std::vector<double> values) {
  std::ranges::nth_element(values, values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2));
  return values[values.size() / 2];
}

// Nearer CPUs must not be slower.
void check_order(const std::vector<Level>& levels) {
  const auto largest = [](const Level& level) { return *std::ranges::max_element(level.size); };
  for (const Level& inner : levels) {
    for (const Level& outer : levels) {
      if (largest(inner) < largest(outer) && inner.ns > outer.ns)
        throw UsageError("transfer_ns." + inner.name + ": " + json(inner.ns).dump() +
                         " ns is more than transfer_ns." + outer.name + " (" +
                         json(outer.ns).dump() + " ns), whose CPUs are farther apart");
    }
  }
}

}  // namespace

Distances::Distances(const json& transfer_ns, const host::Topology& topology)
    : count_(static_cast<unsigned>(topology.cpus().size())),
      times_(std::size_t{count_} * count_, 0) {
  if (transfer_ns.is_array()) {
    from_matrix(transfer_ns, topology);
  } else if (transfer_ns.is_object()) {
    from_classes(transfer_ns, topology);
  } else {
    throw UsageError("transfer_ns: neither times by class nor a matrix");
  }
  for (unsigned to = 0; to < count_; ++to) {
    Time longest = 0;
    for (unsigned from = 0; from < count_; ++from) {
      if (from == to) continue;
      const Time time = between(from, to);
      longest = std::max(longest, time);
      shortest_ = shortest_ == 0 ? time : std::min(shortest_, time);
    }
    longest_.push_back(longest);
    nodes_.push_back(topology.cpus()[to].package);
  }
}

void Distances::from_classes(const json& classes, const host::Topology& topology) {
  std::vector<Level> levels;
  for (const auto& [name, value] : classes.items()) {
    Level level = level_of(name, positive_number(value, "transfer_ns." + name), topology);
    if (is_used(level)) {
      levels.push_back(std::move(level));
    } else {
      unused_.push_back(name);
    }
  }
  check_order(levels);
  for (unsigned a = 0; a < count_; ++a) {
    for (unsigned b = 0; b < count_; ++b) {
      if (a == b) continue;
      const Level* nearest = nullptr;
      for (const Level& level : levels) {
        if (level.joins(a, b) &&
            (nearest == nullptr || level.size[level.place[a]] < nearest->size[nearest->place[a]]))
          nearest = &level;
      }
      if (nearest == nullptr)
        throw UsageError("transfer_ns: no class covers CPUs " +
                         std::to_string(topology.cpus()[a].os_index) + " and " +
                         std::to_string(topology.cpus()[b].os_index) +
                         "; 'remote' stands for any two");
      at(a, b) = from_ns(nearest->ns);
    }
  }
}

void Distances::from_matrix(const json& rows, const host::Topology& topology) {
  const std::vector<host::Cpu>& cpus = topology.cpus();
  std::vector<unsigned> order(count_);
  std::iota(order.begin(), order.end(), 0U);
  std::ranges::sort(order, {}, [&cpus](unsigned cpu) { return cpus[cpu].os_index; });
  const auto expected = " for a topology of " + std::to_string(count_) + " CPUs";
  if (rows.size() != count_)
    throw UsageError("transfer_ns: " + std::to_string(rows.size()) + " rows" + expected);
  const auto name = [](unsigned i, unsigned j) {
    return "transfer_ns[" + std::to_string(i) + "][" + std::to_string(j) + "]";
  };
  for (unsigned i = 0; i < count_; ++i) {
    if (!rows[i].is_array() || rows[i].size() != count_)
      throw UsageError("transfer_ns[" + std::to_string(i) + "]: " + std::to_string(rows[i].size()) +
                       " columns" + expected);
    for (unsigned j = 0; j < count_; ++j) {
      if (i != j) at(order[i], order[j]) = from_ns(positive_number(rows[i][j], name(i, j)));
    }
  }
  // Single entries of a measured matrix are noisy, but not by a socket's width.
  for (unsigned i = 0; i < count_; ++i) {
    unsigned sibling = nowhere, remote = nowhere;
    for (unsigned j = 0; j < count_; ++j) {
      const host::Cpu &a = cpus[order[i]], &b = cpus[order[j]];
      if (i != j && a.core == b.core) sibling = j;
      if (a.package == b.package) continue;
      if (remote == nowhere || between(order[i], order[j]) < between(order[i], order[remote]))
        remote = j;
    }
    if (sibling == nowhere || remote == nowhere) continue;
    if (between(order[i], order[sibling]) > between(order[i], order[remote]))
      throw UsageError(name(i, sibling) + ": CPUs of one core, but more than " + name(i, remote) +
                       ", of two packages");
  }
  check_medians(cpus);
}

// Single entries are noisy; the median of a kind is not.
void Distances::check_medians(const std::vector<host::Cpu>& cpus) const {
  struct Pairs {
    std::string_view of;
    std::vector<double> ns;
  };
  std::array<Pairs, 3> of_kinds{Pairs{"of one core", {}}, Pairs{"of one package", {}},
                                Pairs{"of two packages", {}}};
  for (unsigned a = 0; a < count_; ++a) {
    for (unsigned b = 0; b < count_; ++b) {
      if (a == b) continue;
      const bool core = cpus[a].core == cpus[b].core;
      const bool package = cpus[a].package == cpus[b].package;
      of_kinds[core ? 0 : package ? 1 : 2].ns.push_back(to_ns(between(a, b)));
    }
  }
  const Pairs* nearer = nullptr;
  for (const Pairs& pairs : of_kinds) {
    if (pairs.ns.empty()) continue;
    if (nearer != nullptr && median(nearer->ns) > median(pairs.ns))
      throw UsageError("transfer_ns: CPUs " + std::string(nearer->of) + " take " +
                       json(median(nearer->ns)).dump() + " ns in the median, more than those " +
                       std::string(pairs.of) + " (" + json(median(pairs.ns)).dump() + " ns)");
    nearer = &pairs;
  }
}

}  // namespace limiterbench::simulation
