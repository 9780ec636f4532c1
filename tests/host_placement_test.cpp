// Every rule of a placement, as a property over many machines.
#include "host/placement.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "host_topologies.hpp"

namespace limiterbench::host {
namespace {

using Cpus = std::vector<Cpu>;

template <class Check>
void for_each_order(Check check) {
  for (const Machine& machine : machines()) {
    for (Placement placement : placements) {
      SCOPED_TRACE(machine.name + ", " + std::string(to_string(placement)));
      check(machine.topology, placement, place(machine.topology, placement));
    }
  }
}

long count_if(const Cpus& cpus, std::size_t first, const std::function<bool(const Cpu&)>& test) {
  return std::count_if(cpus.begin(), cpus.begin() + static_cast<std::ptrdiff_t>(first), test);
}

long total(const Cpus& cpus, const std::function<bool(const Cpu&)>& test) {
  return count_if(cpus, cpus.size(), test);
}

// When `order` enters a new value of `id` it has used up all CPUs of the earlier ones that `counts`
// accepts.
void expect_filled_one_by_one(const Cpus& order, unsigned Cpu::*id,
                              const std::function<bool(const Cpu&)>& counts) {
  std::set<unsigned> opened;
  for (std::size_t i = 0; i < order.size(); ++i) {
    if (!opened.insert(order[i].*id).second) continue;
    for (unsigned earlier : opened) {
      if (earlier == order[i].*id) continue;
      const auto belongs = [&](const Cpu& cpu) { return cpu.*id == earlier && counts(cpu); };
      EXPECT_EQ(count_if(order, i, belongs), total(order, belongs))
          << "thread " << i << " opens " << order[i].*id << " before " << earlier << " is full";
    }
  }
}

// Of the values of `id` that still have a CPU of this sibling rank within `scope`, the one that
// thread i takes had the fewest threads on this rank so far.
void expect_least_used(const Cpus& order, std::size_t i, unsigned Cpu::*id,
                       const std::function<bool(const Cpu&)>& scope) {
  std::map<unsigned, long> used, available;
  for (std::size_t j = 0; j < order.size(); ++j) {
    if (order[j].sibling != order[i].sibling || !scope(order[j])) continue;
    ++(j < i ? used : available)[order[j].*id];
  }
  for (const auto& [other, left] : available) {
    EXPECT_LE(used[order[i].*id], used[other]) << "thread " << i;
  }
}

bool is_first_sibling(const Cpu& cpu) { return cpu.sibling == 0; }
bool any(const Cpu&) { return true; }

TEST(placement, is_a_permutation_of_the_cpus) {
  for_each_order([](const Topology& topology, Placement, const Cpus& order) {
    EXPECT_TRUE(std::is_permutation(order.begin(), order.end(), topology.cpus().begin(),
                                    topology.cpus().end()));
  });
}

TEST(placement, compact_and_scatter_use_siblings_last) {
  for_each_order([](const Topology&, Placement placement, const Cpus& order) {
    if (placement == Placement::smt) return;
    EXPECT_TRUE(std::is_sorted(order.begin(), order.end(),
                               [](const Cpu& a, const Cpu& b) { return a.sibling < b.sibling; }));
  });
}

TEST(placement, compact_fills_a_complex_and_a_package_before_the_next) {
  for_each_order([](const Topology&, Placement placement, const Cpus& order) {
    if (placement != Placement::compact) return;
    expect_filled_one_by_one(order, &Cpu::complex, is_first_sibling);
    expect_filled_one_by_one(order, &Cpu::package, is_first_sibling);
  });
}

TEST(placement, smt_fills_a_core_a_complex_and_a_package_before_the_next) {
  for_each_order([](const Topology&, Placement placement, const Cpus& order) {
    if (placement != Placement::smt) return;
    expect_filled_one_by_one(order, &Cpu::core, any);
    expect_filled_one_by_one(order, &Cpu::complex, any);
    expect_filled_one_by_one(order, &Cpu::package, any);
  });
}

TEST(placement, scatter_takes_the_emptiest_package_and_in_it_the_emptiest_complex) {
  for_each_order([](const Topology&, Placement placement, const Cpus& order) {
    if (placement != Placement::scatter) return;
    for (std::size_t i = 0; i < order.size(); ++i) {
      expect_least_used(order, i, &Cpu::package, any);
      expect_least_used(order, i, &Cpu::complex,
                        [&](const Cpu& cpu) { return cpu.package == order[i].package; });
    }
  });
}

std::vector<unsigned> ids(const Cpus& order, unsigned Cpu::*id, std::size_t count) {
  std::vector<unsigned> list;
  for (std::size_t i = 0; i < count; ++i) list.push_back(order[i].*id);
  return list;
}

TEST(placement, a_big_machine_is_filled_as_the_documentation_shows) {
  const Topology topology = Topology::from("pack:2 [numa(memory=64GB)] l3:8 core:8 pu:2");
  const Cpus compact = place(topology, Placement::compact);
  const Cpus scatter = place(topology, Placement::scatter);
  const Cpus smt = place(topology, Placement::smt);
  EXPECT_EQ(ids(compact, &Cpu::complex, 10), (std::vector<unsigned>{0, 0, 0, 0, 0, 0, 0, 0, 1, 1}));
  EXPECT_EQ(ids(scatter, &Cpu::package, 6), (std::vector<unsigned>{0, 1, 0, 1, 0, 1}));
  EXPECT_EQ(ids(scatter, &Cpu::complex, 6), (std::vector<unsigned>{0, 8, 1, 9, 2, 10}));
  EXPECT_EQ(ids(smt, &Cpu::core, 6), (std::vector<unsigned>{0, 0, 1, 1, 2, 2}));
  EXPECT_EQ(scatter[16].core, 1U) << "the second round takes the second core of the first complex";
  for (const Cpus* order : {&compact, &scatter}) {
    EXPECT_EQ((*order)[127].sibling, 0U);
    EXPECT_EQ((*order)[128].sibling, 1U);
  }
}

// The kind of change between the teams of `threads` and `threads + 1`, from the documentation.
std::string change_at(const Cpus& order, Placement placement, unsigned threads) {
  const auto distinct = [&](unsigned Cpu::*id, std::size_t count) {
    const std::vector<unsigned> list = ids(order, id, count);
    return std::set<unsigned>(list.begin(), list.end()).size();
  };
  const auto changes = [&](unsigned Cpu::*id) {
    if (placement != Placement::scatter) return distinct(id, threads + 1) > distinct(id, threads);
    const std::size_t all = distinct(id, order.size());
    return all > 1 && distinct(id, threads) == all && distinct(id, threads - 1) < all;
  };
  if (distinct(&Cpu::sibling, threads + 1) > distinct(&Cpu::sibling, threads)) return "smt";
  if (changes(&Cpu::package)) return "package";
  return changes(&Cpu::complex) ? "complex" : "";
}

TEST(boundaries, are_exactly_where_the_order_changes) {
  for_each_order([](const Topology& topology, Placement placement, const Cpus& order) {
    std::vector<Boundary> expected;
    for (unsigned threads = 1; threads < order.size(); ++threads) {
      const std::string kind = change_at(order, placement, threads);
      if (!kind.empty()) expected.push_back({threads, kind});
    }
    EXPECT_EQ(boundaries(topology, placement), expected);
  });
}

TEST(boundaries, of_a_big_machine) {
  const Topology topology = Topology::from("pack:2 l3:2 core:8 pu:2");
  EXPECT_EQ(boundaries(topology, Placement::compact),
            (std::vector<Boundary>{{8, "complex"}, {16, "package"}, {24, "complex"}, {32, "smt"}}));
  EXPECT_EQ(boundaries(topology, Placement::scatter),
            (std::vector<Boundary>{{2, "package"}, {4, "complex"}, {32, "smt"}}));
  EXPECT_EQ(boundaries(topology, Placement::smt),
            (std::vector<Boundary>{{1, "smt"}, {16, "complex"}, {32, "package"}, {48, "complex"}}));
}

void expect_ascending(const std::vector<unsigned>& counts) {
  EXPECT_EQ(std::adjacent_find(counts.begin(), counts.end(), std::greater_equal<>{}), counts.end());
}

TEST(milestones, are_one_thread_an_l3_a_package_all_cores_and_all_cpus) {
  using Counts = std::vector<unsigned>;
  const auto of = [](const char* spec) { return milestones(Topology::from(spec)); };
  EXPECT_EQ(of("pack:2 l3:8 core:8 pu:1"), (Counts{1, 8, 64, 128}));
  EXPECT_EQ(of("pack:2 l3:12 core:8 pu:2"), (Counts{1, 8, 96, 192, 384}));
  EXPECT_EQ(of("pack:1 l3:8 core:8 pu:2"), (Counts{1, 8, 64, 128}));
  EXPECT_EQ(of("pack:64 l3:1 core:1 pu:4"), (Counts{1, 64, 256}));
  EXPECT_EQ(of("pack:4 core:7 pu:2"), (Counts{1, 7, 28, 56}));
  EXPECT_EQ(of("pu:1"), (Counts{1}));
}

TEST(milestones, fill_what_the_compact_placement_enters_first) {
  for (const Machine& machine : machines()) {
    SCOPED_TRACE(machine.name);
    const Cpus order = place(machine.topology, Placement::compact);
    const std::vector<unsigned> counts = milestones(machine.topology);
    expect_ascending(counts);
    EXPECT_EQ(counts.front(), 1U);
    EXPECT_EQ(counts.back(), order.size());
    EXPECT_TRUE(std::ranges::binary_search(counts, machine.topology.cores()));
    EXPECT_LE(counts.size(), 5U);
    for (const Boundary& boundary : boundaries(machine.topology, Placement::compact)) {
      // The first boundary of compact is where the first complex, or package, is full.
      EXPECT_TRUE(std::ranges::binary_search(counts, boundary.threads)) << boundary.threads;
      break;
    }
  }
}

TEST(thread_counts, are_powers_of_two_and_milestones) {
  for (const Machine& machine : machines()) {
    SCOPED_TRACE(machine.name);
    const std::vector<unsigned> counts = thread_counts(machine.topology);
    const std::vector<unsigned> steps = milestones(machine.topology);
    expect_ascending(counts);
    std::set<unsigned> expected(steps.begin(), steps.end());
    for (unsigned count = 1; count < machine.topology.cpus().size(); count *= 2)
      expected.insert(count);
    EXPECT_EQ(std::set<unsigned>(counts.begin(), counts.end()), expected);
  }
}

TEST(distinct_placements, leaves_out_only_repeated_orders) {
  for (const Machine& machine : machines()) {
    SCOPED_TRACE(machine.name);
    const std::vector<Placement> kept = distinct_placements(machine.topology);
    EXPECT_EQ(kept.front(), Placement::compact);
    for (Placement placement : placements) {
      const Cpus order = place(machine.topology, placement);
      EXPECT_EQ(
          std::count_if(kept.begin(), kept.end(),
                        [&](Placement other) { return place(machine.topology, other) == order; }),
          1);
    }
  }
}

TEST(distinct_placements, follow_the_machine) {
  using enum Placement;
  const auto of = [](const char* spec) { return distinct_placements(Topology::from(spec)); };
  EXPECT_EQ(of("l3:1 core:2 pu:1"), std::vector{compact});
  EXPECT_EQ(of("pu:1"), std::vector{compact});
  EXPECT_EQ(of("l3:1 core:2 pu:2"), (std::vector{compact, smt}));
  EXPECT_EQ(of("l3:2 core:2 pu:1"), (std::vector{compact, scatter}));
  EXPECT_EQ(of("pack:2 l3:8 core:8 pu:2"), (std::vector{compact, scatter, smt}));
}

}  // namespace
}  // namespace limiterbench::host
