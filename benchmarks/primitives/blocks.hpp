// What the files of limiterbench_primitives share. Each registers the building blocks of one kind,
// alone and on every CPU at once ("shared" blocks then contend). The cost of a design is about the
// sum of its blocks.
//
// Threads here are Google Benchmark's own, neither placed nor started together: compare blocks
// within one run. With several threads, Time is divided by their number before Google Benchmark 1.9
// (google/benchmark#1833) and not after; CPU is always one thread's.
#pragma once

#include <benchmark/benchmark.h>

#include <limiterbench/published.hpp>

#include <thread>

namespace limiterbench::primitives {

inline void on_one_and_all(benchmark::internal::Benchmark* benchmark) {
  benchmark->UseRealTime()->Threads(1);
  const int cpus = static_cast<int>(std::thread::hardware_concurrency());
  if (cpus > 1) benchmark->Threads(cpus);
}

// A configuration whose limits are far away.
inline const Published& published() {
  static const Published value = [] {
    Config config{.version = 1};
    config.rules.fill({.limit = 1'000'000'000, .window = 10'000'000, .backoff = {}});
    return succeed(Published{}, config);
  }();
  return value;
}

}  // namespace limiterbench::primitives
