// What each building block of a row costs, so that a row's cost can be read as a sum: one Google
// Benchmark case per block, alone and on every CPU at once ("shared" blocks then contend).
//
// Threads here are Google Benchmark's own, neither placed nor started together: compare blocks
// within one run. With several threads, Time is divided by their number before Google Benchmark 1.9
// (google/benchmark#1833) and not after; CPU is always one thread's.
#include <benchmark/benchmark.h>
#include <sched.h>
#include <time.h>

#include <limiterbench/config/hazard_pointer.hpp>
#include <limiterbench/config/shared_pointer.hpp>
#include <limiterbench/primitives/asymmetric_fence.hpp>
#include <limiterbench/primitives/hazard_pointer.hpp>
#include <limiterbench/quota/packed.hpp>
#include <limiterbench/rows/hazard.hpp>
#include <limiterbench/rows/leased.hpp>
#include <limiterbench/rows/leased_rseq.hpp>
#include <limiterbench/rows/sharded.hpp>

#include <array>
#include <atomic>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <thread>

#include "host/clock.hpp"

namespace {

using limiterbench::Config;
using limiterbench::Published;

struct alignas(limiterbench::sync::false_sharing_range) Word {
  std::atomic<std::uint64_t> value{0};
};

Word shared_word;

struct Node : limiterbench::HazardNode<Node> {
  std::uint64_t limit = 1'000;
};

std::atomic<Node*>& shared_node() {
  static Node node;
  static std::atomic<Node*> pointer{&node};
  return pointer;
}

limiterbench::HazardDomain<Node>& domain() {
  static limiterbench::HazardDomain<Node> hazards;
  return hazards;
}

const Published& published() {
  static const Published value = [] {
    Config config{.version = 1};
    config.rules.fill({.limit = 1'000'000'000, .window = 10'000'000, .backoff = {}});
    return limiterbench::succeed(Published{}, config);
  }();
  return value;
}

template <std::memory_order order>
void load(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(shared_word.value.load(order));
}

// The whole of a bare read: the pointer, and the limit behind it.
void acquire_load_and_read(benchmark::State& state) {
  for (auto _ : state)
    benchmark::DoNotOptimize(shared_node().load(std::memory_order_acquire)->limit);
}

void hazard_protect_read_clear(benchmark::State& state) {
  limiterbench::HazardDomain<Node>::Pointer hazard(domain());
  for (auto _ : state) {
    benchmark::DoNotOptimize(hazard.protect(shared_node())->limit);
    hazard.clear();
  }
}

void shared_pointer_load_read_drop(benchmark::State& state) {
  static limiterbench::SharedPointerSource source(published());
  auto reader = source.attach();
  for (auto _ : state) {
    const auto guard = source.read(reader, 0);
    benchmark::DoNotOptimize((*guard).rule.limit);
  }
}

template <std::memory_order order>
void store_private(benchmark::State& state) {
  Word word;
  for (auto _ : state) {
    word.value.store(1, order);
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

template <std::memory_order order>
void fetch_add_private(benchmark::State& state) {
  Word word;
  for (auto _ : state) benchmark::DoNotOptimize(word.value.fetch_add(1, order));
}

template <std::memory_order order>
void fetch_add_shared(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(shared_word.value.fetch_add(1, order));
}

void compare_exchange_shared(benchmark::State& state) {
  for (auto _ : state) {
    std::uint64_t seen = shared_word.value.load(std::memory_order_relaxed);
    while (!shared_word.value.compare_exchange_weak(seen, seen + 1, std::memory_order_relaxed)) {
    }
  }
}

template <std::memory_order order>
void fence(benchmark::State& state) {
  for (auto _ : state) std::atomic_thread_fence(order);
}

void light_fence(benchmark::State& state) {
  for (auto _ : state) limiterbench::light_fence();
}

void heavy_fence(benchmark::State& state) {
  for (auto _ : state) limiterbench::heavy_fence();
}

void mutex_pair(benchmark::State& state) {
  static std::mutex mutex;
  for (auto _ : state) const std::lock_guard lock(mutex);
}

void shared_mutex_exclusive_pair(benchmark::State& state) {
  static std::shared_mutex mutex;
  for (auto _ : state) const std::lock_guard lock(mutex);
}

void shared_mutex_shared_pair(benchmark::State& state) {
  static std::shared_mutex mutex;
  for (auto _ : state) const std::shared_lock lock(mutex);
}

void tsc(benchmark::State& state) {
  const auto& clock = limiterbench::host::Clock::get();
  clock.with_source([&](auto source) {
    for (auto _ : state) benchmark::DoNotOptimize(decltype(source)::ticks());
  });
}

template <clockid_t id>
void clock_read(benchmark::State& state) {
  timespec now;
  for (auto _ : state) {
    clock_gettime(id, &now);
    benchmark::DoNotOptimize(now);
  }
}

void cpu_identity(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(limiterbench::sync::current_cpu());
}

void cpu_identity_call(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(sched_getcpu());
}

// The least that an admission can do: read the limit, find this CPU's counter, count, compare.
void floor_admission(benchmark::State& state) {
  struct alignas(limiterbench::sync::false_sharing_range) Counter {
    std::uint64_t value = 0;
  };
  const auto counters = std::make_unique<Counter[]>(limiterbench::sync::cpu_count());
  for (auto _ : state) {
    const Node* node = shared_node().load(std::memory_order_acquire);
    std::uint64_t& counter = counters[limiterbench::sync::current_cpu()].value;
    benchmark::DoNotOptimize(++counter);
    benchmark::DoNotOptimize(counter <= node->limit);
  }
}

void packed_admission(benchmark::State& state) {
  static limiterbench::PackedQuota quota;
  static const bool adopted = [] {
    quota.adopt(0, published().rules[0]);
    return true;
  }();
  benchmark::DoNotOptimize(adopted);
  std::uint64_t now = 0;
  for (auto _ : state)
    benchmark::DoNotOptimize(quota.try_take(0, published().rules[0], 1, now += 2));
}

// A whole row, admitting far from its limit.
template <limiterbench::Limiter Row>
void row_admission(benchmark::State& state) {
  static Row row(published().config());
  auto handle = row.attach();
  limiterbench::Request request{.traffic_class = 0, .cost = 1, .now = 0};
  for (auto _ : state) {
    request.now += 2;
    benchmark::DoNotOptimize(row.try_acquire(handle, request));
  }
}

void on_one_and_all(benchmark::internal::Benchmark* benchmark) {
  benchmark->UseRealTime()->Threads(1);
  const int cpus = static_cast<int>(std::thread::hardware_concurrency());
  if (cpus > 1) benchmark->Threads(cpus);
}

BENCHMARK(floor_admission)->Apply(on_one_and_all);
BENCHMARK(acquire_load_and_read)->Apply(on_one_and_all);
BENCHMARK(hazard_protect_read_clear)->Apply(on_one_and_all);
BENCHMARK(shared_pointer_load_read_drop)->Apply(on_one_and_all);
BENCHMARK(packed_admission)->Apply(on_one_and_all);
BENCHMARK(row_admission<limiterbench::hazard>)->Apply(on_one_and_all);
BENCHMARK(row_admission<limiterbench::sharded>)->Apply(on_one_and_all);
BENCHMARK(row_admission<limiterbench::leased>)->Apply(on_one_and_all);
BENCHMARK(row_admission<limiterbench::leased_rseq>)->Apply(on_one_and_all);
BENCHMARK(load<std::memory_order_relaxed>)->Apply(on_one_and_all);
BENCHMARK(load<std::memory_order_acquire>)->Apply(on_one_and_all);
BENCHMARK(load<std::memory_order_seq_cst>)->Apply(on_one_and_all);
BENCHMARK(store_private<std::memory_order_relaxed>)->Apply(on_one_and_all);
BENCHMARK(store_private<std::memory_order_release>)->Apply(on_one_and_all);
BENCHMARK(store_private<std::memory_order_seq_cst>)->Apply(on_one_and_all);
BENCHMARK(increment_private)->Apply(on_one_and_all);
BENCHMARK(fetch_add_private<std::memory_order_relaxed>)->Apply(on_one_and_all);
BENCHMARK(fetch_add_private<std::memory_order_seq_cst>)->Apply(on_one_and_all);
BENCHMARK(fetch_add_shared<std::memory_order_relaxed>)->Apply(on_one_and_all);
BENCHMARK(fetch_add_shared<std::memory_order_seq_cst>)->Apply(on_one_and_all);
BENCHMARK(compare_exchange_shared)->Apply(on_one_and_all);
BENCHMARK(fence<std::memory_order_acquire>)->Apply(on_one_and_all);
BENCHMARK(fence<std::memory_order_release>)->Apply(on_one_and_all);
BENCHMARK(fence<std::memory_order_seq_cst>)->Apply(on_one_and_all);
BENCHMARK(light_fence)->Apply(on_one_and_all);
BENCHMARK(heavy_fence)->Apply(on_one_and_all);
BENCHMARK(mutex_pair)->Apply(on_one_and_all);
BENCHMARK(shared_mutex_exclusive_pair)->Apply(on_one_and_all);
BENCHMARK(shared_mutex_shared_pair)->Apply(on_one_and_all);
BENCHMARK(tsc)->Apply(on_one_and_all);
BENCHMARK(clock_read<CLOCK_MONOTONIC>)->Apply(on_one_and_all);
BENCHMARK(clock_read<CLOCK_MONOTONIC_COARSE>)->Apply(on_one_and_all);
BENCHMARK(cpu_identity)->Apply(on_one_and_all);
BENCHMARK(cpu_identity_call)->Apply(on_one_and_all);

}  // namespace

BENCHMARK_MAIN();
