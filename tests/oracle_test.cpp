// The concurrent oracle, after perfbook's limtorture: threads, more than this machine has CPUs,
// acquire until they are denied; what was admitted in all must be the limit, window after window,
// with reloads going on. An approximate row must stay within the bound that it states.
#include <algorithm>
#include <array>

#include "conformance.hpp"
#include "threads.hpp"

namespace limiterbench::conformance {

constexpr Permits large_cost = 5;
// Far more than any round leaves: who is not denied by then never is, and need not be waited for.
constexpr Permits everything = Permits{1} << 16;
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
      const Rule rule{.limit = limit, .window = whole_window, .backoff = {}};
      const auto limiter = subject.make(reloaded(1, rule));
      const Nanoseconds windows = (limit < 100 ? 3 : 2) * work;
      std::vector<std::atomic<Permits>> admitted(windows);
      std::uint64_t version = 1;
      const Background reloads([&] { limiter->publish(reloaded(++version, rule)); });
      const TimeLimit time_limit;
      Nanoseconds played = 0;
      bool goes_on = true;
      std::barrier gate(static_cast<std::ptrdiff_t>(team), [&]() noexcept {
        ++played;
        goes_on = played < windows && !time_limit.is_over();
      });
      in_threads(team, [&](unsigned self) {
        const auto handle = limiter->attach();
        while (goes_on) {
          const Nanoseconds i = played;
          const Burst burst = drain(*handle, i * whole_window, self);
          admitted[i].fetch_add(burst.admitted, std::memory_order_relaxed);
          report.require(burst.last.denied(), "the last request was not denied");
          report.require(is_untorn(handle->config()), "a torn configuration");
          gate.arrive_and_wait();
        }
      });
      for (Nanoseconds i = 0; i < played; ++i)
        require_saturated(report, *limiter, rule, admitted[i].load(), team, " threads, window ", i);
    }
  }
}

// Nothing keeps the threads in step: whoever is denied moves time on, so that windows turn under
// requests in flight. Time moves only from a used-up window, so the whole adds up.
LIMITERBENCH_CHECK(oracle, limiting, windows_that_turn_under_way_lose_and_add_nothing) {
  for (const unsigned team : team_sizes) {
    for (const Permits limit : {Permits{3}, Permits{400}}) {
      const Rule rule{.limit = limit, .window = whole_window, .backoff = {}};
      const auto limiter = subject.make(reloaded(1, rule));
      std::atomic<Nanoseconds> windows = (limit < 100 ? 800 : 60) * work;
      constexpr Nanoseconds fewest = 3;
      std::atomic<Nanoseconds> index{0};
      std::atomic<Permits> admitted{0};
      std::uint64_t version = 1;
      const Background reloads([&] { limiter->publish(reloaded(++version, rule)); });
      const auto member = [&](unsigned self) {
        const auto handle = limiter->attach();
        for (Nanoseconds i = 0; (i = index.load(std::memory_order_relaxed)) < windows.load();) {
          admitted.fetch_add(drain(*handle, i * whole_window, self).admitted,
                             std::memory_order_relaxed);
          index.compare_exchange_strong(i, i + 1, std::memory_order_relaxed);
        }
      };
      const Stalls stalls;
      const TimeLimit time_limit;
      pthread_t victim{};
      std::barrier<> gate(static_cast<std::ptrdiff_t>(team) + 1);
      in_threads(team + 1, [&](unsigned self) {
        if (self == 0) victim = pthread_self();
        gate.arrive_and_wait();
        if (self < team) {
          member(self);
        } else {
          for (Nanoseconds i = 0; (i = index.load(std::memory_order_relaxed)) < windows.load();) {
            const auto moved_by = [&](Nanoseconds count) {
              return index.load(std::memory_order_relaxed) >= std::min(i + count, windows.load());
            };
            if (time_limit.is_over()) windows.store(std::max(i, fewest));
            stalls.stop(victim);
            while (stalls.stopped() && !moved_by(3)) sched_yield();
            // If a lock made all others wait for the victim, they get some time without it.
            while (!stalls.stopped() && !moved_by(30) && !time_limit.is_over()) sched_yield();
            stalls.release();
          }
        }
        gate.arrive_and_wait();
      });
      const Permits total = admitted.load();
      const Permits bound = limiter->error_bound(rule, large_cost);
      const Nanoseconds played = index.load();
      report.require(played >= fewest, "only ", played, " windows");
      report.require(total >= played * limit && total <= played * (limit + bound), team,
                     " threads admitted ", total, " in ", played, " windows of ", limit,
                     " with a bound of ", bound);
    }
  }
}

// A round in which a team makes requests and the rule changes under them.
struct Round {
  Nanoseconds now = 0;
  Rule before;
  Rule after;
  Permits admitted = 0;
  Permits admitted_after = 0;  // of these, decided by the changed configuration
};

// Plays rounds that end when every request is denied under `after`. While the rule changes, one
// thread, the victim, stands still in the midst of a request, which it goes on to decide when all
// others have been denied. Version 2i+2 starts round i, 2i+3 changes it: who decided a request is
// read off its decision. plan(i, admitted) is asked for `before`, and at the change for `after`,
// when about so much has been admitted.
template <class Plan, class Judge>
static void change_under_way(AnyLimiter& limiter, unsigned team, const Plan& plan,
                             const Judge& judge) {
  enum Phase : unsigned { starting, running, changing, changed };
  const unsigned rounds = 4 * work + 8;
  Round round;  // written by the conductor alone, between the gates
  std::atomic<Permits> admitted{0};
  std::atomic<Permits> admitted_after{0};
  std::atomic<unsigned> phase{starting};
  std::atomic<unsigned> denied{0};
  std::barrier<> gate(static_cast<std::ptrdiff_t>(team) + 1);
  const Stalls stalls;
  std::vector<pthread_t> threads(team);

  const auto reach = [&](Phase reached) {
    phase.store(reached, std::memory_order_release);
    phase.notify_all();
  };
  const auto wait_for = [](const std::atomic<unsigned>& counter, unsigned least) {
    for (unsigned seen; (seen = counter.load(std::memory_order_acquire)) < least;)
      counter.wait(seen, std::memory_order_relaxed);
  };
  const auto count = [&](const Burst& burst) {
    admitted.fetch_add(burst.admitted, std::memory_order_relaxed);
    admitted_after.fetch_add(burst.admitted_since, std::memory_order_relaxed);
  };
  const auto member = [&](unsigned self) {
    threads[self] = pthread_self();
    const auto handle = limiter.attach();
    for (unsigned i = 0; i < rounds; ++i) {
      gate.arrive_and_wait();
      const Request request{traffic_class, i % 2 == 0 ? 1 : large_cost, round.now};
      const auto some = [&] { count(handle->burst(request, 300, 2 * i + 3)); };
      // Not on and on in all threads: a lock that prefers readers would let no publisher in.
      for (int n = 0; n < 3; ++n) some();
      if (self == i % team) {
        reach(running);
        while (phase.load(std::memory_order_relaxed) == running) some();
      }
      wait_for(phase, changed);
      count(drain(*handle, round.now, self, 2 * i + 3));
      denied.fetch_add(1, std::memory_order_release);
      denied.notify_all();
      gate.arrive_and_wait();
    }
  };
  const auto conductor = [&] {
    for (unsigned i = 0; i < rounds; ++i) {
      round = plan(i, 0);
      limiter.publish(reloaded(2 * i + 2, round.before));
      for (std::atomic<Permits>* sum : {&admitted, &admitted_after}) sum->store(0);
      for (std::atomic<unsigned>* counter : {&phase, &denied}) counter->store(0);
      gate.arrive_and_wait();
      wait_for(phase, running);
      stalls.stop(threads[i % team]);
      phase.store(changing, std::memory_order_relaxed);
      round.after = plan(i, admitted.load()).after;
      limiter.publish(reloaded(2 * i + 3, round.after));
      reach(changed);
      wait_for(denied, team - 1);
      stalls.release();
      gate.arrive_and_wait();
      round.admitted = admitted.load();
      round.admitted_after = admitted_after.load();
      judge(round);
    }
  };
  in_threads(team + 1, [&](unsigned self) { self < team ? member(self) : conductor(); });
}

// Not used up before the change.
constexpr Rule open{.limit = max_limit, .window = whole_window, .backoff = {}};

LIMITERBENCH_CHECK(oracle, limiting, a_limit_lowered_under_way_holds_from_then_on) {
  for (const unsigned team : team_sizes) {
    const auto limiter = subject.make(reloaded(1, open));
    // Below what is used by then, about that, and above, so that some is admitted afterwards.
    const auto plan = [](unsigned i, Permits admitted) {
      const Permits limit = i % 5 == 0 ? admitted / 2 : admitted + i % 5 * 1'000;
      return Round{
          .now = i * whole_window,
          .before = open,
          .after = {.limit = std::min(limit, max_limit), .window = whole_window, .backoff = {}}};
    };
    change_under_way(*limiter, team, plan, [&](const Round& round) {
      const Permits bound = limiter->error_bound(round.before, large_cost);
      report.require(round.admitted >= round.after.limit, "admitted ", round.admitted,
                     ", lowered to ", round.after.limit);
      report.require(round.admitted_after == 0 || round.admitted <= round.after.limit + bound,
                     "admitted ", round.admitted, ", of these ", round.admitted_after,
                     " after the limit was lowered to ", round.after.limit);
    });
  }
}

LIMITERBENCH_CHECK(oracle, limiting, a_limit_raised_under_way_is_used_up) {
  for (const unsigned team : team_sizes) {
    const auto limiter = subject.make(reloaded(1, open));
    const auto plan = [](unsigned i, Permits) {
      return Round{
          .now = i * whole_window,
          .before = {.limit = 2'000, .window = whole_window, .backoff = {}},
          .after = {.limit = 2'001 + i * 131 % 2'000, .window = whole_window, .backoff = {}}};
    };
    change_under_way(*limiter, team, plan, [&](const Round& round) {
      require_saturated(report, *limiter, round.after, round.admitted, "raised from ",
                        round.before.limit);
    });
  }
}

LIMITERBENCH_CHECK(oracle, limiting, a_window_changed_under_way_starts_one_new_window) {
  for (const unsigned team : team_sizes) {
    const auto limiter = subject.make(reloaded(1, open));
    const auto plan = [](unsigned i, Permits) {
      return Round{.now = i * 4 * whole_window,
                   .before = open,
                   .after = {.limit = 1'000 + i % 3 * 500,
                             .window = i % 2 == 0 ? 2 * whole_window : whole_window / 2,
                             .backoff = {}}};
    };
    change_under_way(*limiter, team, plan, [&](const Round& round) {
      require_saturated(report, *limiter, round.after, round.admitted_after, "the new window");
    });
  }
}

}  // namespace limiterbench::conformance
