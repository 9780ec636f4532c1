// The processor's own counters, of one thread and in user mode, where kernel and hardware allow it.
// What cannot be counted is absent, never 0.
#pragma once

#include <linux/perf_event.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "workload/noise.hpp"

namespace limiterbench::bench {

struct Event {
  std::string_view name;  // in the records
  std::uint32_t type;     // as perf_event_attr has them
  std::uint64_t config;
};

constexpr std::uint64_t read_misses(std::uint64_t cache) noexcept {
  return cache | (std::uint64_t{PERF_COUNT_HW_CACHE_OP_READ} << 8) |
         (std::uint64_t{PERF_COUNT_HW_CACHE_RESULT_MISS} << 16);
}

inline constexpr std::array hardware_events{
    Event{event_names[0], PERF_TYPE_HARDWARE, PERF_COUNT_HW_CPU_CYCLES},
    Event{event_names[1], PERF_TYPE_HARDWARE, PERF_COUNT_HW_INSTRUCTIONS},
    Event{event_names[2], PERF_TYPE_HW_CACHE, read_misses(PERF_COUNT_HW_CACHE_L1D)},
    Event{event_names[3], PERF_TYPE_HW_CACHE, read_misses(PERF_COUNT_HW_CACHE_LL)}};

// Counts on the thread that constructs it, which alone may start and stop.
class ThreadCounters {
 public:
  // Like the system call: a descriptor, or -1 and errno. Tests replace it.
  using Open = int (*)(const perf_event_attr& attributes);
  static int open_for_this_thread(const perf_event_attr& attributes);

  explicit ThreadCounters(std::span<const Event> events = hardware_events,
                          Open open = &open_for_this_thread);
  ~ThreadCounters();
  ThreadCounters(const ThreadCounters&) = delete;
  ThreadCounters& operator=(const ThreadCounters&) = delete;

  // One system call each, whatever the number of events.
  void start() noexcept;
  void stop() noexcept;

  // What was counted while started, since the last take(), in the events' order. A counter that had
  // to share the hardware with others is scaled to the whole time. One that never got the hardware
  // is absent.
  [[nodiscard]] std::vector<Count> take();

  // Why the first absent event is absent; "" if none is.
  [[nodiscard]] const std::string& absent() const noexcept { return absent_; }

 private:
  struct Reading {
    std::uint64_t value = 0;
    std::uint64_t enabled_ns = 0;
    std::uint64_t running_ns = 0;
  };
  struct Counter {
    int descriptor;  // -1: absent
    Reading taken;
  };
  std::vector<Counter> counters_;
  std::string absent_;
};

// Adds the counts of another thread. If one of the two is absent, so is the sum.
void add(std::vector<Count>& sum, const std::vector<Count>& more);

}  // namespace limiterbench::bench
