// Teams of threads for the concurrent checks. Waiting parks: on few CPUs, threads that spin at a
// barrier keep those they wait for from running.
#pragma once

#include <atomic>
#include <barrier>
#include <semaphore>
#include <stop_token>
#include <thread>
#include <vector>

namespace limiterbench::conformance {

// Runs body(0) to body(count - 1), each on a thread of its own, all released at once; returns when
// all have.
template <class Body>
void in_threads(unsigned count, const Body& body) {
  std::barrier<> start(static_cast<std::ptrdiff_t>(count));
  std::vector<std::jthread> threads;
  threads.reserve(count);
  for (unsigned i = 0; i < count; ++i) {
    threads.emplace_back([&start, &body, i] {
      start.arrive_and_wait();
      body(i);
    });
  }
}

// Repeats an action on a thread of its own until it is destroyed, at least once.
class Background {
 public:
  template <class Action>
  explicit Background(Action action)
      : thread_([action = std::move(action)](const std::stop_token& stop) mutable {
          do {
            action();
          } while (!stop.stop_requested());
        }) {}

 private:
  std::jthread thread_;
};

// A thread that makes something, uses it once before the constructor returns, and then sleeps on it
// until it is destroyed.
class Idle {
 public:
  Idle(const auto& make, const auto& use)
      : thread_([&make, &use, this](const std::stop_token& stop) {
          const auto made = make();
          use(made);
          used_.release();
          std::binary_semaphore asleep{0};
          const std::stop_callback wake(stop, [&asleep] { asleep.release(); });
          asleep.acquire();
        }) {
    used_.acquire();
  }

 private:
  std::binary_semaphore used_{0};
  std::jthread thread_;
};

}  // namespace limiterbench::conformance
