// The model checker's backend of sync.hpp: Relacy's race detector, which runs a test's threads as
// fibers, chooses every interleaving and every value that a weak load may return, and watches each
// access with vector clocks.
//
// Source: D. Vyukov, Relacy Race Detector (Debian: relacy-dev).
//
// What is modelled, beyond the atomics themselves:
// - Objects have lifetimes. It is a race to use an atomic or a plain<T> if its construction does
//   not happen before the use, or the use before its destruction, even in runs where the order came
//   out right. Relacy alone notices only a use that comes last.
// - plain<T> is one location: read() and write() are the accesses, at the time of the call.
// - make() and destroy() are Relacy's allocator: freed memory is overwritten, may be reused at once
//   or late, and must all be freed at the end. So must what `new` allocates: Relacy replaces it.
// - A failed compare-and-swap may return an older value, as a load may (random search only).
// - atomic_shared_ptr is the standard's contract, not an implementation of it: each operation is
//   one step, carries the given order, and sees the latest pointer.
//
// What it cannot show is listed, and asserted, in tests/model/litmus_test.cpp. Included by sync.hpp
// alone. Relacy keeps its state in globals: one test program, one translation unit.
#pragma once

#include <cstdint>

// Relacy's own generator has few states: a search of many schedules would repeat the same ones.
// This takes its place: SplitMix64 (G. Steele, D. Lea, C. Flood, "Fast Splittable Pseudorandom
// Number Generators", OOPSLA 2014), seeded with the number of the schedule.
#define RL_RANDOM_HPP
namespace rl {
struct random_generator {
  void seed(std::uint64_t number) { state_ = number; }
  unsigned rand() {
    std::uint64_t mixed = state_ += 0x9E37'79B9'7F4A'7C15;
    mixed = (mixed ^ (mixed >> 30)) * 0xBF58'476D'1CE4'E5B9;
    mixed = (mixed ^ (mixed >> 27)) * 0x94D0'49BB'1331'11EB;
    return static_cast<unsigned>((mixed ^ (mixed >> 31)) >> 33);
  }
  template <class T, T limit>
  T get() {
    return static_cast<T>(rand() % limit);
  }

 private:
  std::uint64_t state_ = 0;
};
}  // namespace rl

// Not relacy/relacy.hpp, which makes macros of `new`, `delete` and the names of the orders. The
// order matters: context.hpp comes first, and names what the last four define.
// clang-format off
#include <relacy/base.hpp>
#include <relacy/context.hpp>
#include <relacy/context_base_impl.hpp>
#include <relacy/atomic_fence.hpp>
#include <relacy/atomic.hpp>
#include <relacy/var.hpp>
#include <relacy/test_suite.hpp>
#include <relacy/stdlib/mutex.hpp>
#include <relacy/stdlib/condition_variable.hpp>
#include <relacy/stdlib/semaphore.hpp>
#include <relacy/stdlib/event.hpp>
// clang-format on

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <iterator>
#include <limits>
#include <mutex>
#include <shared_mutex>
#include <type_traits>
#include <utility>

#include "location.hpp"
#include "wide.hpp"

namespace limiterbench::sync {

// For Relacy's history.
template <class Stream>
Stream& operator<<(Stream& out, const wide& value) {
  out << value.high << ':' << value.low;
  return out;
}

}  // namespace limiterbench::sync

namespace limiterbench::sync::inline relacy {

using memory_order = rl::memory_order;
inline constexpr memory_order relaxed = rl::mo_relaxed;
inline constexpr memory_order acquire = rl::mo_acquire;
inline constexpr memory_order release = rl::mo_release;
inline constexpr memory_order acq_rel = rl::mo_acq_rel;
inline constexpr memory_order seq_cst = rl::mo_seq_cst;

inline constexpr std::size_t false_sharing_range = 64;
inline constexpr std::size_t cache_line = 64;

// A run is a few operations long, so batches shrink to one.
inline constexpr bool is_model = true;

// The machine that a model runs on.
struct Host {
  unsigned cpus = 2;
  bool migrates = false;       // current_cpu() is any CPU, at every call
  bool process_fence = false;  // process_fence() exists; light fences are then nothing
  bool restartable = true;     // restartable sequences exist
};
inline Host host;

namespace detail {

inline rl::debug_info at(const location& where) { return {where.function, where.file, where.line}; }

// From one point of this object's life to another, no other thread runs.
class uninterrupted {
 public:
  uninterrupted() { rl::ctx().disable_preemption(); }
  ~uninterrupted() { rl::ctx().enable_preemption(); }
  uninterrupted(const uninterrupted&) = delete;
  uninterrupted& operator=(const uninterrupted&) = delete;
};

// Watches the life of the object that it is a member of.
class lifetime {
 public:
  lifetime() : clocks_(rl::ctx().var_ctor()) { clocks_->init(*rl::ctx().threadx_); }
  lifetime(const lifetime&) : lifetime() {}
  lifetime& operator=(const lifetime&) { return *this; }
  ~lifetime() {
    const rl::debug_info where = at(location::current());
    write(where, "destroyed while another thread may use it");
    rl::ctx().var_dtor(clocks_);
    alive_ = 0;
  }

  void read(const rl::debug_info& where) const {
    check(where);
    if (!clocks_->load(*rl::ctx().threadx_))
      rl::ctx().fail_test("read of what another thread may write", rl::test_result_data_race,
                          where);
  }
  void write(const rl::debug_info& where, const char* failure) {
    check(where);
    if (!clocks_->store(*rl::ctx().threadx_))
      rl::ctx().fail_test(failure, rl::test_result_data_race, where);
  }

 private:
  void check(const rl::debug_info& where) const {
    if (alive_ != alive)
      rl::ctx().fail_test("access to freed memory", rl::test_result_access_to_freed_memory, where);
  }

  static constexpr std::uint32_t alive = 0x11fe71fe;
  rl::var_data* clocks_;
  // volatile: compilers drop a last store to an object whose life ends.
  volatile std::uint32_t alive_ = alive;
};

// What Relacy stores for a T: its history prints numbers only.
template <class T>
struct representation {
  using type = T;
};
template <class T>
struct representation<T*> {
  using type = std::uintptr_t;
};
template <class T>
requires std::is_enum_v<T>
struct representation<T> {
  using type = std::underlying_type_t<T>;
};

}  // namespace detail

// As std::atomic, except that every order must be given.
template <class T>
class atomic {
  using Stored = typename detail::representation<T>::type;

 public:
  atomic(location where = location::current()) : atomic(T{}, where) {}
  atomic(T value, location where = location::current()) {
    // Nobody else can know this object yet.
    const detail::uninterrupted alone;
    value_.store(encode(value), rl::mo_relaxed, detail::at(where));
  }
  atomic(const atomic&) = delete;
  atomic& operator=(const atomic&) = delete;

  [[nodiscard]] T load(memory_order order, location where = location::current()) const {
    lifetime_.read(detail::at(where));
    return decode(value_.load(order, detail::at(where)));
  }
  void store(T value, memory_order order, location where = location::current()) {
    lifetime_.read(detail::at(where));
    value_.store(encode(value), order, detail::at(where));
  }
  T exchange(T value, memory_order order, location where = location::current()) {
    return rmw<rl::rmw_type_swap>(encode(value), order, where);
  }
  T fetch_add(std::conditional_t<std::is_pointer_v<T>, std::ptrdiff_t, T> value, memory_order order,
              location where = location::current()) {
    return rmw<rl::rmw_type_add>(scale(value), order, where);
  }
  T fetch_sub(std::conditional_t<std::is_pointer_v<T>, std::ptrdiff_t, T> value, memory_order order,
              location where = location::current()) {
    return rmw<rl::rmw_type_sub>(scale(value), order, where);
  }

  bool compare_exchange_weak(T& expected, T desired, memory_order success, memory_order failure,
                             location where = location::current()) {
    return swap_if<true>(expected, desired, success, failure, where);
  }
  bool compare_exchange_strong(T& expected, T desired, memory_order success, memory_order failure,
                               location where = location::current()) {
    return swap_if<false>(expected, desired, success, failure, where);
  }

  // Blocks only if the latest value is `old`, as a futex does; nobody left to notify is a deadlock.
  void wait(T old, memory_order order, location where = location::current()) const {
    auto& value = const_cast<rl::atomic<Stored>&>(value_);
    while (load(order, where) == old) {
      if (decode(value.debug_value()) == old) {
        value.wait(rl::ctx(), false, false, detail::at(where));
      } else {
        rl::ctx().yield(1, detail::at(where));
      }
    }
  }
  void notify_one(location where = location::current()) {
    rl::ctx().sched();
    lifetime_.read(detail::at(where));
    value_.wake(rl::ctx(), 1, detail::at(where));
  }

 private:
  static Stored encode(T value) {
    if constexpr (std::is_pointer_v<T>) {
      return reinterpret_cast<std::uintptr_t>(value);
    } else {
      return static_cast<Stored>(value);
    }
  }
  static T decode(Stored value) {
    if constexpr (std::is_pointer_v<T>) {
      return reinterpret_cast<T>(value);
    } else {
      return static_cast<T>(value);
    }
  }
  template <class Difference>
  static auto scale(Difference value) {
    if constexpr (std::is_pointer_v<T>) {
      return static_cast<std::uintptr_t>(value) * sizeof(std::remove_pointer_t<T>);
    } else {
      return value;
    }
  }

  template <rl::rmw_type_e operation>
  T rmw(Stored operand, memory_order order, const location& where) {
    lifetime_.read(detail::at(where));
    return decode(value_.rmw(rl::rmw_type_t<operation>(), operand, order, detail::at(where)));
  }

  template <bool may_fail_spuriously>
  bool swap_if(T& expected, T desired, memory_order success, memory_order failure,
               const location& where) {
    lifetime_.read(detail::at(where));
    Stored seen = encode(expected);
    if (sees_older(seen, failure, where)) {
      expected = decode(seen);
      return false;
    }
    // Relacy takes no failure order that is stronger than the success order.
    const bool orders_failure_apart =
        failure == acquire && (success == relaxed || success == release);
    if (value_.compare_exchange(rl::bool_t<may_fail_spuriously>(), seen, encode(desired), success,
                                orders_failure_apart ? relaxed : failure, detail::at(where)))
      return true;
    if (orders_failure_apart) rl::atomic_thread_fence(acquire, detail::at(where));
    expected = decode(seen);
    return false;
  }

  // A swap that fails is a load, and may see an older value. Only in random search: in a tree it
  // would double the branches of every swap. seq_cst is left to Relacy.
  bool sees_older(Stored& seen, memory_order failure, const location& where) {
    if (!rl::ctx().is_random_sched() || failure == seq_cst) return false;
    if (rl::ctx().rand(4, rl::sched_type_user) != 0) return false;
    const Stored value = value_.load(relaxed, detail::at(where));
    if (value == seen) return false;
    seen = value;
    if (failure == acquire) rl::atomic_thread_fence(acquire, detail::at(where));
    return true;
  }

  detail::lifetime lifetime_;
  rl::atomic<Stored> value_;
};

// A load sees both halves at one instant, which the native one's users must make it do.
class wide_atomic {
 public:
  explicit wide_atomic(location where = location::current()) : value_(wide{}, where) {}

  [[nodiscard]] wide load(memory_order order, location where = location::current()) const {
    return value_.load(order, where);
  }
  [[nodiscard]] bool swap_if(wide expected, const wide& desired, memory_order order,
                             location where = location::current()) {
    return value_.compare_exchange_weak(expected, desired, order, relaxed, where);
  }

 private:
  atomic<wide> value_;
};

inline void fence(memory_order order, location where = location::current()) {
  rl::atomic_thread_fence(order, detail::at(where));
}

inline void compiler_fence() noexcept {}

// With host.process_fence every thread's clock advances to every other's, which models what
// membarrier(2) does to store buffers. Without it, asymmetric fences are seq_cst fences.
[[nodiscard]] inline bool process_fence_available() noexcept { return host.process_fence; }
inline void process_fence(location where = location::current()) {
  rl::ctx().sched();
  rl::systemwide_fence(detail::at(where));
}

template <class T>
class plain {
 public:
  plain() = default;
  explicit plain(const T& value) : value_(value) {}
  plain(const plain& other) : value_(other.read()) {}
  plain& operator=(const plain& other) {
    write() = other.read();
    return *this;
  }
  [[nodiscard]] const T& read(location where = location::current()) const {
    lifetime_.read(detail::at(where));
    return value_;
  }
  [[nodiscard]] T& write(location where = location::current()) {
    lifetime_.write(detail::at(where), "write of what another thread may use");
    return value_;
  }

 private:
  detail::lifetime lifetime_;
  T value_{};
};

namespace detail {

// What stands before an object in memory from make(): it may be destroyed through a base class.
struct Allocation {
  void* base;  // as Relacy knows it, aligned to 16 bytes
  std::size_t size;

  static void* allocate(std::size_t size, std::size_t alignment, const rl::debug_info& where) {
    const std::size_t header = alignment < sizeof(Allocation) ? sizeof(Allocation) : alignment;
    void* const base = rl::ctx().alloc(header + size + alignment, false, where);
    auto address = reinterpret_cast<std::uintptr_t>(base) + header;
    address = (address + alignment - 1) / alignment * alignment;
    const Allocation allocation{base, size};
    std::memcpy(reinterpret_cast<void*>(address - sizeof allocation), &allocation,
                sizeof allocation);
    return reinterpret_cast<void*>(address);
  }
  static void free(void* object, const rl::debug_info& where) {
    Allocation allocation;
    std::memcpy(&allocation, static_cast<char*>(object) - sizeof allocation, sizeof allocation);
    std::memset(object, 0xdd, allocation.size);
    rl::ctx().free(allocation.base, false, where);
  }
};

}  // namespace detail

template <class T, class... Arguments>
[[nodiscard]] T* make(Arguments&&... arguments) {
  void* const memory =
      detail::Allocation::allocate(sizeof(T), alignof(T), detail::at(location::current()));
  return ::new (memory) T(std::forward<Arguments>(arguments)...);
}
template <class T>
void destroy(T* object) noexcept {
  if (object == nullptr) return;
  object->~T();
  detail::Allocation::free(const_cast<std::remove_const_t<T>*>(object),
                           detail::at(location::current()));
}

// std::shared_ptr. Its count is trusted to be correct; it models the order between the last use on
// one thread and the destruction on another.
template <class T>
class shared_ptr {
 public:
  shared_ptr() = default;
  shared_ptr(const shared_ptr& other) : shared_(other.shared_) { add(); }
  shared_ptr(shared_ptr&& other) noexcept : shared_(std::exchange(other.shared_, nullptr)) {}
  shared_ptr& operator=(shared_ptr other) noexcept {
    std::swap(shared_, other.shared_);
    return *this;
  }
  ~shared_ptr() { drop(); }

  T* operator->() const noexcept { return &shared_->value; }

 private:
  template <class>
  friend class atomic_shared_ptr;
  template <class U, class... Arguments>
  friend shared_ptr<U> make_shared(Arguments&&... arguments);

  struct Shared {
    template <class... Arguments>
    explicit Shared(Arguments&&... arguments) : value(std::forward<Arguments>(arguments)...) {}
    atomic<long> count{1};
    T value;
  };

  explicit shared_ptr(Shared* shared) noexcept : shared_(shared) {}
  void add() const {
    const detail::uninterrupted alone;
    if (shared_ != nullptr) shared_->count.fetch_add(1, relaxed);
  }
  void drop() {
    const detail::uninterrupted alone;
    if (shared_ != nullptr && shared_->count.fetch_sub(1, acq_rel) == 1) destroy(shared_);
  }

  Shared* shared_ = nullptr;
};

template <class T, class... Arguments>
[[nodiscard]] shared_ptr<T> make_shared(Arguments&&... arguments) {
  using Shared = typename shared_ptr<T>::Shared;
  return shared_ptr<T>(make<Shared>(std::forward<Arguments>(arguments)...));
}

template <class T>
class atomic_shared_ptr {
  using Shared = typename shared_ptr<T>::Shared;

 public:
  explicit atomic_shared_ptr(shared_ptr<T> value = {}) : pointer_(take(value)) {}
  ~atomic_shared_ptr() { const shared_ptr<T> last(pointer_.exchange(nullptr, acq_rel)); }
  atomic_shared_ptr(const atomic_shared_ptr&) = delete;
  atomic_shared_ptr& operator=(const atomic_shared_ptr&) = delete;

  [[nodiscard]] shared_ptr<T> load(memory_order order, location where = location::current()) const {
    rl::ctx().sched();
    const detail::uninterrupted alone;
    // A read-modify-write that changes nothing sees the latest value, which the count keeps alive.
    shared_ptr<T> value(pointer_.fetch_add(0, order, where));
    value.add();
    return value;
  }
  void store(shared_ptr<T> value, memory_order order, location where = location::current()) {
    rl::ctx().sched();
    const detail::uninterrupted alone;
    // acq_rel for release: a thread that takes a pointer out must see its count.
    const shared_ptr<T> previous(
        pointer_.exchange(take(value), order == release ? acq_rel : order, where));
  }

 private:
  static Shared* take(shared_ptr<T>& value) { return std::exchange(value.shared_, nullptr); }

  mutable atomic<Shared*> pointer_;
};

class mutex {
 public:
  mutex() { mutex_.init(false, false, false, true, detail::at(location::current())); }
  ~mutex() { mutex_.deinit(detail::at(location::current())); }
  mutex(const mutex&) = delete;
  mutex& operator=(const mutex&) = delete;

  void lock(location where = location::current()) { mutex_.lock_exclusive(detail::at(where)); }
  void unlock(location where = location::current()) { mutex_.unlock_exclusive(detail::at(where)); }

 private:
  rl::generic_mutex<mutex> mutex_;
};

class shared_mutex {
 public:
  shared_mutex() { mutex_.init(true, false, false, true, detail::at(location::current())); }
  ~shared_mutex() { mutex_.deinit(detail::at(location::current())); }
  shared_mutex(const shared_mutex&) = delete;
  shared_mutex& operator=(const shared_mutex&) = delete;

  void lock(location where = location::current()) { mutex_.lock_exclusive(detail::at(where)); }
  void unlock(location where = location::current()) { mutex_.unlock_exclusive(detail::at(where)); }
  void lock_shared(location where = location::current()) { mutex_.lock_shared(detail::at(where)); }
  void unlock_shared(location where = location::current()) {
    mutex_.unlock_shared(detail::at(where));
  }

 private:
  rl::generic_mutex<shared_mutex> mutex_;
};

template <class Mutex>
using lock_guard = std::lock_guard<Mutex>;
template <class Mutex>
using shared_lock = std::shared_lock<Mutex>;

inline void pause(location where = location::current()) { rl::ctx().yield(1, detail::at(where)); }

class spin_wait {
 public:
  void operator()(location where = location::current()) { pause(where); }
};

// One thread, one CPU, unless the model's threads migrate.
[[nodiscard]] inline unsigned current_cpu(unsigned count = unsigned{
                                              std::numeric_limits<int>::max()}) {
  const auto thread = static_cast<unsigned>(rl::ctx().threadx_->index_);
  const unsigned cpu =
      host.migrates ? rl::ctx().rand(host.cpus, rl::sched_type_user) : thread % host.cpus;
  return std::min(cpu, count);
}
[[nodiscard]] inline unsigned cpu_count() noexcept { return host.cpus; }

namespace detail {
// A CPU, on which threads run one after the other. The kernel's fences at a switch order all that
// one thread has done there before all that the next one does.
struct processor {
  unsigned interruptions = 0;
  rl::timestamp_t done[4] = {};  // by thread

  // The present thread runs here now.
  void enter() {
    ++interruptions;
    rl::timestamp_t* const known = rl::ctx().threadx_->acq_rel_order_;
    for (std::size_t i = 0; i < thread_count(); ++i) known[i] = std::max(known[i], done[i]);
  }
  // What it has done so far, it has done here.
  void note() {
    const rl::timestamp_t* const known = rl::ctx().threadx_->acq_rel_order_;
    for (std::size_t i = 0; i < thread_count(); ++i) done[i] = std::max(done[i], known[i]);
  }
  std::size_t thread_count() const {
    return std::min(static_cast<std::size_t>(rl::ctx().get_thread_count()), std::size(done));
  }
};
inline processor processors[8];

// Called before each schedule, since its clocks begin anew.
inline void forget() {
  for (processor& each : processors) std::fill(std::begin(each.done), std::end(each.done), 0);
}
}  // namespace detail

// A restartable sequence of loads that ends in one store. Other CPUs run between its steps. Another
// thread on its own CPU, or restart_sequences(), ends it: from then on it neither loads nor stores.
class sequence {
 public:
  static constexpr bool is_whole = false;

  explicit sequence(unsigned cpu) : cpu_(detail::processors[cpu]) {
    cpu_.enter();
    begun_ = cpu_.interruptions;
  }

  // False: it has ended.
  template <class T>
  [[nodiscard]] bool load(const atomic<T>& from, T& to, memory_order order,
                          location where = location::current()) {
    rl::ctx().sched();
    const detail::uninterrupted alone;
    if (ended()) return false;
    to = from.load(order, where);
    cpu_.note();
    return true;
  }
  // What is read here is read before the sequence ends.
  template <class Read>
  [[nodiscard]] bool read(Read&& read) {
    rl::ctx().sched();
    const detail::uninterrupted alone;
    if (ended()) return false;
    read();
    return true;
  }
  template <class T>
  [[nodiscard]] bool commit(atomic<T>& to, T value, location where = location::current()) {
    rl::ctx().sched();
    const detail::uninterrupted alone;
    if (ended()) return false;
    to.store(value, relaxed, where);
    cpu_.note();
    return true;
  }

 private:
  [[nodiscard]] bool ended() const { return cpu_.interruptions != begun_; }

  detail::processor& cpu_;
  unsigned begun_;
};

// `guard` is compared, by acquire, then `cell`, and then `next` is stored.
template <class T>
[[nodiscard]] bool rseq_store(unsigned cpu, atomic<T>& cell, T expected, T next,
                              const atomic<T>& guard, T guarded,
                              location where = location::current()) {
  if (current_cpu() != cpu) return false;
  sequence steps(cpu);
  T seen{};
  if (!steps.load(guard, seen, acquire, where) || seen != guarded) return false;
  if (!steps.load(cell, seen, relaxed, where) || seen != expected) return false;
  return steps.commit(cell, next, where);
}
[[nodiscard]] inline bool rseq_available() noexcept { return host.restartable; }
inline void forget_sequence() noexcept {}
// MEMBARRIER_CMD_PRIVATE_EXPEDITED_RSEQ.
inline void restart_sequences(location where = location::current()) {
  process_fence(where);
  for (detail::processor& each : detail::processors) ++each.interruptions;
}

}  // namespace limiterbench::sync::inline relacy
