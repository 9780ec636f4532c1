// Teams of threads for the concurrent checks. Waiting parks: on few CPUs, threads that spin at a
// barrier keep those they wait for from running.
#pragma once

#include <sys/select.h>

#include <atomic>
#include <barrier>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <ctime>
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

// A lock may give every turn to a thread that does not run: then fewer rounds have to do.
class TimeLimit {
 public:
  [[nodiscard]] bool is_over() const { return Clock::now() - start_ > std::chrono::seconds(1); }

 private:
  using Clock = std::chrono::steady_clock;
  Clock::time_point start_ = Clock::now();
};

// Stops a thread between any two of its instructions, as an operating system does when it preempts
// it, and for as long as the others need: so that they find every step half done, and it finds the
// world changed. One at a time. It goes on by itself after a while, for it may hold a lock.
class Stalls {
 public:
  Stalls() {
    struct sigaction action {};
    action.sa_handler = [](int) { stand_still(); };
    action.sa_flags = SA_RESTART;
    sigaction(SIGUSR2, &action, nullptr);
  }

  // Returns when the thread stands still, or does not get to run.
  void stop(pthread_t thread) const {
    released.store(false, std::memory_order_relaxed);
    pthread_kill(thread, SIGUSR2);
    for (int i = 0; i < 1'000 && !stopped(); ++i) sched_yield();
  }
  [[nodiscard]] bool stopped() const { return standing.load(std::memory_order_acquire); }
  void release() const { released.store(true, std::memory_order_relaxed); }

 private:
  static inline std::atomic<bool> standing{false};
  static inline std::atomic<bool> released{false};

  static void stand_still() {
    const int error = errno;
    standing.store(true, std::memory_order_release);
    for (int i = 0; i < 30 && !released.load(std::memory_order_relaxed); ++i) {
      const timespec a_tenth_of_a_millisecond{0, 100'000};
      pselect(0, nullptr, nullptr, nullptr, &a_tenth_of_a_millisecond, nullptr);
    }
    standing.store(false, std::memory_order_release);
    errno = error;
  }
};

}  // namespace limiterbench::conformance
