#include "native/nothing.hpp"

#include <algorithm>
#include <limits>

#include "native/subject_of.hpp"

namespace limiterbench::bench {
namespace {

// What WorkerOf needs of a limiter, with nothing in it.
struct Nothing {
  struct Handle {};
  Handle attach() { return {}; }
  Decision try_acquire(Handle&, const Request&) noexcept { return Decision::admit(0); }
  Config config(Handle&) noexcept { return {}; }
};

}  // namespace

std::unique_ptr<Worker> work_on_nothing() {
  return host::Clock::get().with_source([](auto source) -> std::unique_ptr<Worker> {
    static Nothing nothing;
    return std::make_unique<WorkerOf<Nothing, decltype(source)>>(nothing);
  });
}

double measure_generator() {
  const host::Clock& clock = host::Clock::get();
  OpenLoop loop(0, clock.scale());
  const std::unique_ptr<Worker> worker = work_on_nothing();
  std::uint64_t most = 0;
  for (unsigned i = 0; i < generator_tries; ++i) {
    Position position{{open_class, tight_class, 32}, 0};
    std::uint64_t stamp = clock.ticks();
    const std::uint64_t end =
        stamp + static_cast<std::uint64_t>(generator_seconds * 1e9 / clock.ns_per_tick());
    loop.start({}, stamp, end);
    worker->paced(position, std::numeric_limits<std::uint32_t>::max(), end, stamp, loop);
    most = std::max(most, loop.service().count());
  }
  return static_cast<double>(most) / generator_seconds;
}

Histogram measure_timer_floor() {
  constexpr std::uint32_t batch = 64;
  Histogram histogram;
  const std::unique_ptr<Worker> worker = work_on_nothing();
  Position position{{open_class, tight_class, 32}, 0};
  for (int i = 0; i < 1500; ++i) {
    if (i == 500) histogram.clear();
    std::uint64_t stamp = host::Clock::get().ticks();
    worker->timed(position, batch, stamp, histogram);
  }
  return histogram;
}

}  // namespace limiterbench::bench
