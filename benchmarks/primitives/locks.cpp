// Each lock's pair: acquired and released, with nothing in between.
#include <limiterbench/registry.hpp>

#include <mutex>
#include <shared_mutex>

#include "blocks.hpp"

namespace limiterbench::primitives {
namespace {

template <class Mutex>
void exclusive_pair(benchmark::State& state) {
  static Mutex mutex;
  for (auto _ : state) const std::lock_guard lock(mutex);
}

template <class Mutex>
void shared_pair(benchmark::State& state) {
  static Mutex mutex;
  for (auto _ : state) const std::shared_lock lock(mutex);
}

BENCHMARK(exclusive_pair<std::mutex>)->Apply(on_one_and_all);
BENCHMARK(exclusive_pair<std::shared_mutex>)->Apply(on_one_and_all);
BENCHMARK(shared_pair<std::shared_mutex>)->Apply(on_one_and_all);
BENCHMARK(exclusive_pair<GoRwMutex>)->Apply(on_one_and_all);
BENCHMARK(shared_pair<GoRwMutex>)->Apply(on_one_and_all);
#if LIMITERBENCH_WITH_TBB
BENCHMARK(exclusive_pair<tbb::rw_mutex>)->Apply(on_one_and_all);
BENCHMARK(shared_pair<tbb::rw_mutex>)->Apply(on_one_and_all);
#endif
#if LIMITERBENCH_WITH_ABSL
BENCHMARK(exclusive_pair<AbslSharedMutex>)->Apply(on_one_and_all);
BENCHMARK(shared_pair<AbslSharedMutex>)->Apply(on_one_and_all);
#endif
#if LIMITERBENCH_WITH_BOOST_THREAD
BENCHMARK(exclusive_pair<boost::shared_mutex>)->Apply(on_one_and_all);
BENCHMARK(shared_pair<boost::shared_mutex>)->Apply(on_one_and_all);
#endif

}  // namespace
}  // namespace limiterbench::primitives
