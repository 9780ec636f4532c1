// A row made slower on purpose, by a known share of its work, so that a comparison of two runs can
// be tried on a difference that is known.
//
// In the throughput phase some requests are taken for the added work: they are made, but not
// counted. Waiting instead would leave contended lines to the other threads and make them faster.
// In the latency phase, where each request is timed, its thread goes on for that share of its
// time, and for what it takes to see that by the clock: some ten nanoseconds.
// A sweep of the load is left as it is.
#pragma once

#include <cstdint>
#include <memory>

#include "native/subject.hpp"

namespace limiterbench::bench {

// How many of these requests are not the added work.
[[nodiscard]] constexpr std::uint64_t without_added(std::uint64_t requests,
                                                    unsigned percent) noexcept {
  return requests * 100 / (100 + percent);
}

// The same row, each of its timed requests lengthened.
[[nodiscard]] std::unique_ptr<Subject> lengthened(std::unique_ptr<Subject> subject,
                                                  unsigned percent);

}  // namespace limiterbench::bench
