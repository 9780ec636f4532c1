#include "host/describe.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "host/placement.hpp"

namespace limiterbench::host {
namespace {

using nlohmann::json;

constexpr std::size_t page_width = 80;

// "0-7,16-30:2,40": a-b:s is every s-th from a to b.
std::string ranges(const std::vector<unsigned>& numbers) {
  std::string text;
  for (std::size_t i = 0; i < numbers.size();) {
    std::size_t last = i;
    const unsigned step =
        i + 1 < numbers.size() && numbers[i + 1] > numbers[i] ? numbers[i + 1] - numbers[i] : 0;
    while (step != 0 && last + 1 < numbers.size() && numbers[last + 1] > numbers[last] &&
           numbers[last + 1] - numbers[last] == step) {
      ++last;
    }
    // Two numbers are no pattern.
    if (last == i + 1) last = i;
    if (!text.empty()) text += ',';
    text += std::to_string(numbers[i]);
    if (last > i) text += '-' + std::to_string(numbers[last]);
    if (last > i && step > 1) text += ':' + std::to_string(step);
    i = last + 1;
  }
  return text;
}

std::string join(const std::vector<unsigned>& numbers) {
  std::string text;
  for (unsigned number : numbers) text += (text.empty() ? "" : ",") + std::to_string(number);
  return text;
}

// Broken after commas; a piece that is wider than the column stays whole.
std::vector<std::string> wrap(const std::string& text, std::size_t width) {
  std::vector<std::string> lines{""};
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find(',', begin), text.size() - 1) + 1;
    if (!lines.back().empty() && lines.back().size() + (end - begin) > width) lines.emplace_back();
    lines.back().append(text, begin, end - begin);
    begin = end;
  }
  return lines;
}

constexpr std::array<std::pair<std::string_view, std::size_t>, 7> columns{{{"threads", 15},
                                                                           {"package", 7},
                                                                           {"complex", 7},
                                                                           {"NUMA", 5},
                                                                           {"cores", 13},
                                                                           {"sibling", 7},
                                                                           {"CPUs", 12}}};
using Cells = std::array<std::string, columns.size()>;

std::string row(const Cells& cells) {
  std::array<std::vector<std::string>, columns.size()> wrapped;
  std::size_t height = 1;
  for (std::size_t c = 0; c < columns.size(); ++c) {
    wrapped[c] = wrap(cells[c], columns[c].second);
    height = std::max(height, wrapped[c].size());
  }
  std::string text;
  for (std::size_t h = 0; h < height; ++h) {
    std::string line;
    for (std::size_t c = 0; c < columns.size(); ++c) {
      std::string cell = h < wrapped[c].size() ? wrapped[c][h] : "";
      cell.resize(std::max(cell.size(), columns[c].second), ' ');
      line += "  " + cell;
    }
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + "\n";
  }
  return text;
}

// The threads that one placement puts on the same sibling rank of one complex.
struct Share {
  std::vector<unsigned> threads, numa, cores, cpus;
  unsigned package = 0, complex = 0, sibling = 0;
};

std::vector<Share> shares_of(const std::vector<Cpu>& order) {
  std::vector<Share> shares;  // by their first thread
  std::map<std::pair<unsigned, unsigned>, std::size_t> index;
  for (unsigned thread = 0; thread < order.size(); ++thread) {
    const Cpu& cpu = order[thread];
    const auto [at, is_new] = index.try_emplace({cpu.complex, cpu.sibling}, shares.size());
    if (is_new) {
      shares.emplace_back();
      shares.back().package = cpu.package;
      shares.back().complex = cpu.complex;
      shares.back().sibling = cpu.sibling;
    }
    Share& share = shares[at->second];
    share.threads.push_back(thread);
    if (cpu.numa && (share.numa.empty() || share.numa.back() != *cpu.numa))
      share.numa.push_back(*cpu.numa);
    share.cores.push_back(cpu.core);
    share.cpus.push_back(cpu.os_index);
  }
  return shares;
}

std::string table(const std::vector<Cpu>& order) {
  Cells header;
  for (std::size_t c = 0; c < columns.size(); ++c) header[c] = columns[c].first;
  std::string text = row(header);
  for (const Share& share : shares_of(order)) {
    text += row({ranges(share.threads), std::to_string(share.package),
                 std::to_string(share.complex), share.numa.empty() ? "-" : ranges(share.numa),
                 ranges(share.cores), std::to_string(share.sibling), ranges(share.cpus)});
  }
  return text;
}

std::string labelled(const std::string& label, const std::string& list) {
  std::string text;
  for (const std::string& line : wrap(list, page_width - label.size())) {
    text += (text.empty() ? label : std::string(label.size(), ' ')) + line + "\n";
  }
  return text;
}

std::string_view rule_of(Placement placement) {
  switch (placement) {
    case Placement::compact: return "one complex, then the next, SMT siblings last";
    case Placement::scatter: return "packages in turn, their complexes in turn, SMT siblings last";
    case Placement::smt: return "as compact, with all siblings of a core before the next core";
  }
  return "";
}

std::string boundary_line(const Topology& topology, Placement placement, const std::string& kind,
                          const std::string& label) {
  std::vector<unsigned> counts;
  for (const Boundary& boundary : boundaries(topology, placement)) {
    if (boundary.kind == kind) counts.push_back(boundary.threads);
  }
  return counts.empty() ? "" : labelled("  " + label + ": ", ranges(counts));
}

std::string section(const Topology& topology, Placement placement) {
  const bool spreads = placement == Placement::scatter;
  std::string text = std::string(to_string(placement)) + ": " + std::string(rule_of(placement));
  text += "\n" + table(place(topology, placement));
  text += boundary_line(topology, placement, "complex",
                        spreads ? "every complex in use at" : "next complex entered beyond");
  text += boundary_line(topology, placement, "package",
                        spreads ? "every package in use at" : "next package entered beyond");
  return text + boundary_line(topology, placement, "smt", "cores shared beyond");
}

json to_json(const Cpu& cpu) {
  return {{"os_index", cpu.os_index}, {"package", cpu.package},
          {"complex", cpu.complex},   {"core", cpu.core},
          {"sibling", cpu.sibling},   {"numa", cpu.numa ? json(*cpu.numa) : json(nullptr)}};
}

json to_json(const std::vector<Cpu>& cpus) {
  json list = json::array();
  for (const Cpu& cpu : cpus) list.push_back(to_json(cpu));
  return list;
}

json placement_json(const Topology& topology, Placement placement) {
  const std::vector<Cpu> order = place(topology, placement);
  json indexes = json::array(), limits = json::array();
  for (const Cpu& cpu : order) indexes.push_back(cpu.os_index);
  for (const Boundary& boundary : boundaries(topology, placement)) {
    limits.push_back({{"threads", boundary.threads}, {"kind", boundary.kind}});
  }
  return {{"order", indexes}, {"cpus", to_json(order)}, {"boundaries", limits}};
}

}  // namespace

std::string describe(const Topology& topology) {
  std::string text = topology.summary() + "\n";
  if (!topology.is_this_host()) text += "a description, not this host: nothing can be measured\n";
  text += labelled("thread counts: ", join(thread_counts(topology)));
  text += "a-b:s is every s-th number from a to b\n";
  const std::vector<Placement> distinct = distinct_placements(topology);
  for (Placement placement : placements) {
    text += "\n";
    if (std::find(distinct.begin(), distinct.end(), placement) != distinct.end()) {
      text += section(topology, placement);
      continue;
    }
    const auto twin = std::find_if(distinct.begin(), distinct.end(), [&](Placement other) {
      return place(topology, other) == place(topology, placement);
    });
    text += std::string(to_string(placement)) + ": the same as " + std::string(to_string(*twin)) +
            " on this topology\n";
  }
  return text;
}

json describe_json(const Topology& topology) {
  json distinct = json::array(), each = json::object();
  for (Placement placement : distinct_placements(topology))
    distinct.push_back(to_string(placement));
  for (Placement placement : placements) {
    each[std::string(to_string(placement))] = placement_json(topology, placement);
  }
  return {{"summary", topology.summary()},           {"is_this_host", topology.is_this_host()},
          {"packages", topology.packages()},         {"complexes", topology.complexes()},
          {"complex_kind", topology.complex_kind()}, {"cores", topology.cores()},
          {"numa_nodes", topology.numa_nodes()},     {"cpus", to_json(topology.cpus())},
          {"distinct_placements", distinct},         {"placements", each},
          {"milestones", milestones(topology)},      {"thread_counts", thread_counts(topology)}};
}

}  // namespace limiterbench::host
