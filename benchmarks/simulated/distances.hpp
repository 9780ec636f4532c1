// How long a cache line takes from one CPU to another.
#pragma once

#include <algorithm>
#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "host/topology.hpp"

namespace limiterbench::simulation {

using Time = std::int64_t;  // picoseconds

// Rounds to the nearest; the time must not be negative. std::llround() is not constexpr.
[[nodiscard]] constexpr Time from_ns(double ns) {
  const auto whole = static_cast<Time>(ns * 1000);
  return ns * 1000 - static_cast<double>(whole) < 0.5 ? whole : whole + 1;
}
[[nodiscard]] constexpr double to_ns(Time time) { return static_cast<double>(time) / 1000; }

// CPUs are numbered here by their place in Topology::cpus().
[[nodiscard]] inline unsigned index_of(const host::Topology& topology, const host::Cpu& cpu) {
  return static_cast<unsigned>(std::ranges::find(topology.cpus(), cpu) - topology.cpus().begin());
}

class Distances {
 public:
  // From the host file's transfer_ns: times by class of CPUs, or a matrix in the order of the
  // system's CPU numbers. Throws UsageError naming the field.
  Distances(const nlohmann::json& transfer_ns, const host::Topology& topology);

  [[nodiscard]] Time between(unsigned from, unsigned to) const noexcept {
    return times_[std::size_t{from} * count_ + to];
  }
  [[nodiscard]] Time shortest() const noexcept { return shortest_; }
  // From the farthest CPU, which stands for memory.
  [[nodiscard]] Time longest_to(unsigned cpu) const noexcept { return longest_[cpu]; }
  // The package of each CPU, for arbitration.
  [[nodiscard]] unsigned node(unsigned cpu) const noexcept { return nodes_[cpu]; }
  [[nodiscard]] unsigned count() const noexcept { return count_; }
  // Classes that are named but that no two CPUs of this topology form.
  [[nodiscard]] const std::vector<std::string>& unused() const noexcept { return unused_; }

 private:
  void from_classes(const nlohmann::json& classes, const host::Topology& topology);
  void from_matrix(const nlohmann::json& rows, const host::Topology& topology);
  void check_medians(const std::vector<host::Cpu>& cpus) const;
  Time& at(unsigned from, unsigned to) { return times_[std::size_t{from} * count_ + to]; }

  unsigned count_;
  std::vector<Time> times_;
  std::vector<Time> longest_;
  std::vector<unsigned> nodes_;
  std::vector<std::string> unused_;
  Time shortest_ = 0;
};

}  // namespace limiterbench::simulation
