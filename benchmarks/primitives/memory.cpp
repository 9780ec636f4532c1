// Loads, stores, read-modify-writes and fences, under each memory order.
#include <limiterbench/primitives/asymmetric_fence.hpp>

#include <atomic>

#include "blocks.hpp"

namespace limiterbench::primitives {
namespace {

struct alignas(sync::false_sharing_range) Word {
  std::atomic<std::uint64_t> value{0};
};

Word shared_word;

template <std::memory_order Order>
void load(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(shared_word.value.load(Order));
}

template <std::memory_order Order>
void store_private(benchmark::State& state) {
  Word word;
  for (auto _ : state) {
    word.value.store(1, Order);
    benchmark::ClobberMemory();
  }
}

void increment_private(benchmark::State& state) {
  Word word;
  for (auto _ : state) {
    word.value.store(word.value.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
    benchmark::ClobberMemory();
  }
}

template <std::memory_order Order>
void fetch_add_private(benchmark::State& state) {
  Word word;
  for (auto _ : state) benchmark::DoNotOptimize(word.value.fetch_add(1, Order));
}

template <std::memory_order Order>
void fetch_add_shared(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(shared_word.value.fetch_add(1, Order));
}

// How a counter that must not pass its limit counts: read, decide, swap.
template <std::memory_order Order>
void compare_exchange_private(benchmark::State& state) {
  Word word;
  for (auto _ : state) {
    std::uint64_t seen = word.value.load(std::memory_order_relaxed);
    benchmark::DoNotOptimize(
        word.value.compare_exchange_strong(seen, seen + 1, Order, std::memory_order_relaxed));
  }
}

template <std::memory_order Order>
void compare_exchange_shared(benchmark::State& state) {
  for (auto _ : state) {
    std::uint64_t seen = shared_word.value.load(std::memory_order_relaxed);
    while (!shared_word.value.compare_exchange_weak(seen, seen + 1, Order,
                                                    std::memory_order_relaxed)) {
    }
  }
}

template <std::memory_order Order>
void fence(benchmark::State& state) {
  for (auto _ : state) std::atomic_thread_fence(Order);
}

void asymmetric_light_fence(benchmark::State& state) {
  for (auto _ : state) light_fence();
}

// membarrier(2) where there is one.
void asymmetric_heavy_fence(benchmark::State& state) {
  for (auto _ : state) heavy_fence();
}

constexpr auto relaxed = std::memory_order_relaxed;
constexpr auto acquire = std::memory_order_acquire;
constexpr auto release = std::memory_order_release;
constexpr auto acq_rel = std::memory_order_acq_rel;
constexpr auto seq_cst = std::memory_order_seq_cst;

BENCHMARK(load<relaxed>)->Apply(on_one_and_all);
BENCHMARK(load<acquire>)->Apply(on_one_and_all);
BENCHMARK(load<seq_cst>)->Apply(on_one_and_all);
BENCHMARK(store_private<relaxed>)->Apply(on_one_and_all);
BENCHMARK(store_private<release>)->Apply(on_one_and_all);
BENCHMARK(store_private<seq_cst>)->Apply(on_one_and_all);
BENCHMARK(increment_private)->Apply(on_one_and_all);
BENCHMARK(fetch_add_private<relaxed>)->Apply(on_one_and_all);
BENCHMARK(fetch_add_private<acquire>)->Apply(on_one_and_all);
BENCHMARK(fetch_add_private<release>)->Apply(on_one_and_all);
BENCHMARK(fetch_add_private<acq_rel>)->Apply(on_one_and_all);
BENCHMARK(fetch_add_private<seq_cst>)->Apply(on_one_and_all);
BENCHMARK(fetch_add_shared<relaxed>)->Apply(on_one_and_all);
BENCHMARK(fetch_add_shared<seq_cst>)->Apply(on_one_and_all);
BENCHMARK(compare_exchange_private<relaxed>)->Apply(on_one_and_all);
BENCHMARK(compare_exchange_private<seq_cst>)->Apply(on_one_and_all);
BENCHMARK(compare_exchange_shared<relaxed>)->Apply(on_one_and_all);
BENCHMARK(compare_exchange_shared<seq_cst>)->Apply(on_one_and_all);
BENCHMARK(fence<acquire>)->Apply(on_one_and_all);
BENCHMARK(fence<release>)->Apply(on_one_and_all);
BENCHMARK(fence<acq_rel>)->Apply(on_one_and_all);
BENCHMARK(fence<seq_cst>)->Apply(on_one_and_all);
BENCHMARK(asymmetric_light_fence)->Apply(on_one_and_all);
BENCHMARK(asymmetric_heavy_fence)->Apply(on_one_and_all);

}  // namespace
}  // namespace limiterbench::primitives
