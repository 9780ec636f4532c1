#include "workload/drawn.hpp"

#include <algorithm>
#include <random>
#include <span>
#include <utility>

namespace limiterbench::bench {

Drawn::Drawn(const Mix& mix, std::uint64_t seed) : requests_(request_count + most_at_once) {
  const std::span<Request> drawn = requests_.span().first(request_count);
  std::uint32_t traffic_class = 0;
  double until = drawn_share(mix, 0) * request_count;
  for (std::size_t i = 0; i < drawn.size(); ++i) {
    while (static_cast<double>(i) + 0.5 > until && traffic_class + 1 < class_count)
      until += drawn_share(mix, ++traffic_class) * request_count;
    drawn[i] = {static_cast<std::uint8_t>(traffic_class),
                static_cast<std::uint8_t>(1 + i % mix.most_cost)};
  }
  // The library's std::shuffle differs between libraries; the generator does not.
  std::mt19937_64 random(seed);
  for (std::size_t left = drawn.size(); left > 1; --left)
    std::swap(drawn[left - 1], drawn[random() % left]);
  std::ranges::copy(drawn.first(most_at_once), requests_.span().begin() + request_count);
}

}  // namespace limiterbench::bench
