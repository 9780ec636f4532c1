// What it costs this host to move one cache line between CPUs, and to share one. The cost of every
// contended limiter follows from these two figures.
//
// Source: the ping-pong of core-to-core-latency tools (one line, two threads that take turns); the
// contended counter of McKenney, "Is Parallel Programming Hard", chapter 5.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "host/placement.hpp"
#include "host/topology.hpp"

namespace limiterbench::bench {

// Between two CPUs, by the kernel's numbers.
struct Transfer {
  unsigned a = 0;
  unsigned b = 0;
  double one_way_ns = 0;  // half of a round trip, the median over batches
  double skew_ns = 0;     // how far b's clock is ahead of a's, with an error below one_way_ns
};

// Threads that increment one word as fast as they can.
struct Sharing {
  host::Placement placement = host::Placement::compact;
  unsigned threads = 0;
  double aggregate_ns = 0;  // of wall time for each increment of any thread
};

struct ContentionMap {
  std::size_t pairs = 0;  // of the host; more than there are transfers if only some were measured
  std::vector<Transfer> transfers;
  std::vector<Sharing> sharings;
};

// Takes about 20 ms a pair, of at most `most_pairs`, and 50 ms a number of threads. Throws
// std::runtime_error if threads cannot be bound.
[[nodiscard]] ContentionMap measure_contention(const host::Topology& topology,
                                               std::size_t most_pairs = 256);

// The pairs (indexes into topology.cpus()) to measure: all, or the first CPU with every other and
// a fixed choice of the rest, spread evenly.
[[nodiscard]] std::vector<std::pair<std::size_t, std::size_t>> choose_pairs(std::size_t cpus,
                                                                            std::size_t most);

// {"pairs", "transfers": [{a, b, one_way_ns, skew_ns}], "sharings": [{placement, threads,
// aggregate_ns}]}
[[nodiscard]] nlohmann::json contention_json(const ContentionMap& map);

// In at most 80 columns: by distance and, on small hosts, each pair.
[[nodiscard]] std::string describe(const ContentionMap& map, const host::Topology& topology);

}  // namespace limiterbench::bench
