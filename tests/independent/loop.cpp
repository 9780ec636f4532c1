// What a decision costs, measured without the harness: a thread bound to a CPU, a loop, a clock.
// It asks as the scenario `readonly` does: 31 of 32 requests to a class that is never used up, one
// to a class that is, the time read once in 64 requests.
//
// Usage: independent_loop DESIGN CPU SLICES MILLISECONDS
// Prints nanoseconds per decision, a line for each slice.
#include <pthread.h>
#include <sched.h>
#include <time.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <limiterbench/rows/hazard.hpp>
#include <limiterbench/rows/leased.hpp>
#include <limiterbench/rows/leased_rseq.hpp>
#include <limiterbench/rows/rwmutex.hpp>
#include <limiterbench/rows/sharded.hpp>
#include <limiterbench/rows/snapshot_value.hpp>
#include <memory>
#include <string>
#include <thread>
#if defined(__x86_64__)
#include <x86intrin.h>
#endif

namespace {

using namespace limiterbench;

std::uint64_t monotonic_ns() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000 +
         static_cast<std::uint64_t>(now.tv_nsec);
}

#if defined(__x86_64__)
std::uint64_t ticks() { return __rdtsc(); }
double measured_ns_per_tick() {
  const std::uint64_t begin = monotonic_ns();
  const std::uint64_t first = ticks();
  while (monotonic_ns() - begin < 5'000'000) {
  }
  const std::uint64_t last = ticks();
  return static_cast<double>(monotonic_ns() - begin) / static_cast<double>(last - first);
}
#else
std::uint64_t ticks() { return monotonic_ns(); }
double measured_ns_per_tick() { return 1; }
#endif

constexpr Nanoseconds window = 10'000'000;
constexpr std::uint32_t open_class = 0;
constexpr std::uint32_t tight_class = 1;

struct Answers {
  std::uint64_t asked = 0;
  std::uint64_t admitted = 0;
};

// The compiler must not know what is asked, nor that nobody reads the version in the answer.
template <class L>
[[gnu::noinline]] std::uint64_t ask(L& limiter, typename L::Handle& handle,
                                    std::uint32_t traffic_class, std::uint32_t count,
                                    Nanoseconds now) {
  std::uint64_t admitted = 0;
  Permits cost = 1;
  for (std::uint32_t i = 0; i < count; ++i) {
    asm volatile("" : "+r"(cost), "+r"(now));
    admitted += limiter.try_acquire(handle, {traffic_class, cost, now}).admitted() ? 1 : 0;
  }
  return admitted;
}

template <class L>
Answers slice(L& limiter, typename L::Handle& handle, std::uint64_t length_ns, double ns_per_tick) {
  Answers answers;
  const auto now_ns = [&] {
    return static_cast<Nanoseconds>(static_cast<double>(ticks()) * ns_per_tick);
  };
  Nanoseconds now = now_ns();
  const Nanoseconds end = now + length_ns;
  for (; now < end; now = now_ns()) {
    for (int half = 0; half < 2; ++half) {
      answers.admitted += ask(limiter, handle, open_class, 31, now);
      answers.admitted += ask(limiter, handle, tight_class, 1, now);
    }
    answers.asked += 64;
  }
  return answers;
}

template <class L>
bool measure(unsigned slices, std::uint64_t length_ns) {
  Config config{.version = 1};
  config.rules[open_class] = {.limit = 1'000'000'000, .window = window, .backoff = {}};
  config.rules[tight_class] = {.limit = 1000, .window = window, .backoff = {}};
  const auto limiter = std::make_unique<L>(config);
  auto handle = limiter->attach();
  const double ns_per_tick = measured_ns_per_tick();
  static_cast<void>(slice(*limiter, handle, length_ns, ns_per_tick));
  for (unsigned i = 0; i < slices; ++i) {
    const std::uint64_t begin = monotonic_ns();
    const Answers answers = slice(*limiter, handle, length_ns, ns_per_tick);
    const std::uint64_t end = monotonic_ns();
    if (answers.admitted < answers.asked * 9 / 10) return false;
    std::printf("%.4f\n", static_cast<double>(end - begin) / static_cast<double>(answers.asked));
  }
  return true;
}

template <class... L>
bool measure_named(const std::string& name, unsigned slices, std::uint64_t length_ns) {
  bool ok = false;
  static_cast<void>(
      ((name == std::string_view(L::info.name) && (ok = measure<L>(slices, length_ns), true)) ||
       ...));
  return ok;
}

bool bind_to(unsigned cpu) {
  cpu_set_t cpus;
  CPU_ZERO(&cpus);
  CPU_SET(cpu, &cpus);
  return pthread_setaffinity_np(pthread_self(), sizeof cpus, &cpus) == 0;
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 5) return 2;
  const auto number = [&](int i) {
    return static_cast<unsigned>(std::strtoul(arguments[i], nullptr, 10));
  };
  bool ok = false;
  std::thread([&] {
    ok = bind_to(number(2)) &&
         measure_named<hazard, sharded, leased, leased_rseq, snapshot_value, rwmutex>(
             arguments[1], number(3), std::uint64_t{number(4)} * 1'000'000);
  }).join();
  return ok ? 0 : 1;
}
