// A design under measurement, seen without its type. A batch of requests takes one virtual call:
// only the loop over a batch is compiled for each design.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "host/clock.hpp"
#include "workload/histogram.hpp"
#include "workload/open_loop.hpp"
#include "workload/subject.hpp"

namespace limiterbench::bench {

// One thread's access to the limiter, made, used and destroyed on that thread.
class Worker {
 public:
  Worker() = default;
  virtual ~Worker() = default;
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  // `count` requests, all stamped `now`.
  virtual Tally untimed(Position& position, std::uint32_t count, Nanoseconds now) noexcept = 0;
  // `count` requests, each stamped with the end of the one before and timed from there. `stamp` is
  // in ticks of the clock and moves on to the end of the last one.
  virtual Tally timed(Position& position, std::uint32_t count, std::uint64_t& stamp,
                      Histogram& histogram) noexcept = 0;
  // At most `count` requests, each when it is due and none from tick `until` on, stamped with when
  // they began. `stamp` is as above, except that waiting moves it on too.
  virtual Tally paced(Position& position, std::uint32_t count, std::uint64_t until,
                      std::uint64_t& stamp, OpenLoop& loop) noexcept = 0;
  virtual Config config() noexcept = 0;
};

class NativeSubject : public Subject {
 public:
  [[nodiscard]] virtual std::unique_ptr<Worker> attach() = 0;
  // The limiter itself, without what it points to.
  [[nodiscard]] virtual std::span<const std::byte> memory() const noexcept = 0;
};

// An entry of the registry.
struct Row {
  Info info;
  std::unique_ptr<NativeSubject> (*create)(const Config& config);
};

}  // namespace limiterbench::bench
