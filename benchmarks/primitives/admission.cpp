// Counting and deciding: the least that it can cost, a counter alone, and whole rows, each
// admitting far from its limit. One that denies instead fails: it would look cheap.
#include <limiterbench/quota/packed.hpp>
#include <limiterbench/registry.hpp>

#include <algorithm>
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

// Goes on from one repetition to the next and together on all threads: a request of a past time is
// another case, and a cheaper one where it is denied by a mere read.
class Time {
 public:
  explicit Time(std::atomic<Nanoseconds>& reached) : reached_(reached) { meet(); }
  ~Time() { meet(); }
  Time(const Time&) = delete;
  Time& operator=(const Time&) = delete;

  [[nodiscard]] Nanoseconds next() noexcept {
    if (--steps_left_ == 0) [[unlikely]]
      meet();
    return now_ += 2;
  }

 private:
  void meet() noexcept {
    Nanoseconds known = reached_.load(std::memory_order_relaxed);
    while (known < now_ &&
           !reached_.compare_exchange_weak(known, now_, std::memory_order_relaxed)) {
    }
    now_ = std::max(now_, known);
    steps_left_ = 1024;
  }

  std::atomic<Nanoseconds>& reached_;
  Nanoseconds now_ = 0;
  unsigned steps_left_ = 0;
};

// A thread that lost its CPU is behind the others for a while.
void check_admitted(benchmark::State& state, std::uint64_t denied) {
  if (denied * 1000 > static_cast<std::uint64_t>(state.iterations()))
    state.SkipWithError("more than one request in 1,000 was denied");
}

void packed_admission(benchmark::State& state) {
  static PackedQuota quota;
  static const bool adopted = [] {
    quota.adopt(0, published().rules[0]);
    return true;
  }();
  benchmark::DoNotOptimize(adopted);
  static std::atomic<Nanoseconds> reached{0};
  Time time(reached);
  const PublishedRule& rule = published().rules[0];
  std::uint64_t denied = 0;
  for (auto _ : state) {
    const Nanoseconds now = time.next();
    const bool admitted = quota.try_take(0, rule, 1, now) ||
                          quota.take(0, rule, 1, now).kind == Verdict::Kind::admitted;
    denied += !admitted;
  }
  check_admitted(state, denied);
}

template <Limiter Row>
void row_admission(benchmark::State& state) {
  static Row row(published().config());
  static std::atomic<Nanoseconds> reached{0};
  auto handle = row.attach();
  Time time(reached);
  Request request{.traffic_class = 0, .cost = 1, .now = 0};
  std::uint64_t denied = 0;
  for (auto _ : state) {
    request.now = time.next();
    const Decision decision = row.try_acquire(handle, request);
    benchmark::DoNotOptimize(decision);
    denied += !decision.admitted();
  }
  check_admitted(state, denied);
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
