// Requests that were drawn beforehand: in the measured loop the next one costs a load.
#pragma once

#include <limiterbench/limiter.hpp>

#include <array>
#include <cstddef>
#include <cstdint>

#include "workload/admission.hpp"
#include "workload/pages.hpp"
#include "workload/scenario.hpp"

namespace limiterbench::bench {

// One thread's requests, over and over, and what became of them.
class Drawn {
 public:
  struct Request {
    std::uint8_t traffic_class;
    std::uint8_t cost;
  };
  // Few enough to stay in the nearest cache.
  static constexpr std::size_t request_count = 4096;
  static constexpr std::uint32_t most_at_once = 64;

  // The mix's shares, as exactly as so few requests have them, in an order that the seed gives.
  Drawn(const Mix& mix, std::uint64_t seed);

  // The next `count` requests, at most most_at_once.
  [[nodiscard]] const Request* next(std::uint32_t count) noexcept {
    const Request* const first = requests_.span().data() + position_;
    position_ = (position_ + count) % request_count;
    return first;
  }

  void note(const Request& request, const Decision& decision) noexcept {
    Outcome& outcome = outcomes[request.traffic_class];
    if (decision.admitted()) {
      outcome.admitted += request.cost;
    } else if (decision.denied()) {
      outcome.least_denied = lesser_cost(outcome.least_denied, request.cost);
    }
  }

  std::array<Outcome, class_count> outcomes{};  // by class; the caller clears it

 private:
  PagedArray<Request> requests_;  // the first ones follow the last: any `count` are in a row
  std::size_t position_ = 0;
};

}  // namespace limiterbench::bench
