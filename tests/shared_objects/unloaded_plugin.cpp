// A plug-in with limiters of its own, which is really unloaded.
#include <limiterbench/rows/hazard.hpp>
#include <limiterbench/rows/leased_rseq.hpp>
#include <limiterbench/rows/snapshot_value.hpp>

namespace limiterbench {
namespace {

template <class L>
unsigned admitted(unsigned requests) {
  Config config{.version = 1, .rules = {}, .checksum = 0};
  config.rules.fill({.limit = 1'000'000, .window = max_window, .backoff = {}});
  L limiter(config);
  auto handle = limiter.attach();
  unsigned admitted = 0;
  for (unsigned i = 0; i < requests; ++i)
    admitted += limiter.try_acquire(handle, {}).admitted() ? 1 : 0;
  limiter.publish(config);
  return admitted;
}

}  // namespace
}  // namespace limiterbench

extern "C" [[gnu::visibility("default")]] unsigned limiterbench_use(unsigned requests) {
  using namespace limiterbench;
  return admitted<hazard>(requests) + admitted<snapshot_value>(requests) +
         admitted<leased_rseq>(requests);
}
