// Threads that are where they were put, and start as one.
#include <gtest/gtest.h>
#include <sched.h>

#include <atomic>
#include <functional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "host/binding.hpp"
#include "native/barrier.hpp"
#include "native/team.hpp"
#include "this_host.hpp"
#include "workload/pages.hpp"

namespace limiterbench::bench {
namespace {

// As many as asked for, however few CPUs there are.
std::vector<host::Cpu> cpus_for(unsigned threads) {
  std::vector<host::Cpu> cpus;
  for (unsigned i = 0; i < threads; ++i)
    cpus.push_back(this_host().cpus()[i % this_host().cpus().size()]);
  return cpus;
}

std::string message_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const std::runtime_error& error) {
    return error.what();
  }
  return "nothing was thrown";
}

TEST(team, runs_each_member_where_it_was_put) {
  const std::vector<host::Cpu> cpus = cpus_for(8);
  Team team(this_host(), cpus);
  std::vector<int> where(8, -1);
  team.run([&](unsigned i) { where[i] = sched_getcpu(); });
  for (unsigned i = 0; i < 8; ++i) EXPECT_EQ(where[i], static_cast<int>(cpus[i].os_index));
  EXPECT_EQ(team.misplaced(), "");
}

TEST(team, leaves_the_calling_thread_unbound) {
  cpu_set_t before, after;
  sched_getaffinity(0, sizeof before, &before);
  {
    Team team(this_host(), cpus_for(1));
    team.run([](unsigned) {});
  }
  sched_getaffinity(0, sizeof after, &after);
  EXPECT_TRUE(CPU_EQUAL(&before, &after));
}

TEST(team, keeps_its_threads_from_round_to_round) {
  Team team(this_host(), cpus_for(3));
  std::vector<std::thread::id> first(3), second(3);
  team.run([&](unsigned i) { first[i] = std::this_thread::get_id(); });
  team.run([&](unsigned i) { second[i] = std::this_thread::get_id(); });
  EXPECT_EQ(first, second);
  EXPECT_NE(first[0], first[1]);
}

TEST(team, hands_errors_to_the_caller_and_goes_on) {
  Team team(this_host(), cpus_for(3));
  const auto failing = [](unsigned i) {
    if (i == 2) throw std::runtime_error("no memory left");
  };
  EXPECT_EQ(message_of([&] { team.run(failing); }), "thread 2: no memory left");
  std::atomic<int> ran{0};
  team.run([&](unsigned) { ran.fetch_add(1, std::memory_order_relaxed); });
  EXPECT_EQ(ran.load(std::memory_order_relaxed), 3);
}

TEST(team, refuses_a_cpu_that_is_not_there) {
  std::vector<host::Cpu> cpus = cpus_for(2);
  cpus[1].os_index = 1023;
  EXPECT_NE(message_of([&] { Team(this_host(), cpus); }).find("thread 1: cannot bind"),
            std::string::npos);
}

TEST(team, notices_a_member_that_was_moved) {
  if (this_host().cpus().size() < 2) GTEST_SKIP() << "one CPU";
  Team team(this_host(), cpus_for(2));
  team.run([](unsigned i) {
    if (i == 1) host::bind_this_thread(this_host(), this_host().cpus()[0]);
  });
  EXPECT_NE(team.misplaced().find("thread 1 was moved from CPU"), std::string::npos);
}

// Far more threads than CPUs: with a barrier that spins this does not end.
TEST(start_barrier, starts_many_threads_on_few_cpus) {
  constexpr unsigned threads = 64;
  const host::Clock& clock = host::Clock::get();
  Team team(this_host(), cpus_for(threads));
  for (int round = 0; round < 20; ++round) {
    StartBarrier barrier(threads);
    std::atomic<unsigned> ready{0};
    unsigned ready_when_opened = 0;
    std::uint64_t start = 0;
    std::vector<std::uint64_t> agreed(threads), began(threads);
    team.run(
        [&](unsigned i) {
          ready.fetch_add(1, std::memory_order_relaxed);
          agreed[i] = barrier.arrive_and_wait();
          began[i] = clock.ticks();
        },
        [&] {
          barrier.wait_for_all();
          ready_when_opened = ready.load(std::memory_order_relaxed);
          barrier.open(start = clock.ticks() + 1000);
        });
    EXPECT_EQ(ready_when_opened, threads);
    for (unsigned i = 0; i < threads; ++i) {
      EXPECT_EQ(agreed[i], start);
      EXPECT_GE(began[i], start);
    }
  }
}

struct Counted {
  static inline int alive = 0;
  explicit Counted(bool fails = false) {
    if (fails) throw std::runtime_error("fails");
    ++alive;
  }
  ~Counted() { --alive; }
  Counted(const Counted&) = delete;
  Counted& operator=(const Counted&) = delete;
};

TEST(pages, hold_one_object_aligned_to_a_page) {
  {
    const auto object = make_on_own_pages<Counted>();
    EXPECT_EQ(Counted::alive, 1);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(object.get()) % 4096, 0U);
  }
  EXPECT_EQ(Counted::alive, 0);
  EXPECT_EQ(message_of([] { (void)make_on_own_pages<Counted>(true); }), "fails");
}

}  // namespace
}  // namespace limiterbench::bench
