// Counting and deciding: the least that it can cost, a counter alone, and whole rows, each
// admitting far from its limit.
#include <limiterbench/quota/packed.hpp>
#include <limiterbench/registry.hpp>

#include <atomic>
#include <memory>

#include "blocks.hpp"

namespace limiterbench::primitives {
namespace {

// Reads the limit, finds this CPU's counter, counts, compares.
void floor_admission(benchmark::State& state) {
  struct alignas(sync::false_sharing_range) Counter {
    std::uint64_t value = 0;
  };
  static const Rule* const rule = &published().rules[0].rule;
  static std::atomic<const Rule*> pointer{rule};
  const auto counters = std::make_unique<Counter[]>(sync::cpu_count());
  for (auto _ : state) {
    const Rule* const current = pointer.load(std::memory_order_acquire);
    std::uint64_t& counter = counters[sync::current_cpu()].value;
    benchmark::DoNotOptimize(++counter);
    benchmark::DoNotOptimize(counter <= current->limit);
  }
}

void packed_admission(benchmark::State& state) {
  static PackedQuota quota;
  static const bool adopted = [] {
    quota.adopt(0, published().rules[0]);
    return true;
  }();
  benchmark::DoNotOptimize(adopted);
  std::uint64_t now = 0;
  for (auto _ : state)
    benchmark::DoNotOptimize(quota.try_take(0, published().rules[0], 1, now += 2));
}

template <Limiter Row>
void row_admission(benchmark::State& state) {
  static Row row(published().config());
  auto handle = row.attach();
  Request request{.traffic_class = 0, .cost = 1, .now = 0};
  for (auto _ : state) {
    request.now += 2;
    benchmark::DoNotOptimize(row.try_acquire(handle, request));
  }
}

BENCHMARK(floor_admission)->Apply(on_one_and_all);
BENCHMARK(packed_admission)->Apply(on_one_and_all);

[[maybe_unused]] const bool registered = [] {
  for_each_row([]<class Row>(std::type_identity<Row>) {
    const std::string name = "row_admission<" + std::string(Row::info.name) + ">";
    benchmark::RegisterBenchmark(name.c_str(), row_admission<Row>)->Apply(on_one_and_all);
  });
  return true;
}();

}  // namespace
}  // namespace limiterbench::primitives
