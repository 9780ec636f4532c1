// The thread that replaces the configuration while the team sends requests.
#pragma once

#include <cstdint>

#include "native/barrier.hpp"
#include "workload/histogram.hpp"
#include "workload/subject.hpp"

namespace limiterbench::bench {

class Writer {
 public:
  Writer(Subject& subject, const Scenario& scenario, bool shares_cpu);

  // Waits for the others and publishes at the scenario's rate for this long. Throws what publish()
  // throws.
  void run(StartBarrier& barrier, std::uint64_t duration_ticks, Permits edge_limit,
           std::uint64_t& version);

  void sample_footprint();

  [[nodiscard]] const Histogram& publishes() const noexcept { return publishes_; }
  [[nodiscard]] Footprint peak() const noexcept { return peak_; }

 private:
  Subject& subject_;
  const Scenario& scenario_;
  bool shares_cpu_;
  Histogram publishes_;
  Footprint peak_;
};

}  // namespace limiterbench::bench
