// The platform's locks, simulated: the words that they touch, in order, and how they sleep.
//
// Source: glibc 2.36, nptl/pthread_mutex_lock.c (PTHREAD_MUTEX_TIMED_NP, lll_lock) and
//   nptl/pthread_rwlock_common.c (readers preferred, as libstdc++'s std::shared_mutex asks for).
// Left out: reads of another word of the same line just before a read-modify-write (the mutex's
//   kind, the rwlock's cur_writer). They detect misuse and cost no transfer of their own.
// Included by simulated.hpp alone.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <shared_mutex>

namespace limiterbench::sync::inline simulated {

namespace detail {

inline constexpr std::size_t everybody = std::numeric_limits<std::size_t>::max();

// A word that threads sleep on. As in the kernel, the look at it and falling asleep are one step.
class futex : public atomic<std::uint32_t> {
 public:
  void sleep_while(std::uint32_t value, const location& where) noexcept {
    if (peek() == value) machine().sleep(this, where);
  }
  void wake(std::size_t count, const location& where) noexcept {
    machine().wake(this, count, where);
  }
};

}  // namespace detail

class mutex {
 public:
  mutex() = default;
  mutex(const mutex&) = delete;
  mutex& operator=(const mutex&) = delete;

  void lock(location where = location::current()) noexcept {
    std::uint32_t expected = free;
    if (!word_.compare_exchange_strong(expected, taken, acquire, relaxed, where)) {
      while (word_.exchange(contended, acquire, where) != free) word_.sleep_while(contended, where);
    }
    owner_.store(1, relaxed, where);
  }
  void unlock(location where = location::current()) noexcept {
    owner_.store(0, relaxed, where);
    if (word_.exchange(free, release, where) == contended) word_.wake(1, where);
  }

 private:
  static constexpr std::uint32_t free = 0, taken = 1, contended = 2;
  detail::futex word_;
  atomic<std::uint32_t> owner_{0};
  [[maybe_unused]] std::uint64_t rest_[4] = {};  // 40 bytes, as pthread_mutex_t
};

class shared_mutex {
 public:
  shared_mutex() = default;
  shared_mutex(const shared_mutex&) = delete;
  shared_mutex& operator=(const shared_mutex&) = delete;

  void lock_shared(location where = location::current()) noexcept {
    std::uint32_t seen = readers_.fetch_add(one_reader, acquire, where) + one_reader;
    // A write phase without a writer: the first reader ends it for all.
    while ((seen & write_phase) != 0 && (seen & write_locked) == 0) {
      if (readers_.compare_exchange_weak(seen, seen ^ write_phase, acquire, relaxed, where)) {
        set_phase(0, where);
        return;
      }
    }
    if ((seen & write_phase) != 0) await_phase(0, where);
  }

  void unlock_shared(location where = location::current()) noexcept {
    std::uint32_t seen = readers_.load(relaxed, where);
    std::uint32_t next;
    do {
      next = seen - one_reader;
      const bool hands_over = next < one_reader && (next & write_locked) != 0;
      if (hands_over) next |= write_phase;
    } while (!readers_.compare_exchange_weak(seen, next, release, relaxed, where));
    if ((next & write_phase) != 0) set_phase(1, where);
  }

  void lock(location where = location::current()) noexcept {
    std::uint32_t seen = readers_.fetch_or(write_locked, acquire, where);
    std::uint32_t others = 0;  // a thread that slept may not have been the only one
    while ((seen & write_locked) != 0) {
      await_writer(where);
      others = sleepers;
      seen = readers_.load(relaxed, where);
      while ((seen & write_locked) == 0 &&
             !readers_.compare_exchange_weak(seen, seen | write_locked, acquire, relaxed, where)) {
      }
    }
    writers_.store(1 | others, relaxed, where);
    seen |= write_locked;
    while ((seen & write_phase) == 0 && seen < one_reader) {
      if (readers_.compare_exchange_weak(seen, seen | write_phase, acquire, relaxed, where)) {
        phase_.store(1, relaxed, where);
        seen |= write_phase;
      }
    }
    if ((seen & write_phase) == 0) await_phase(1, where);
    owner_.store(1, relaxed, where);
  }

  void unlock(location where = location::current()) noexcept {
    owner_.store(0, relaxed, where);
    const bool wakes_writer = (writers_.exchange(0, relaxed, where) & sleepers) != 0;
    std::uint32_t seen = readers_.load(relaxed, where);
    while (!readers_.compare_exchange_weak(
        seen, (seen ^ write_locked) ^ (seen < one_reader ? 0 : write_phase), release, relaxed,
        where)) {
    }
    if (seen >= one_reader) set_phase(0, where);
    if (wakes_writer) writers_.wake(1, where);
  }

 private:
  static constexpr std::uint32_t write_phase = 1, write_locked = 2, one_reader = 8;
  static constexpr std::uint32_t sleepers = 2;  // in the futexes: somebody may be asleep

  void set_phase(std::uint32_t phase, const location& where) noexcept {
    if ((phase_.exchange(phase, release, where) & sleepers) != 0)
      phase_.wake(detail::everybody, where);
  }
  // Returns once the phase is `wanted`, and so decided in readers_ too.
  void await_phase(std::uint32_t wanted, const location& where) noexcept {
    const std::uint32_t other = 1 - wanted;
    for (bool ready = false;;) {
      std::uint32_t phase;
      while (((phase = phase_.load(acquire, where)) | sleepers) == (other | sleepers)) {
        if ((phase & sleepers) == 0 &&
            !phase_.compare_exchange_weak(phase, phase | sleepers, relaxed, relaxed, where))
          continue;
        phase_.sleep_while(other | sleepers, where);
      }
      if (ready) return;
      ready = (readers_.load(acquire, where) & write_phase) == wanted;
    }
  }
  void await_writer(const location& where) noexcept {
    std::uint32_t seen = writers_.load(relaxed, where);
    if (seen == 1 && !writers_.compare_exchange_weak(seen, 1 | sleepers, relaxed, relaxed, where))
      return;
    if (seen != 0) writers_.sleep_while(1 | sleepers, where);
  }

  detail::futex readers_;  // readers | 0 | write_locked | write_phase
  atomic<std::uint32_t> unused_{0};
  detail::futex phase_;    // 1 while a writer may hold it
  detail::futex writers_;  // 1 while a writer holds or awaits it
  atomic<std::uint32_t> owner_{0};
  [[maybe_unused]] std::uint32_t rest_[9] = {};  // 56 bytes, as pthread_rwlock_t
};

// Tells the locks above where they are taken; other locks are made of parts that say it themselves.
template <class Mutex>
class lock_guard {
 public:
  explicit lock_guard(Mutex& mutex, location where = location::current()) noexcept
      : mutex_(mutex), where_(where) {
    if constexpr (requires { mutex_.lock(where_); }) {
      mutex_.lock(where_);
    } else {
      mutex_.lock();
    }
  }
  ~lock_guard() {
    if constexpr (requires { mutex_.unlock(where_); }) {
      mutex_.unlock(where_);
    } else {
      mutex_.unlock();
    }
  }
  lock_guard(const lock_guard&) = delete;
  lock_guard& operator=(const lock_guard&) = delete;

 private:
  Mutex& mutex_;
  location where_;
};

template <class Mutex>
using shared_lock = std::shared_lock<Mutex>;

}  // namespace limiterbench::sync::inline simulated
