// A limiter that admits at once: what is measured of it is the loop around the request.
#pragma once

#include <memory>

#include "native/subject.hpp"

namespace limiterbench::bench {

[[nodiscard]] std::unique_ptr<Worker> work_on_nothing();

// How long the generator is tried, and how often: a disturbed try says too little, so the most of
// them counts.
inline constexpr double generator_seconds = 0.005;
inline constexpr unsigned generator_tries = 3;

// How many requests a second one thread can send in an open loop, on the calling thread.
[[nodiscard]] double measure_generator();

// The loop of the latency phase around a request that does nothing, on the calling thread.
[[nodiscard]] Histogram measure_timer_floor();

}  // namespace limiterbench::bench
