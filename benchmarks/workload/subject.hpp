// A limiter, seen without its type, as far as every executor uses it alike.
#pragma once

#include <limiterbench/limiter.hpp>

#include <array>
#include <cstddef>
#include <cstdint>

#include "workload/drawn.hpp"
#include "workload/scenario.hpp"

namespace limiterbench::bench {

class Subject {
 public:
  Subject() = default;
  virtual ~Subject() = default;
  Subject(const Subject&) = delete;
  Subject& operator=(const Subject&) = delete;

  virtual void publish(const Config& config) = 0;
  [[nodiscard]] virtual Footprint footprint() = 0;
  [[nodiscard]] virtual Permits error_bound(const Rule& rule, Permits cost) = 0;
};

// Where a thread is in the mix.
struct Position {
  Mix mix;
  std::uint32_t until_rare;  // requests of the common class before the next of the rare one
  Drawn* drawn = nullptr;    // if requests are drawn
};

// What became of a batch; [0]: of the mix's common class, [1]: of its rare one. All that is drawn
// counts as common.
struct Tally {
  std::array<std::uint32_t, 2> requests{};
  std::array<std::uint32_t, 2> admitted{};
  std::array<std::uint32_t, 2> denied{};
};

}  // namespace limiterbench::bench
