// Memory: where an allocation fails, std::bad_alloc comes out of the call, and the configuration
// that was in force still is. A decision allocates nothing.
#include "allocations.hpp"
#include "conformance.hpp"

#include <new>
#include <thread>

namespace limiterbench::conformance {

// More than any call allocates, the wrappers of the suite included.
constexpr long allocations_of_a_call = 12;
// More than any design retires before it frees some of it.
constexpr std::uint64_t reloads = 250;

static Config wide_open(std::uint64_t version) {
  return uniform(version, {.limit = 1'000'000 + version % 7, .window = max_window, .backoff = {}});
}

static Config in_force_by(AnyLimiter& limiter) {
  const auto handle = limiter.attach();
  return handle->try_acquire({0, 1, 0}).admitted() ? handle->config() : Config{};
}

// Whether the call was made: false if memory failed.
template <class Call>
static bool made_without(long k, const Call& call) {
  const FailingAllocations failing(k);
  try {
    call();
    return true;
  } catch (const std::bad_alloc&) {
    return false;
  }
}

// What fails with any memory would pass for what fails without.
static bool require_with_enough(Report& report, bool made, long k) {
  return report.require(made || k < allocations_of_a_call - 1, "fails with ", k, " allocations");
}

LIMITERBENCH_CHECK(memory, every, a_limiter_that_cannot_be_made_throws) {
  for (long k = 0; k < allocations_of_a_call; ++k) {
    std::unique_ptr<AnyLimiter> limiter;
    const bool made = made_without(k, [&] { limiter = subject.make(wide_open(1)); });
    require_with_enough(report, made, k);
    if (made)
      report.require(in_force_by(*limiter) == in_force(wide_open(1)), "with ", k, " allocations");
  }
}

// On threads of their own, none of which ends before the last has attached: a library gives what an
// ended thread has left to the next, which then allocates nothing.
static void attach_on_new_thread(AnyLimiter& limiter, Report& report, long k) {
  if (k == allocations_of_a_call) return;
  std::jthread([&limiter, &report, k] {
    const bool made = made_without(k, [&] { limiter.attach()->config(); });
    require_with_enough(report, made, k);
    report.require(in_force_by(limiter) == in_force(wide_open(1)), "after ", k, " allocations");
    attach_on_new_thread(limiter, report, k + 1);
  }).join();
}

LIMITERBENCH_CHECK(memory, every, an_attach_that_fails_changes_nothing) {
  attach_on_new_thread(*subject.make(wide_open(1)), report, 0);
}

// By a thread that has published before, and by new ones.
LIMITERBENCH_CHECK(memory, every, a_reload_that_fails_changes_nothing) {
  Single single(subject, wide_open(1));
  std::uint64_t version = 1;
  const auto reload = [&](long k) {
    const bool made = made_without(k, [&] { single.limiter->publish(wide_open(version + 1)); });
    if (made) ++version;
    return require_with_enough(report, made, k);
  };
  const auto expect_in_force = [&](long k) {
    return report.require(single.handle->config() == in_force(wide_open(version)), "after ", k,
                          " allocations version ", single.handle->config().version,
                          " is in force, not ", version);
  };
  for (long k = 0; k < allocations_of_a_call; ++k) {
    bool is_as_due = false;
    std::jthread([&] { is_as_due = reload(k); }).join();
    if (!is_as_due || !expect_in_force(k)) return;
    for (std::uint64_t i = 0; i < reloads; ++i) {
      if (!reload(k) || !expect_in_force(k)) return;
      // At times only: a design that frees every so many reloads must meet every reload that fails.
      if (i % 3 == 0) continue;
      if (!report.require(made_without(-1, [&] { single.limiter->publish(wide_open(++version)); }),
                          "a reload after one that failed"))
        return;
    }
  }
}

LIMITERBENCH_CHECK(memory, every, a_decision_allocates_nothing) {
  Single single(subject, uniform(1, {.limit = 3, .window = 1'000'000, .backoff = {}}));
  const unsigned before = allocations;
  for (Nanoseconds now = 0; now < 100'000'000; now += 300'000) {
    single.ask(1, now);
    single.ask(2, now);
    single.ask(9, now);
    static_cast<void>(single.handle->config());
  }
  report.require(allocations == before, "allocated ", allocations - before, " times");
}

// Also not on a thread that did not attach the handle.
LIMITERBENCH_CHECK(memory, every, a_handle_handed_over_allocates_nothing) {
  Single single(subject, wide_open(1));
  std::jthread([&] {
    Decision decision = Decision::deny(1, 0);
    const bool made = made_without(0, [&] { decision = single.ask(1, 0); });
    report.require(made && decision.admitted(), "not admitted on another thread");
  }).join();
}

}  // namespace limiterbench::conformance
