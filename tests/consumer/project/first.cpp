#include <limiterbench/rows/leased_rseq.hpp>

bool second_unit_admits();

int main() {
  limiterbench::Config config{.version = 1};
  config.rules[0] = {.limit = 1, .window = 1'000'000'000, .backoff = {}};
  limiterbench::leased_rseq limiter(config);
  auto handle = limiter.attach();
  const auto decision = limiter.try_acquire(handle, {.traffic_class = 0, .cost = 1, .now = 1});
  return decision.admitted() && second_unit_admits() ? 0 : 1;
}
