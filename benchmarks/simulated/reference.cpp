#include "simulated/reference.hpp"

#include <limiterbench/sync.hpp>

#include <numeric>

#include "host/placement.hpp"
#include "workload/histogram.hpp"

namespace limiterbench::simulation {
namespace {

constexpr double warmup = 0.1;  // of the duration

// A thread's work besides touching the lock's line: half of it in each of the two calls.
constexpr Time rwlock_work = from_ns(20);

class Word {
 public:
  explicit Word(Engine& engine) : engine_(engine) {}

  void increment() { word_.fetch_add(1, sync::relaxed); }

  // perfbook's rwlockscale: readers of a pthread_rwlock, which meet no writer.
  void read_locked() {
    word_.fetch_add(1, sync::acquire);
    engine_.spend(rwlock_work / 2);
    std::uint64_t seen = word_.load(sync::relaxed);
    while (!word_.compare_exchange_weak(seen, seen - 1, sync::release, sync::relaxed)) {
    }
    engine_.spend(rwlock_work / 2);
  }

 private:
  Engine& engine_;
  sync::atomic<std::uint64_t> word_{0};
};

}  // namespace

ReferenceResult run_reference(std::string_view name, const Host& host, const Parameters& parameters,
                              unsigned threads, Time duration) {
  Engine engine(host, parameters);
  void (Word::*const operation)() = name == "rwlock_read" ? &Word::read_locked : &Word::increment;
  Word* const word = sync::make<Word>(engine);
  const Time begin = from_ns(to_ns(duration) * warmup);
  const Time end = begin + duration;
  // In tenths of a nanosecond, because a hit takes only a few nanoseconds.
  bench::Histogram latencies;
  const std::vector<host::Cpu> order = host::place(host.topology, host::Placement::compact);
  std::vector<Engine::Thread> team;
  for (unsigned i = 0; i < threads; ++i) {
    team.push_back({index_of(host.topology, order[i]), [&] {
                      for (Time start = engine.now(); start < end;) {
                        (word->*operation)();
                        engine.progress();
                        const Time finish = engine.now();
                        if (start >= begin && finish <= end)
                          latencies.record(static_cast<std::uint64_t>(finish - start + 50) / 100);
                        start = finish;
                      }
                    }});
  }
  engine.run(std::move(team));
  sync::destroy(word);
  return {to_ns(duration) / static_cast<double>(latencies.count()), latencies.percentile(0.5) / 10,
          latencies.percentile(0.99) / 10};
}

}  // namespace limiterbench::simulation
