// limiterbench_primitives: what each building block of a row costs (blocks.hpp).
#include <benchmark/benchmark.h>

BENCHMARK_MAIN();
