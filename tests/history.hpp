// A sequential oracle for histories of concurrent requests to one class, whose rule does not
// change. It knows nothing about designs.
//
// A history is right if its requests can be put into an order, in which none comes before one that
// had ended when it began, and in which each is admitted if and only if its cost fits. The oracle
// looks for what no such order allows.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limiterbench/limiter.hpp>
#include <vector>

namespace limiterbench::conformance {

struct Event {
  std::uint64_t begin = 0;  // when the request was made and answered, on one clock of all threads
  std::uint64_t end = 0;
  Permits cost = 0;
  bool admitted = false;
};

struct Faults {
  std::uint64_t over_the_limit = 0;    // histories that admitted more than their windows allow
  std::uint64_t denied_too_early = 0;  // denials of a cost that fits in every order
  std::uint64_t stranded = 0;  // histories that left room for the smallest cost that was denied

  void operator+=(const Faults& other) {
    over_the_limit += other.over_the_limit;
    denied_too_early += other.denied_too_early;
    stranded += other.stranded;
  }
  [[nodiscard]] std::uint64_t all() const { return over_the_limit + denied_too_early + stranded; }
};

// All requests of the history fall into `windows` windows. `bound`: how many permits more than its
// limit a window may admit. With several windows only what holds for any division is looked for.
[[nodiscard]] inline Faults judge(std::vector<Event> history, Permits limit, Permits windows,
                                  Permits bound) {
  std::sort(history.begin(), history.end(),
            [](const Event& a, const Event& b) { return a.begin < b.begin; });
  // admitted[i]: by the first i requests.
  std::vector<Permits> admitted{0};
  for (const Event& event : history)
    admitted.push_back(admitted.back() + (event.admitted ? event.cost : 0));

  Faults faults;
  Permits smallest = limit + 1;
  for (const Event& event : history) {
    if (event.admitted) continue;
    smallest = std::min(smallest, event.cost);
    // Nothing that began after this denial's end can have come before it.
    const auto later =
        std::partition_point(history.begin(), history.end(),
                             [&](const Event& other) { return other.begin < event.end; });
    if (admitted[static_cast<std::size_t>(later - history.begin())] + event.cost <= limit)
      ++faults.denied_too_early;
  }
  const Permits total = admitted.back();
  if (total > windows * (limit + bound)) ++faults.over_the_limit;
  if (total + smallest <= limit) ++faults.stranded;
  return faults;
}

}  // namespace limiterbench::conformance
