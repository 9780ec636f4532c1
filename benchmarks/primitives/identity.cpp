// Clocks, and which CPU this is.
#include <sched.h>
#include <time.h>

#include "blocks.hpp"
#include "host/clock.hpp"

namespace limiterbench::primitives {
namespace {

// The harness's timestamp.
void tsc(benchmark::State& state) {
  const auto& clock = host::Clock::get();
  clock.with_source([&](auto source) {
    for (auto _ : state) benchmark::DoNotOptimize(decltype(source)::ticks());
  });
}

template <clockid_t Id>
void clock_read(benchmark::State& state) {
  timespec now;
  for (auto _ : state) {
    clock_gettime(Id, &now);
    benchmark::DoNotOptimize(now);
  }
}

void cpu_identity(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(sync::current_cpu());
}

void cpu_identity_call(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(sched_getcpu());
}

BENCHMARK(tsc)->Apply(on_one_and_all);
BENCHMARK(clock_read<CLOCK_MONOTONIC>)->Apply(on_one_and_all);
BENCHMARK(clock_read<CLOCK_MONOTONIC_COARSE>)->Apply(on_one_and_all);
BENCHMARK(clock_read<CLOCK_REALTIME>)->Apply(on_one_and_all);
BENCHMARK(cpu_identity)->Apply(on_one_and_all);
BENCHMARK(cpu_identity_call)->Apply(on_one_and_all);

}  // namespace
}  // namespace limiterbench::primitives
