// Counting and deciding: the least that it can cost, a counter alone, and whole designs that admit
// far from their limit. A design that denies instead fails, because it would look cheap. As in the
// harness, the loop knows a request's class, but neither its cost nor its time. `unlimited`, which
// looks at the class alone, is therefore the empty loop.
#include <limiterbench/quota/packed.hpp>
#include <limiterbench/registry.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <memory>

#include "blocks.hpp"
#include "native/subject_of.hpp"

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

// Requests go out in batches. Their times go on from one repetition to the next, and advance
// together on all threads: a request with a past time is another case, and a cheaper one if a mere
// read denies it. A thread that lost its CPU is behind the others for a while.
constexpr std::uint64_t batch = 1024;
constexpr Nanoseconds step_ns = 2;

// The latest time that any thread has reached.
Nanoseconds latest(std::atomic<Nanoseconds>& reached, Nanoseconds now) noexcept {
  Nanoseconds known = reached.load(std::memory_order_relaxed);
  while (known < now && !reached.compare_exchange_weak(known, now, std::memory_order_relaxed)) {
  }
  return std::max(now, known);
}

// send(now): asks a batch of requests, returns how many of them were denied.
template <class Send>
void admit(benchmark::State& state, std::atomic<Nanoseconds>& reached, Send&& send) {
  std::uint64_t denied = 0;
  Nanoseconds now = 0;
  while (state.KeepRunningBatch(batch)) {
    now = latest(reached, now);
    denied += send(now);
    now += batch * step_ns;
  }
  latest(reached, now);
  if (denied * 1000 > static_cast<std::uint64_t>(state.iterations()))
    state.SkipWithError("more than one request in 1,000 was denied");
}

void packed_admission(benchmark::State& state) {
  static PackedQuota quota;
  [[maybe_unused]] static const bool adopted = [] {
    quota.adopt(0, published().rules[0]);
    return true;
  }();
  static std::atomic<Nanoseconds> reached{0};
  const PublishedRule& rule = published().rules[0];
  admit(state, reached, [&](Nanoseconds now) {
    std::uint64_t denied = 0;
    for (std::uint64_t i = 0; i < batch; ++i) {
      now += step_ns;
      denied += !quota.try_take(0, rule, 1, now) &&
                quota.take(0, rule, 1, now).kind != Verdict::Kind::admitted;
    }
    return denied;
  });
}

// Uses the whole decision, in the two registers in which a call returns it.
void keep(const Decision& decision) noexcept {
  for (std::uint64_t word : std::bit_cast<std::array<std::uint64_t, 2>>(decision))
    benchmark::DoNotOptimize(word);
}

// As in the harness: the loop knows a request's class, but neither its cost nor its time, and has a
// function of its own.
template <Limiter Row>
[[gnu::noinline]] std::uint64_t send(Row& row, typename Row::Handle& handle,
                                     std::uint32_t traffic_class, Nanoseconds now) noexcept {
  std::uint64_t denied = 0;
  Permits cost = 1;
  for (std::uint64_t i = 0; i < batch; ++i) {
    now += step_ns;
    bench::launder_value(now);
    bench::launder_value(cost);
    const Decision decision = row.try_acquire(handle, {traffic_class, cost, now});
    keep(decision);
    denied += !decision.admitted();
  }
  return denied;
}

template <Limiter Row>
void row_admission(benchmark::State& state) {
  static Row row(published().config());
  static std::atomic<Nanoseconds> reached{0};
  auto handle = row.attach();
  Row* asked = &row;
  std::uint32_t traffic_class = 0;
  bench::launder_value(asked);
  bench::launder_value(traffic_class);
  admit(state, reached, [&](Nanoseconds now) { return send(*asked, handle, traffic_class, now); });
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
