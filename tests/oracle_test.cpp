// The concurrent oracle, after perfbook's limtorture: threads, more than this machine has CPUs,
// acquire until they are denied; what was admitted in all must be the limit, window after window,
// with reloads going on. An approximate row must stay within the bound that it states.
#include <algorithm>
#include <array>

#include "conformance.hpp"
#include "threads.hpp"

namespace limiterbench::conformance {

constexpr Nanoseconds window = 1'000'000;
constexpr Permits large_cost = 5;
constexpr Permits everything = ~Permits{0};
constexpr std::uint32_t traffic_class = 3;
constexpr std::array<unsigned, 3> team_sizes{2, 4, 8};

// Differs from version to version in every class but the one under test.
static Config reloaded(std::uint64_t version, const Rule& rule) {
  Config config = uniform(version, {.limit = version % max_limit,
                                    .window = min_window + version % min_window,
                                    .backoff = {version % 100, 2, 100 + version % 100}});
  config.rules[traffic_class] = rule;
  return config;
}

// A saturated window admits its limit: exactly, or up to the stated bound more.
static void require_saturated(Report& report, AnyLimiter& limiter, const Rule& rule,
                              Permits admitted, const auto&... where) {
  const Permits bound = limiter.error_bound(rule, large_cost);
  report.require(admitted >= rule.limit && admitted <= rule.limit + bound, "admitted ", admitted,
                 " of ", rule.limit, " with a bound of ", bound, ": ", where...);
}

// Requests in bursts until nothing of cost 1 is left. Odd threads first ask for more at a time.
static Burst drain(AnyHandle& handle, Nanoseconds now, unsigned self, std::uint64_t since = 0) {
  Burst total;
  if (self % 2 == 1) total = handle.burst({traffic_class, large_cost, now}, everything, since);
  const Burst ones = handle.burst({traffic_class, 1, now}, everything, since);
  return {total.admitted + ones.admitted, total.admitted_since + ones.admitted_since, ones.last};
}

LIMITERBENCH_CHECK(oracle, limiting, every_saturated_window_admits_its_limit) {
  for (const unsigned team : team_sizes) {
    for (const Permits limit : {Permits{1}, Permits{23}, Permits{5'000}}) {
      const Rule rule{.limit = limit, .window = window, .backoff = {}};
      const auto limiter = subject.make(reloaded(1, rule));
      const Nanoseconds windows = (limit < 100 ? 3 : 2) * work;
      std::vector<std::atomic<Permits>> admitted(windows);
      std::uint64_t version = 1;
      const Background reloads([&] { limiter->publish(reloaded(++version, rule)); });
      std::barrier<> gate(static_cast<std::ptrdiff_t>(team));
      in_threads(team, [&](unsigned self) {
        const auto handle = limiter->attach();
        for (Nanoseconds i = 0; i < windows; ++i) {
          const Burst burst = drain(*handle, i * window, self);
          admitted[i].fetch_add(burst.admitted, std::memory_order_relaxed);
          report.require(burst.last.denied(), "the last request was not denied");
          report.require(is_untorn(handle->config()), "a torn configuration");
          gate.arrive_and_wait();
        }
      });
      for (Nanoseconds i = 0; i < windows; ++i)
        require_saturated(report, *limiter, rule, admitted[i].load(), team, " threads, window ", i);
    }
  }
}

// Nothing keeps the threads in step: whoever is denied moves time on, so that windows turn under
// requests in flight. Time moves only from a used-up window, so the whole adds up.
LIMITERBENCH_CHECK(oracle, limiting, windows_that_turn_under_way_lose_and_add_nothing) {
  for (const unsigned team : team_sizes) {
    for (const Permits limit : {Permits{3}, Permits{400}}) {
      const Rule rule{.limit = limit, .window = window, .backoff = {}};
      const auto limiter = subject.make(reloaded(1, rule));
      const Nanoseconds windows = (limit < 100 ? 800 : 60) * work;
      std::atomic<Nanoseconds> index{0};
      std::atomic<Permits> admitted{0};
      std::uint64_t version = 1;
      const Background reloads([&] { limiter->publish(reloaded(++version, rule)); });
      const auto member = [&](unsigned self) {
        const auto handle = limiter->attach();
        for (Nanoseconds i = 0; (i = index.load(std::memory_order_relaxed)) < windows;) {
          admitted.fetch_add(drain(*handle, i * window, self).admitted, std::memory_order_relaxed);
          index.compare_exchange_strong(i, i + 1, std::memory_order_relaxed);
        }
      };
      const Stalls stalls;
      pthread_t victim{};
      std::barrier<> gate(static_cast<std::ptrdiff_t>(team) + 1);
      in_threads(team + 1, [&](unsigned self) {
        if (self == 0) victim = pthread_self();
        gate.arrive_and_wait();
        if (self < team) {
          member(self);
        } else {
          for (Nanoseconds i = 0; (i = index.load(std::memory_order_relaxed)) < windows;) {
            stalls.stop(victim);
            while (stalls.stopped() && index.load(std::memory_order_relaxed) < i + 3) sched_yield();
            stalls.release();
          }
        }
        gate.arrive_and_wait();
      });
      const Permits total = admitted.load();
      const Permits bound = limiter->error_bound(rule, large_cost);
      report.require(total >= windows * limit && total <= windows * (limit + bound), team,
                     " threads admitted ", total, " in ", windows, " windows of ", limit,
                     " with a bound of ", bound);
    }
  }
}

// A round in which a team drains a window and the rules change half-way.
struct Round {
  Nanoseconds now = 0;
  Rule before;
  Rule after;
  Permits midway = 0;  // permits admitted when the change is made
  Permits admitted = 0;
  Permits admitted_after = 0;  // of these, decided by the changed configuration
};

// Plays rounds until every request is denied under `after`. At the change one thread stands still,
// as a rule in the midst of a request that it decides only when the others are done. Version 2i+2
// starts round i, 2i+3 changes it: who decided a request is read off its decision.
template <class Plan, class Judge>
static void change_while_draining(AnyLimiter& limiter, unsigned team, unsigned rounds,
                                  const Plan& plan, const Judge& judge) {
  constexpr Permits short_burst = 97;
  Round round;  // written by the conductor alone, between the gates
  std::atomic<Permits> admitted{0};
  std::atomic<Permits> admitted_after{0};
  std::atomic<unsigned> bursts{0};
  std::atomic<unsigned> denied{0};
  std::barrier<> gate(static_cast<std::ptrdiff_t>(team) + 1);
  const Stalls stalls;
  std::vector<pthread_t> threads(team);

  const auto count = [&](const Burst& burst) {
    admitted.fetch_add(burst.admitted, std::memory_order_relaxed);
    admitted_after.fetch_add(burst.admitted_since, std::memory_order_relaxed);
    denied.fetch_add(burst.last.admitted() ? 0 : 1, std::memory_order_relaxed);
    bursts.fetch_add(1, std::memory_order_release);
    bursts.notify_all();
    return burst.last.admitted();
  };
  const auto member = [&](unsigned self) {
    threads[self] = pthread_self();
    const auto handle = limiter.attach();
    const Permits cost = self % 2 == 0 ? 1 : large_cost;
    for (unsigned i = 0; i < rounds; ++i) {
      gate.arrive_and_wait();
      const Request request{traffic_class, cost, round.now};
      while (count(handle->burst(request, short_burst, 2 * i + 3))) {
      }
      gate.arrive_and_wait();
      count(drain(*handle, round.now, self, 2 * i + 3));
      gate.arrive_and_wait();
    }
  };
  const auto wait_for = [&](Permits admissions, unsigned denials) {
    for (;;) {
      const unsigned seen = bursts.load(std::memory_order_acquire);
      if (admitted.load(std::memory_order_relaxed) >= admissions) return;
      if (denied.load(std::memory_order_relaxed) >= denials) return;
      bursts.wait(seen, std::memory_order_acquire);
    }
  };
  const auto conductor = [&] {
    for (unsigned i = 0; i < rounds; ++i) {
      round = plan(i);
      for (std::atomic<Permits>* sum : {&admitted, &admitted_after}) sum->store(0);
      denied.store(0);
      limiter.publish(reloaded(2 * i + 2, round.before));
      gate.arrive_and_wait();
      wait_for(round.midway, team);
      stalls.stop(threads[i % team]);
      limiter.publish(reloaded(2 * i + 3, round.after));
      wait_for(everything, team - 1);
      stalls.release();
      gate.arrive_and_wait();
      gate.arrive_and_wait();
      round.admitted = admitted.load();
      round.admitted_after = admitted_after.load();
      judge(round);
    }
  };
  in_threads(team + 1, [&](unsigned self) { self < team ? member(self) : conductor(); });
}

static Permits larger_bound(AnyLimiter& limiter, const Round& round) {
  return std::max(limiter.error_bound(round.before, large_cost),
                  limiter.error_bound(round.after, large_cost));
}

LIMITERBENCH_CHECK(oracle, limiting, a_limit_lowered_under_way_holds_from_then_on) {
  for (const unsigned team : team_sizes) {
    const auto limiter = subject.make(reloaded(1, {.limit = 1, .window = window, .backoff = {}}));
    const auto plan = [](unsigned i) {
      const Permits midway = i * 379 % 1'000;
      return Round{.now = i * window,
                   .before = {.limit = 8'000, .window = window, .backoff = {}},
                   .after = {.limit = i % 4 == 0 ? midway : 4'000, .window = window, .backoff = {}},
                   .midway = midway};
    };
    change_while_draining(*limiter, team, 12 * work, plan, [&](const Round& round) {
      const Permits bound = larger_bound(*limiter, round);
      report.require(
          round.admitted >= round.after.limit && round.admitted <= round.before.limit + bound,
          "admitted ", round.admitted, ", lowered from ", round.before.limit, " to ",
          round.after.limit);
      report.require(round.admitted_after == 0 || round.admitted <= round.after.limit + bound,
                     "admitted ", round.admitted, ", of these ", round.admitted_after,
                     " after the limit was lowered to ", round.after.limit);
    });
  }
}

LIMITERBENCH_CHECK(oracle, limiting, a_limit_raised_under_way_is_used_up) {
  for (const unsigned team : team_sizes) {
    const auto limiter = subject.make(reloaded(1, {.limit = 1, .window = window, .backoff = {}}));
    const auto plan = [](unsigned i) {
      return Round{.now = i * window,
                   .before = {.limit = 3'000, .window = window, .backoff = {}},
                   .after = {.limit = 3'001 + i * 131 % 2'000, .window = window, .backoff = {}},
                   .midway = i * 379 % 1'000};
    };
    change_while_draining(*limiter, team, 12 * work, plan, [&](const Round& round) {
      require_saturated(report, *limiter, round.after, round.admitted, "raised from ",
                        round.before.limit);
    });
  }
}

LIMITERBENCH_CHECK(oracle, limiting, a_window_changed_under_way_starts_one_new_window) {
  for (const unsigned team : team_sizes) {
    const auto limiter = subject.make(reloaded(1, {.limit = 1, .window = window, .backoff = {}}));
    const auto plan = [](unsigned i) {
      return Round{.now = i * 4 * window,
                   .before = {.limit = 6'000, .window = window, .backoff = {}},
                   .after = {.limit = 1'000 + i % 3 * 500,
                             .window = i % 2 == 0 ? 2 * window : window / 2,
                             .backoff = {}},
                   .midway = i * 379 % 1'000};
    };
    change_while_draining(*limiter, team, 12 * work, plan, [&](const Round& round) {
      require_saturated(report, *limiter, round.after, round.admitted_after, "the new window");
      const Permits old = round.admitted - round.admitted_after;
      report.require(old <= round.before.limit + larger_bound(*limiter, round), "the old window ",
                     "admitted ", old, " of ", round.before.limit);
    });
  }
}

}  // namespace limiterbench::conformance
