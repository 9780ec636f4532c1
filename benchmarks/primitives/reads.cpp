// What it costs to read the configuration safely: protect it, read its limit once, and release it,
// for each source, from one thread to one for each CPU, while nobody reloads and at 10 and 10,000
// reloads a second.
#include <limiterbench/registry.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <optional>
#include <ratio>
#include <stop_token>
#include <thread>

#include "blocks.hpp"

#if LIMITERBENCH_WITH_CK
extern "C" {
#include <ck_hp.h>
}
#endif

namespace limiterbench::primitives {
namespace {

struct Node : HazardNode<Node> {
  std::uint64_t limit = 1'000;
};

std::atomic<Node*>& shared_node() {
  static Node node;
  static std::atomic<Node*> pointer{&node};
  return pointer;
}

// Without protection: correct only if nobody ever frees what is read.
void acquire_load_and_read(benchmark::State& state) {
  for (auto _ : state)
    benchmark::DoNotOptimize(shared_node().load(std::memory_order_acquire)->limit);
}

void hazard_protect_read_clear(benchmark::State& state) {
  static HazardDomain<Node> domain;
  HazardDomain<Node>::Pointer hazard(domain);
  for (auto _ : state) {
    benchmark::DoNotOptimize(hazard.protect(shared_node())->limit);
    hazard.clear();
  }
}

#if LIMITERBENCH_WITH_CK
// As its manual says: announce with a fence, then load again until nothing has changed.
void ck_hp_protect_read_clear(benchmark::State& state) {
  static ck_hp_t domain = [] {
    ck_hp_t made;
    ck_hp_init(&made, 1, 64, [](void*) {});
    return made;
  }();
  void* slots[1] = {};
  ck_hp_record_t record{};
  ck_hp_register(&domain, &record, slots);
  for (auto _ : state) {
    Node* node = shared_node().load(std::memory_order_relaxed);
    for (;;) {
      ck_hp_set_fence(&record, 0, node);
      Node* const again = shared_node().load(std::memory_order_acquire);
      if (again == node) break;
      node = again;
    }
    benchmark::DoNotOptimize(node->limit);
    ck_hp_set(&record, 0, nullptr);
  }
  ck_hp_unregister(&record);
}
#endif

// Reloads `per_second` times a second, as long as it lives.
template <class Source>
class Writer {
 public:
  Writer(Source& source, std::int64_t per_second)
      : thread_([&source, per_second](const std::stop_token& stop) {
          const auto interval = std::chrono::nanoseconds(std::nano::den / per_second);
          for (auto next = std::chrono::steady_clock::now(); !stop.stop_requested();) {
            source.publish(published());
            next = std::max(next + interval, std::chrono::steady_clock::now());
            std::this_thread::sleep_until(next);
          }
        }) {}

 private:
  std::jthread thread_;
};

template <class Source>
void read_from(benchmark::State& state) {
  static Source source(published());
  std::optional<Writer<Source>> writer;
  if (state.thread_index() == 0 && state.range(0) != 0) writer.emplace(source, state.range(0));
  auto reader = source.attach();
  for (auto _ : state) {
    const auto guard = source.read(reader, 0);
    auto limit = (*guard).rule.limit;
    benchmark::DoNotOptimize(limit);
  }
}

void under_reloads(benchmark::internal::Benchmark* benchmark) {
  benchmark->UseRealTime()->ArgName("reloads_per_second")->Arg(0)->Arg(10)->Arg(10'000);
  const int cpus = static_cast<int>(std::thread::hardware_concurrency());
  for (int threads = 1; threads < cpus; threads *= 2) benchmark->Threads(threads);
  benchmark->Threads(std::max(cpus, 1));
}

BENCHMARK(acquire_load_and_read)->Apply(on_one_and_all);
BENCHMARK(hazard_protect_read_clear)->Apply(on_one_and_all);
BENCHMARK(read_from<HazardPointerSource>)->Apply(under_reloads);
BENCHMARK(read_from<SharedLockSource<sync::shared_mutex>>)->Apply(under_reloads);
BENCHMARK(read_from<SharedPointerSource>)->Apply(under_reloads);
BENCHMARK(read_from<AtomicValueSource>)->Apply(under_reloads);
BENCHMARK(read_from<RingSource<8>>)->Apply(under_reloads);
BENCHMARK(read_from<SeqlockSource>)->Apply(under_reloads);
BENCHMARK(read_from<LeftRightSource>)->Apply(under_reloads);
#if LIMITERBENCH_WITH_URCU
BENCHMARK(read_from<GracePeriodSource<UrcuMembDomain>>)->Apply(under_reloads);
BENCHMARK(read_from<GracePeriodSource<UrcuQsbrDomain>>)->Apply(under_reloads);
#endif
#if LIMITERBENCH_WITH_CK
BENCHMARK(ck_hp_protect_read_clear)->Apply(on_one_and_all);
BENCHMARK(read_from<GracePeriodSource<CkEpochDomain>>)->Apply(under_reloads);
BENCHMARK(read_from<CkBrlockSource>)->Apply(under_reloads);
#endif
#if LIMITERBENCH_WITH_XENIUM
BENCHMARK(read_from<XeniumSource<xenium::reclamation::hazard_pointer<>>>)->Apply(under_reloads);
BENCHMARK(read_from<XeniumSource<xenium::reclamation::epoch_based<>>>)->Apply(under_reloads);
#endif
#if LIMITERBENCH_WITH_LIBCDS
BENCHMARK(read_from<LibcdsHazardSource>)->Apply(under_reloads);
#endif

}  // namespace
}  // namespace limiterbench::primitives
