// The native backend of sync.hpp: the standard library's types and the kernel's calls.
//
// Included by sync.hpp alone.
#pragma once

#include <linux/membarrier.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <utility>

#if defined(LIMITERBENCH_SYNC_YIELDING)
#include "yielding.hpp"
#endif

// Restartable sequences need glibc >= 2.35 and are written in assembler.
#if __has_include(<sys/rseq.h>) && (defined(__x86_64__) || defined(__aarch64__))
#include <sys/rseq.h>
#define LIMITERBENCH_RSEQ 1
#else
#define LIMITERBENCH_RSEQ 0
#endif

#if defined(__SANITIZE_THREAD__)
#define LIMITERBENCH_TSAN 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define LIMITERBENCH_TSAN 1
#endif
#endif
#ifndef LIMITERBENCH_TSAN
#define LIMITERBENCH_TSAN 0
#endif

namespace limiterbench::sync::inline native {

#if defined(LIMITERBENCH_SYNC_YIELDING)
template <class T>
using atomic = sync::detail::yielding_atomic<T>;
using mutex = sync::detail::yielding_lock<std::mutex>;
using shared_mutex = sync::detail::yielding_lock<std::shared_mutex>;
#else
template <class T>
using atomic = std::atomic<T>;
using mutex = std::mutex;
using shared_mutex = std::shared_mutex;
#endif
using std::make_shared;
using std::shared_ptr;
template <class T>
using atomic_shared_ptr = std::atomic<std::shared_ptr<T>>;
template <class Mutex>
using lock_guard = std::lock_guard<Mutex>;
template <class Mutex>
using shared_lock = std::shared_lock<Mutex>;

using std::memory_order;
inline constexpr memory_order relaxed = std::memory_order_relaxed;
inline constexpr memory_order acquire = std::memory_order_acquire;
inline constexpr memory_order release = std::memory_order_release;
inline constexpr memory_order acq_rel = std::memory_order_acq_rel;
inline constexpr memory_order seq_cst = std::memory_order_seq_cst;

// How far apart data that different CPUs write is kept: two lines of 64 bytes, since x86 prefetches
// the neighbour of a line that it fetches (Intel SDM, "spatial prefetcher").
inline constexpr std::size_t false_sharing_range = 128;
inline constexpr std::size_t cache_line = 64;

// Under a checker a run is a few operations long, so batches shrink to one.
inline constexpr bool is_model = false;

// ThreadSanitizer models read-modify-writes but neither fences nor membarrier. Under it every fence
// is a read-modify-write of one word.
inline constexpr bool fences_are_rmw = LIMITERBENCH_TSAN != 0;

namespace detail {
inline std::atomic<unsigned> fence_word{0};
inline const bool membarrier_registered =
    !fences_are_rmw &&
    syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0) == 0;

// Hazard: a fence that did not happen is a use after free elsewhere, so the process must not go on.
// A registered command fails when the kernel is out of memory, or when a seccomp filter installed
// since then forbids it. Install filters before the first limiter, or let them pass membarrier.
inline void membarrier(int command) noexcept {
  if (syscall(SYS_membarrier, command, 0, 0) != 0) [[unlikely]]
    std::abort();
}
}  // namespace detail

inline void fence(memory_order order) noexcept {
  if constexpr (fences_are_rmw) {
    detail::fence_word.fetch_add(1, std::memory_order_acq_rel);
  } else {
    std::atomic_thread_fence(order);
  }
}

inline void compiler_fence() noexcept { std::atomic_signal_fence(std::memory_order_seq_cst); }

// process_fence() makes every other running thread of the process execute a full fence
// (membarrier(2), MEMBARRIER_CMD_PRIVATE_EXPEDITED). It is not available before static
// initialisation has reached it, where the kernel has no such call, and under ThreadSanitizer.
[[nodiscard]] inline bool process_fence_available() noexcept {
  return detail::membarrier_registered;
}
inline void process_fence() noexcept { detail::membarrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED); }

// Nonatomic data, which one thread writes before it publishes it and others only read. Natively it
// is the bare value; a checker records every access.
template <class T>
class plain {
 public:
  plain() = default;
  explicit plain(const T& value) : value_(value) {}
  [[nodiscard]] const T& read() const noexcept { return value_; }
  [[nodiscard]] T& write() noexcept { return value_; }

 private:
  T value_{};
};

// Allocation goes through the door too: a checker finds leaks, and uses after free.
template <class T, class... Arguments>
[[nodiscard]] T* make(Arguments&&... arguments) {
  return new T(std::forward<Arguments>(arguments)...);
}
template <class T>
void destroy(T* object) noexcept {
  delete object;
}

inline void pause() noexcept {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("isb" ::: "memory");
#endif
}

// Waits for a step of ten instructions by another thread: pauses for about the time of a few line
// transfers, then assumes that the other thread was preempted and lets it run.
class spin_wait {
 public:
  void operator()() noexcept {
    if (++spins_ < 64) {
      pause();
    } else {
      sched_yield();
    }
  }

 private:
  unsigned spins_ = 0;
};

#if LIMITERBENCH_RSEQ && defined(__x86_64__)
// The CPU in the thread's restartable-sequence area, which glibc >= 2.35 registers with the kernel;
// a huge number if it is not registered. The area is read relative to the thread pointer, without
// computing its address.
[[nodiscard, gnu::always_inline]] inline std::uint32_t rseq_cpu_id() noexcept {
  std::uint32_t cpu;
  asm volatile("movl %%fs:%c1(%2), %0"
               : "=r"(cpu)
               : "i"(offsetof(struct rseq, cpu_id)), "r"(__rseq_offset));
  return cpu;
}
#elif LIMITERBENCH_RSEQ
[[nodiscard]] inline struct rseq* rseq_area() noexcept {
  return reinterpret_cast<struct rseq*>(static_cast<char*>(__builtin_thread_pointer()) +
                                        __rseq_offset);
}
[[nodiscard, gnu::always_inline]] inline std::uint32_t rseq_cpu_id() noexcept {
  const volatile struct rseq* area = rseq_area();
  return area->cpu_id;
}
#else
[[nodiscard]] inline std::uint32_t rseq_cpu_id() noexcept { return ~std::uint32_t{0}; }
#endif

namespace detail {
// For when the area does not say. A CPU numbered `count` or above was added later.
[[gnu::noinline]] inline unsigned ask_current_cpu(unsigned count) noexcept {
  const int cpu = sched_getcpu();
  return cpu < 0 ? 0 : std::min(static_cast<unsigned>(cpu), count);
}
}  // namespace detail

// The CPU that the caller is on, or `count` if its number is `count` or more. It may have changed
// by the time the caller uses it: good for choosing a shard, not for owning one.
[[nodiscard, gnu::always_inline]] inline unsigned current_cpu(
    unsigned count = unsigned{std::numeric_limits<int>::max()}) noexcept {
  const std::uint32_t cpu = rseq_cpu_id();
  if (cpu < count) [[likely]]
    return cpu;
  return detail::ask_current_cpu(count);
}

// One more than the highest number that current_cpu() returns, unless a CPU is added later. The
// kernel's list of present CPUs ends in the highest number. Else the configured count is used.
[[nodiscard]] inline unsigned cpu_count() noexcept {
  static const unsigned count = [] {
    const long configured = sysconf(_SC_NPROCESSORS_CONF);
    unsigned highest = configured < 1 ? 0 : static_cast<unsigned>(configured) - 1;
    if (std::FILE* file = std::fopen("/sys/devices/system/cpu/present", "re")) {
      for (unsigned number;
           std::fscanf(file, "%*[-,]") >= 0 && std::fscanf(file, "%u", &number) == 1;)
        highest = std::max(highest, number);
      std::fclose(file);
    }
    return highest + 1;
  }();
  return count;
}

}  // namespace limiterbench::sync::inline native

#include "native_rseq.hpp"
#include "native_wide.hpp"
