// Threads: handles come and go, a reload reaches every thread, publishers agree on one order.
#include <algorithm>
#include <map>
#include <set>

#include "conformance.hpp"
#include "threads.hpp"

namespace limiterbench::conformance {

LIMITERBENCH_CHECK(threads, limiting, a_moved_handle_goes_on_as_it_was) {
  Single single(subject,
                uniform(1, {.limit = 2, .window = whole_window, .backoff = {5, 2, 1'000}}));
  single.exhaust(0);  // ends with one denial
  report.denied(single.ask(1, 0), whole_window + 10, 1, "before the move");
  single.handle = single.handle->moved();
  report.denied(single.ask(1, 0), whole_window + 20, 1, "after the move");
  single.limiter->publish(uniform(2, {.limit = 3, .window = whole_window, .backoff = {}}));
  report.admitted(single.ask(1, 0), 2, "after the move and a reload");
  for (int i = 0; i < 100; ++i) single.handle = single.handle->moved();
  report.denied(single.ask(1, 0), whole_window, 2, "after many moves");
}

// Each thread ends before the next begins, and only the first attaches.
LIMITERBENCH_CHECK(threads, limiting, a_handle_may_be_handed_from_thread_to_thread) {
  const auto limiter =
      subject.make(uniform(1, {.limit = 2, .window = whole_window, .backoff = {5, 2, 1'000}}));
  std::unique_ptr<AnyHandle> handle;
  const auto ask = [&] { return handle->try_acquire({0, 1, 0}); };
  in_threads(1, [&](unsigned) {
    handle = limiter->attach();
    handle->burst({0, 1, 0}, max_limit, 0);  // ends with one denial
  });
  in_threads(1, [&](unsigned) {
    handle = handle->moved();
    report.denied(ask(), whole_window + 10, 1, "on a second thread");
    limiter->publish(uniform(2, {.limit = 3, .window = whole_window, .backoff = {}}));
    report.admitted(ask(), 2, "on a second thread, after a reload");
  });
  in_threads(1, [&](unsigned) {
    report.require(handle->config().version == 2, "another configuration on a third thread");
    report.denied(ask(), whole_window, 2, "on a third thread");
  });
  handle.reset();
}

LIMITERBENCH_CHECK(threads, limiting, a_thousand_handles_at_once) {
  constexpr std::size_t count = 1'000;
  Single single(subject, uniform(1, {.limit = 2 * count, .window = whole_window, .backoff = {}}));
  std::vector<std::unique_ptr<AnyHandle>> handles;
  for (std::size_t i = 0; i < count; ++i) {
    handles.push_back(single.limiter->attach());
    report.admitted(handles.back()->try_acquire({0, 1, 0}), 1, "handle ", i);
  }
  single.limiter->publish(uniform(2, {.limit = 2 * count, .window = whole_window, .backoff = {}}));
  for (std::size_t i = 0; i < count; i += 2) handles[i].reset();
  for (std::size_t i = 1; i < count; i += 2)
    report.admitted(handles[i]->try_acquire({0, 1, 0}), 2, "handle ", i, " after a reload");
  handles.clear();
  const Permits room = single.room(0);
  report.require(room == count / 2, room, " left, not ", count / 2);
}

LIMITERBENCH_CHECK(threads, limiting, threads_that_come_and_go_lose_no_permit) {
  const unsigned teams = 4 * work;
  constexpr unsigned team = 8;
  constexpr Permits each = 3;
  const Config config =
      uniform(1, {.limit = teams * team * each + 7, .window = whole_window, .backoff = {}});
  Single single(subject, config);
  {
    const Background reloads([&] { single.limiter->publish(config); });
    for (unsigned i = 0; i < teams; ++i) {
      in_threads(team, [&](unsigned) {
        const auto handle = single.limiter->attach();
        for (Permits n = 0; n < each; ++n)
          report.admitted(handle->try_acquire({0, 1, 0}), 1, "a short-lived thread");
      });
    }
  }
  const Permits room = single.room(0);
  report.require(room == 7, room, " permits left, not 7");
}

// Every field follows from the version, so that a mixture of two configurations shows; class 1
// admits nothing under odd versions, so that a decision shows which rule it was made by.
static Config following(std::uint64_t version) {
  Config config{.version = version, .rules = {}, .checksum = 0};
  for (std::size_t i = 2; i < class_count; ++i)
    config.rules[i] = {version % max_limit, min_window + version, {version, 1 + i, 2 * version}};
  config.rules[0] = {max_limit, max_window, {}};
  config.rules[1] = {version % 2 == 0 ? max_limit : 0, max_window, {}};
  return config;
}

// Publishes version after version in the background, while readers read.
class Reloading {
 public:
  explicit Reloading(AnyLimiter& limiter)
      : background_([this, &limiter, version = std::uint64_t{2}]() mutable {
          limiter.publish(following(++version));
          returned_.store(version, std::memory_order_release);
        }) {}

  // The least version that a request which starts now may be decided by.
  std::uint64_t returned() const { return returned_.load(std::memory_order_acquire); }

  // Calls read(i) until there were enough reads and enough reloads, or so many reads that the
  // publisher must be starved, which a lock that prefers readers may do.
  void read_meanwhile(const auto& read) const {
    const std::uint64_t reads = 2'000 * work;
    const std::uint64_t reloads = 200 * work;
    for (std::uint64_t i = 0; i < reads || (returned() < reloads && i < 50 * reads); ++i) read(i);
  }

 private:
  std::atomic<std::uint64_t> returned_{2};
  Background background_;
};

LIMITERBENCH_CHECK(threads, limiting, a_reload_that_returned_is_seen_by_every_thread) {
  const auto limiter = subject.make(following(2));
  const Reloading reloading(*limiter);
  in_threads(3, [&](unsigned) {
    const auto handle = limiter->attach();
    std::uint64_t seen = 0;
    reloading.read_meanwhile([&](std::uint64_t i) {
      const std::uint64_t least = std::max(seen, reloading.returned());
      const Decision decision = handle->try_acquire({i % 2 == 0 ? 0U : 1U, 1, 0});
      seen = decision.version();
      report.require(seen >= least, "decided by version ", seen, " after ", least);
      report.require(decision.admitted() == (i % 2 == 0 || seen % 2 == 0), "decided by version ",
                     seen, ", but not by its rule");
    });
  });
}

LIMITERBENCH_CHECK(threads, limiting, every_configuration_read_is_whole) {
  const auto limiter = subject.make(following(2));
  const Reloading reloading(*limiter);
  in_threads(3, [&](unsigned) {
    const auto handle = limiter->attach();
    std::uint64_t seen = 0;
    reloading.read_meanwhile([&](std::uint64_t) {
      const std::uint64_t least = std::max(seen, reloading.returned());
      const Config config = handle->config();
      seen = config.version;
      report.require(is_untorn(config), "a torn configuration, version ", seen);
      report.require(config == in_force(following(seen)), "version ", seen, " as never published");
      report.require(seen >= least, "read version ", seen, " after ", least);
      seen = handle->try_acquire({0, 1, 0}).version();
      report.require(seen >= config.version, "decided by ", seen, " after ", config.version);
    });
  });
}

// Memory that is freed or reused too early shows to a reader that sleeps on what it has just found.
LIMITERBENCH_CHECK(threads, limiting, a_reader_stopped_over_many_reloads_is_unharmed) {
  constexpr std::uint64_t reloads = 300;  // per stop: more than a batch of deferred reclamation
  const auto limiter = subject.make(following(2));
  const Stalls stalls;
  pthread_t reader{};
  std::atomic<bool> done{false};
  std::barrier<> gate(2);
  const auto read = [&] {
    const auto handle = limiter->attach();
    while (!done.load(std::memory_order_relaxed)) {
      // About as long in the one as in the other.
      for (unsigned i = 0; i < 50; ++i) {
        const Config config = handle->config();
        report.require(config == in_force(following(config.version)), "version ", config.version,
                       " as never published");
      }
      const Burst burst = handle->burst({0, 1, 0}, 2'000, 0);
      report.require(burst.admitted == 2'000, "denied by version ", burst.last.version());
    }
  };
  in_threads(2, [&](unsigned self) {
    if (self == 0) reader = pthread_self();
    gate.arrive_and_wait();
    if (self == 0) {
      read();
    } else {
      std::uint64_t version = 2;
      for (unsigned i = 0; i < 30 + 20 * work; ++i) {
        stalls.stop(reader);
        for (std::uint64_t n = 0; n < reloads; ++n) limiter->publish(following(++version));
        stalls.release();
      }
      done.store(true, std::memory_order_relaxed);
    }
    gate.arrive_and_wait();
  });
}

// What one thread published and saw, in its own order; repetitions left out.
using Log = std::vector<std::uint64_t>;

static void note(Log& log, std::uint64_t version) {
  if (log.back() != version) log.push_back(version);
}

// Publications are linearizable only if all logs fit one order of versions. Each log demands its
// own order; together they can be met if and only if no version comes before itself.
static bool fit_one_order(const std::vector<Log>& logs) {
  std::map<std::uint64_t, std::set<std::uint64_t>> successors;
  std::map<std::uint64_t, std::size_t> predecessors;
  for (const Log& log : logs) {
    for (std::size_t i = 0; i < log.size(); ++i) {
      predecessors.try_emplace(log[i], 0);
      if (i > 0 && successors[log[i - 1]].insert(log[i]).second) ++predecessors[log[i]];
    }
  }
  std::vector<std::uint64_t> ready;
  for (const auto& [version, count] : predecessors)
    if (count == 0) ready.push_back(version);
  std::size_t ordered = 0;
  while (!ready.empty()) {
    const std::uint64_t version = ready.back();
    ready.pop_back();
    ++ordered;
    for (const std::uint64_t next : successors[version])
      if (--predecessors[next] == 0) ready.push_back(next);
  }
  return ordered == predecessors.size();
}

LIMITERBENCH_CHECK(threads, limiting, publishers_agree_on_one_order) {
  constexpr unsigned publishers = 3;
  constexpr unsigned threads = publishers + 2;
  const std::uint64_t reloads = 300 * work;
  const auto limiter = subject.make(following(2));
  std::vector<Log> logs(threads, Log{2});
  in_threads(threads, [&](unsigned self) {
    const auto handle = limiter->attach();
    Log& log = logs[self];
    const auto read = [&] { note(log, handle->try_acquire({0, 1, 0}).version()); };
    if (self >= publishers) {
      for (std::uint64_t i = 0; i < 50 * reloads; ++i) read();
      return;
    }
    for (std::uint64_t i = 1; i <= reloads; ++i) {
      const std::uint64_t version = 2 + i * publishers + self;
      limiter->publish(following(version));
      note(log, version);
      read();
    }
  });
  const std::uint64_t last = limiter->attach()->config().version;
  for (Log& log : logs) note(log, last);
  report.require(fit_one_order(logs), "no order of the publications explains what threads saw");
  const std::uint64_t first_of_lasts = 2 + reloads * publishers;
  report.require(last >= first_of_lasts && last < first_of_lasts + publishers,
                 "in force at the end is ", last, ", nobody's last");
}

LIMITERBENCH_CHECK(threads, every, a_limiter_used_hard_leaves_nothing_behind) {
  for (unsigned round = 0; round < work; ++round) {
    const auto limiter = subject.make(following(2));
    const auto idle = limiter->attach();
    in_threads(4, [&](unsigned self) {
      for (std::uint64_t i = 0; i < 200; ++i) {
        auto handle = limiter->attach();
        handle->try_acquire({0, 1, i});
        if (self % 2 == 0) limiter->publish(following(i));
        report.require(subject.info.exactness == Exactness::none || is_untorn(handle->config()),
                       "a torn configuration");
        handle = handle->moved();
        handle->try_acquire({1, 1, i});
      }
    });
    idle->try_acquire({0, 1, 0});
  }
}

}  // namespace limiterbench::conformance
