// The same row from a second translation unit: a header that defines what may be defined once, or
// refers to a copy that the linker dropped, fails to link.
#include <limiterbench/rows/leased_rseq.hpp>

bool second_unit_admits() {
  limiterbench::Config config{.version = 1};
  config.rules[0] = {.limit = 1, .window = 1'000'000'000, .backoff = {}};
  limiterbench::leased_rseq limiter(config);
  auto handle = limiter.attach();
  return limiter.try_acquire(handle, {.traffic_class = 0, .cost = 1, .now = 1}).admitted();
}
