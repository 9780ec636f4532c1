// The simulated backend of sync.hpp: a machine with as many CPUs as it is told to have. Each access
// tells the machine which line it needs and how, waits in simulated time until the line is there,
// and then happens at one instant on real memory.
//
// Source: original. The model of the machine: docs/prediction.md.
//
// What is modelled, beyond the atomics themselves:
// - Every order is sequentially consistent; only a seq_cst fence costs time.
// - plain<T> is one location, as under the checker: the line of its first byte. The other lines of
//   a larger object are taken to arrive with it.
// - make() and destroy() use the machine's allocator, whose addresses are the same in every run.
//   What `new` allocates is aligned, and shares lines, as it does natively.
// - The locks are those of glibc, word by word (simulated_locks.hpp); std::atomic<std::shared_ptr>
//   is libstdc++'s (simulated_pointer.hpp).
// - A restartable sequence is its loads and its store on the lines that it names. It is never
//   preempted; restart_sequences() makes running sequences fail.
//
// Included by sync.hpp alone. Everything simulated runs on one thread of the real machine.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>

#include "machine.hpp"
#include "wide.hpp"

namespace limiterbench::sync::inline simulated {

enum class memory_order : std::uint8_t { relaxed, acquire, release, acq_rel, seq_cst };
inline constexpr memory_order relaxed = memory_order::relaxed;
inline constexpr memory_order acquire = memory_order::acquire;
inline constexpr memory_order release = memory_order::release;
inline constexpr memory_order acq_rel = memory_order::acq_rel;
inline constexpr memory_order seq_cst = memory_order::seq_cst;

inline constexpr std::size_t false_sharing_range = 128;
inline constexpr std::size_t cache_line = 64;

// Not a checker: batches are as long as natively.
inline constexpr bool is_model = false;

namespace detail {
inline simulation::Machine& machine() noexcept { return *simulation::Machine::current; }
}  // namespace detail

// As std::atomic, except that every order must be given.
template <class T>
class atomic {
  using Difference = std::conditional_t<std::is_pointer_v<T>, std::ptrdiff_t, T>;

 public:
  constexpr atomic() noexcept = default;
  constexpr atomic(T value) noexcept : value_(value) {}
  atomic(const atomic&) = delete;
  atomic& operator=(const atomic&) = delete;

  [[nodiscard]] T load(memory_order, location where = location::current()) const noexcept {
    touch(simulation::Access::load, where);
    return value_;
  }
  void store(T value, memory_order, location where = location::current()) noexcept {
    touch(simulation::Access::store, where);
    value_ = value;
  }
  T exchange(T value, memory_order, location where = location::current()) noexcept {
    touch(simulation::Access::modify, where);
    return std::exchange(value_, value);
  }
  T fetch_add(Difference value, memory_order, location where = location::current()) noexcept {
    touch(simulation::Access::modify, where);
    return std::exchange(value_, static_cast<T>(value_ + value));
  }
  T fetch_sub(Difference value, memory_order, location where = location::current()) noexcept {
    touch(simulation::Access::modify, where);
    return std::exchange(value_, static_cast<T>(value_ - value));
  }
  T fetch_or(T value, memory_order, location where = location::current()) noexcept {
    touch(simulation::Access::modify, where);
    return std::exchange(value_, static_cast<T>(value_ | value));
  }

  // A swap that fails has taken the line all the same, as on x86.
  bool compare_exchange_strong(T& expected, T desired, memory_order, memory_order,
                               location where = location::current()) noexcept {
    touch(simulation::Access::modify, where);
    if (value_ != expected) {
      expected = value_;
      return false;
    }
    value_ = desired;
    return true;
  }
  bool compare_exchange_weak(T& expected, T desired, memory_order success, memory_order failure,
                             location where = location::current()) noexcept {
    return compare_exchange_strong(expected, desired, success, failure, where);
  }

  // A futex: asleep only while the value is `old`.
  void wait(T old, memory_order order, location where = location::current()) const noexcept {
    while (load(order, where) == old) detail::machine().sleep(&value_, where);
  }
  // Looks for sleepers first, without a system call.
  void notify_one(location where = location::current()) noexcept {
    if (detail::machine().has_sleepers(&value_)) detail::machine().wake(&value_, 1, where);
  }

  // For code that must look and act at one instant, after an access of its own.
  [[nodiscard]] T peek() const noexcept { return value_; }
  void poke(T value) noexcept { value_ = value; }

 private:
  void touch(simulation::Access access, const location& where) const noexcept {
    detail::machine().access(&value_, access, where);
  }

  T value_{};
};

class wide_atomic {
 public:
  [[nodiscard]] wide load(memory_order order, location where = location::current()) const noexcept {
    return value_.load(order, where);
  }
  [[nodiscard]] bool swap_if(wide expected, const wide& desired, memory_order order,
                             location where = location::current()) noexcept {
    return value_.compare_exchange_strong(expected, desired, order, order, where);
  }

 private:
  atomic<wide> value_;
};

inline void fence(memory_order order, location where = location::current()) noexcept {
  if (order == seq_cst) detail::machine().fence(where);
}
inline void compiler_fence() noexcept {}
[[nodiscard]] inline bool process_fence_available() noexcept { return true; }
inline void process_fence(location where = location::current()) noexcept {
  detail::machine().process_fence(where);
}

template <class T>
class plain {
 public:
  plain() = default;
  explicit plain(const T& value, location where = location::current()) : value_(value) {
    touch(simulation::Access::store, where);
  }
  plain(const plain& other) : plain(other.read()) {}
  plain& operator=(const plain& other) {
    write() = other.read();
    return *this;
  }
  [[nodiscard]] const T& read(location where = location::current()) const noexcept {
    touch(simulation::Access::load, where);
    return value_;
  }
  [[nodiscard]] T& write(location where = location::current()) noexcept {
    touch(simulation::Access::store, where);
    return value_;
  }

 private:
  void touch(simulation::Access access, const location& where) const noexcept {
    detail::machine().access(&value_, access, where);
  }

  T value_{};
};

template <class T, class... Arguments>
[[nodiscard]] T* make(Arguments&&... arguments) {
  void* const memory = detail::machine().allocate(sizeof(T), alignof(T));
  return ::new (memory) T(std::forward<Arguments>(arguments)...);
}
template <class T>
void destroy(T* object) noexcept {
  if (object == nullptr) return;
  // It may be destroyed through a base class that does not stand first.
  void* memory = const_cast<std::remove_const_t<T>*>(object);
  if constexpr (std::is_polymorphic_v<T>) memory = dynamic_cast<void*>(object);
  object->~T();
  detail::machine().free(memory);
}

inline void pause(location where = location::current()) noexcept { detail::machine().pause(where); }

// A waiting CPU has nothing else to run: it never yields.
class spin_wait {
 public:
  void operator()(location where = location::current()) noexcept { pause(where); }
};

[[nodiscard]] inline unsigned current_cpu(unsigned count = unsigned{
                                              std::numeric_limits<int>::max()}) noexcept {
  return std::min(detail::machine().current_cpu(), count);
}
[[nodiscard]] inline unsigned cpu_count() noexcept { return detail::machine().cpu_count(); }

namespace detail {
inline std::uint64_t restarts = 0;
}

// A restartable sequence with the same steps as the checker's. The descriptor that it announces is
// the thread's own and stays in its cache.
class sequence {
 public:
  static constexpr bool is_whole = false;

  explicit sequence(unsigned) noexcept : begun_(detail::restarts) {}

  // False: it has been restarted.
  template <class T>
  [[nodiscard]] bool load(const atomic<T>& from, T& to, memory_order order,
                          location where = location::current()) const noexcept {
    to = from.load(order, where);
    return !ended();
  }
  template <class Read>
  [[nodiscard]] bool read(Read&& read) const noexcept {
    read();
    return !ended();
  }
  template <class T>
  [[nodiscard]] bool commit(atomic<T>& to, T value,
                            location where = location::current()) const noexcept {
    detail::machine().access(&to, simulation::Access::store, where);
    if (ended()) return false;
    to.poke(value);
    return true;
  }

 private:
  [[nodiscard]] bool ended() const noexcept { return detail::restarts != begun_; }

  std::uint64_t begun_;
};

// As natively (native_rseq.hpp).
[[nodiscard]] inline bool rseq_store(unsigned cpu, atomic<std::uint64_t>& cell,
                                     std::uint64_t expected, std::uint64_t next,
                                     const atomic<std::uint64_t>& guard, std::uint64_t guarded,
                                     location where = location::current()) noexcept {
  const sequence steps(cpu);
  std::uint64_t seen = 0;
  return current_cpu() == cpu && steps.load(guard, seen, acquire, where) && seen == guarded &&
         steps.load(cell, seen, relaxed, where) && seen == expected &&
         steps.commit(cell, next, where);
}
[[nodiscard]] inline bool rseq_available() noexcept { return true; }
inline void forget_sequence() noexcept {}
// Running sequences fail; later ones see all that came before.
inline void restart_sequences(location where = location::current()) noexcept {
  ++detail::restarts;
  process_fence(where);
}

}  // namespace limiterbench::sync::inline simulated

#include "simulated_locks.hpp"
#include "simulated_pointer.hpp"
