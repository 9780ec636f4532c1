// A design made slower on purpose, by a known share of its work: a comparison of two runs can be
// tried on a difference that is known.
//
// In the throughput phase some requests stand for the added work: they are made, but not counted.
// Waiting instead would leave contended lines to the other threads and make those faster. An open
// loop makes such requests between those that are due, and they delay these. In the latency phase,
// where each request is timed, its thread goes on for that share of the request's time, and for the
// ten nanoseconds or so that it takes to notice the end.
#pragma once

#include <cstdint>
#include <memory>

#include "native/subject.hpp"

namespace limiterbench::bench {

// How many of these requests are not added work.
[[nodiscard]] constexpr std::uint64_t without_added(std::uint64_t requests,
                                                    unsigned percent) noexcept {
  return requests * 100 / (100 + percent);
}

// The same worker, each of its timed requests lengthened.
[[nodiscard]] std::unique_ptr<Worker> lengthened(std::unique_ptr<Worker> worker, unsigned percent);

}  // namespace limiterbench::bench
