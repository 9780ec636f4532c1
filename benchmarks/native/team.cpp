#include "native/team.hpp"

#include <sched.h>

#include <exception>
#include <stdexcept>
#include <utility>

#include "host/binding.hpp"
#include "host/thread.hpp"

namespace limiterbench::bench {

Team::Team(const host::Topology& topology, const std::vector<host::Cpu>& cpus)
    : cpus_(cpus), errors_(cpus.size()) {
  try {
    for (unsigned i = 0; i < cpus_.size(); ++i)
      threads_.push_back(host::start_thread([this, i] { member(i); }));
    run([&](unsigned i) { host::bind_this_thread(topology, cpus_[i]); });
  } catch (...) {
    stop_ = true;
    start_round();
    for (std::thread& thread : threads_) thread.join();
    throw;
  }
}

Team::~Team() {
  stop_ = true;
  start_round();
  for (std::thread& thread : threads_) thread.join();
}

void Team::run(std::function<void(unsigned)> task, const std::function<void()>& meanwhile) {
  task_ = std::move(task);
  errors_.assign(errors_.size(), {});
  start_round();
  meanwhile();
  finish_round();
  for (std::size_t i = 0; i < errors_.size(); ++i) {
    if (!errors_[i].empty())
      throw std::runtime_error("thread " + std::to_string(i) + ": " + errors_[i]);
  }
}

void Team::start_round() {
  // relaxed: the release below publishes it.
  working_.store(size(), std::memory_order_relaxed);
  // (1) release: pairs with (2): members see the task.
  round_.fetch_add(1, std::memory_order_release);
  round_.notify_all();
}

void Team::finish_round() {
  std::uint32_t left;
  // (3) acquire: pairs with (4): what members did, the caller sees.
  while ((left = working_.load(std::memory_order_acquire)) != 0)
    working_.wait(left, std::memory_order_acquire);
}

void Team::member(unsigned index) {
  for (std::uint32_t seen = 0;; ++seen) {
    // (2) acquire: pairs with (1).
    while (round_.load(std::memory_order_acquire) == seen)
      round_.wait(seen, std::memory_order_acquire);
    if (stop_) return;
    try {
      task_(index);
    } catch (const std::exception& error) {
      errors_[index] = error.what();
    }
    // (4) release: pairs with (3).
    if (working_.fetch_sub(1, std::memory_order_release) == 1) working_.notify_one();
  }
}

std::string Team::misplaced() {
  std::vector<std::string> where(cpus_.size());
  run([&](unsigned i) {
    const int cpu = sched_getcpu();
    if (cpu != static_cast<int>(cpus_[i].os_index))
      where[i] = "thread " + std::to_string(i) + " was moved from CPU " +
                 std::to_string(cpus_[i].os_index) + " to " + std::to_string(cpu);
  });
  for (const std::string& text : where)
    if (!text.empty()) return text;
  return {};
}

}  // namespace limiterbench::bench
