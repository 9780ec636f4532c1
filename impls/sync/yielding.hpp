// Native atomics and locks that give the CPU away before one access in eight, for tests: more
// interleavings than the scheduler makes by itself.
//
// Included by sync/native.hpp alone.
#pragma once

#include <sched.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <thread>
#include <type_traits>

namespace limiterbench::sync::detail {

inline void maybe_yield() noexcept {
  thread_local std::uint64_t random =
      std::hash<std::thread::id>{}(std::this_thread::get_id()) * 0x9e3779b97f4a7c15 | 1;
  random ^= random << 13;  // xorshift64, Marsaglia 2003
  random ^= random >> 7;
  random ^= random << 17;
  if (random >> 61 == 0) sched_yield();
}

template <class T>
class yielding_atomic : public std::atomic<T> {
  using Base = std::atomic<T>;
  using Difference = std::conditional_t<std::is_pointer_v<T>, std::ptrdiff_t, T>;

 public:
  using Base::Base;

  [[nodiscard]] T load(std::memory_order order) const noexcept {
    maybe_yield();
    return Base::load(order);
  }
  void store(T value, std::memory_order order) noexcept {
    maybe_yield();
    Base::store(value, order);
  }
  T exchange(T value, std::memory_order order) noexcept {
    maybe_yield();
    return Base::exchange(value, order);
  }
  T fetch_add(Difference value, std::memory_order order) noexcept {
    maybe_yield();
    return Base::fetch_add(value, order);
  }
  T fetch_sub(Difference value, std::memory_order order) noexcept {
    maybe_yield();
    return Base::fetch_sub(value, order);
  }
  T fetch_or(T value, std::memory_order order) noexcept {
    maybe_yield();
    return Base::fetch_or(value, order);
  }
  bool compare_exchange_strong(T& expected, T desired, std::memory_order success,
                               std::memory_order failure) noexcept {
    maybe_yield();
    return Base::compare_exchange_strong(expected, desired, success, failure);
  }
  bool compare_exchange_weak(T& expected, T desired, std::memory_order success,
                             std::memory_order failure) noexcept {
    maybe_yield();
    return Base::compare_exchange_weak(expected, desired, success, failure);
  }
};

template <class Mutex>
class yielding_lock : public Mutex {
 public:
  void lock() {
    maybe_yield();
    Mutex::lock();
    maybe_yield();
  }
  void lock_shared() requires requires(Mutex& mutex) { mutex.lock_shared(); }
  {
    maybe_yield();
    Mutex::lock_shared();
    maybe_yield();
  }
};

}  // namespace limiterbench::sync::detail
