// The simulated machine: nothing is lost, the same seed gives the same run, and what cannot go on
// says where it stands.
#include <gtest/gtest.h>

#include <limiterbench/sync.hpp>

#include "simulation.hpp"

namespace limiterbench::simulation {
namespace {

class Increments {
 public:
  void add() { counter_.fetch_add(1, sync::relaxed); }
  void swap_in() {
    std::uint64_t seen = swapped_.load(sync::relaxed);
    while (!swapped_.compare_exchange_weak(seen, seen + 1, sync::relaxed, sync::relaxed)) {
    }
  }
  void locked() {
    const sync::lock_guard<sync::mutex> lock(mutex_);
    ++guarded_.write();
  }
  [[nodiscard]] std::array<std::uint64_t, 3> counts() const {
    return {counter_.peek(), swapped_.peek(), guarded_.read()};
  }

 private:
  alignas(128) sync::atomic<std::uint64_t> counter_{0};
  alignas(128) sync::atomic<std::uint64_t> swapped_{0};
  alignas(128) sync::mutex mutex_;
  sync::plain<std::uint64_t> guarded_;
};

TEST(simulated_machine, loses_no_update_and_is_coherent) {
  const Host host = small_host();
  for (const Policy policy : policies) {
    Engine engine(host, {0.2, policy, 7});
    Increments shared;
    std::vector<Engine::Thread> threads;
    for (unsigned cpu = 0; cpu < 8; ++cpu) {
      threads.push_back({cpu, [&] {
                           for (int i = 0; i < 300; ++i) {
                             shared.add();
                             shared.swap_in();
                             shared.locked();
                             engine.progress();
                           }
                         }});
    }
    engine.run(std::move(threads));
    EXPECT_EQ(shared.counts(), (std::array<std::uint64_t, 3>{2400, 2400, 2400}));
    EXPECT_EQ(engine.violations(), 0U) << to_string(policy);
  }
}

TEST(simulated_machine, hits_cost_what_the_host_says) {
  const Host host = small_host();
  Engine engine(host, {0.2});
  sync::atomic<int> word{0};
  Time took = 0;
  engine.run({{0, [&] {
                 word.fetch_add(1, sync::relaxed);
                 const Time begin = engine.now();
                 for (int i = 0; i < 10; ++i) word.fetch_add(1, sync::relaxed);
                 took = engine.now() - begin;
               }}});
  EXPECT_EQ(took, 10 * host.modify);
}

TEST(simulated_machine, deadlock_names_each_thread) {
  const Host host = small_host();
  Engine engine(host, {0.2});
  // Kept: the threads that cannot go on refer to them for ever.
  auto& locks = *new std::array<sync::mutex, 2>;
  const auto take = [&](std::size_t first) {
    locks[first].lock();
    engine.spend(from_ns(1000));
    locks[1 - first].lock();
  };
  try {
    engine.run({{0, [&] { take(0); }}, {1, [&] { take(1); }}});
    FAIL() << "no deadlock noticed";
  } catch (const Stuck& stuck) {
    const std::string text = stuck.what();
    EXPECT_NE(text.find("deadlock"), std::string::npos) << text;
    EXPECT_NE(text.find("thread 0 on CPU 0 asleep"), std::string::npos) << text;
    EXPECT_NE(text.find("thread 1 on CPU 1 asleep"), std::string::npos) << text;
    EXPECT_NE(text.find("simulation_engine_test.cpp:"), std::string::npos) << text;
  }
}

TEST(simulated_machine, a_long_queue_for_a_lock_is_no_livelock) {
  nlohmann::json file = small_host_file();
  file["topology"] = "pack:2 core:16 pu:1";
  file["futex_wake_ns"] = 1e6;
  const Host host = parse_host(file, "");
  Engine engine(host, {0.2});
  Increments shared;
  std::vector<Engine::Thread> team;
  for (unsigned cpu = 0; cpu < 32; ++cpu) team.push_back({cpu, [&] { shared.locked(); }});
  engine.run(std::move(team));
  EXPECT_EQ(shared.counts()[2], 32U);
}

TEST(simulated_machine, livelock_is_no_hang) {
  const Host host = small_host();
  for (const std::size_t threads : {1U, 2U}) {
    Engine engine(host, {0.2});
    sync::atomic<bool> never_set{false};
    const auto spin = [&] {
      for (sync::spin_wait wait; !never_set.load(sync::acquire);) wait();
    };
    std::vector<Engine::Thread> team{{0, spin}, {5, spin}};
    team.resize(threads);
    EXPECT_THROW(engine.run(std::move(team)), Stuck);
  }
}

}  // namespace
}  // namespace limiterbench::simulation
