// A row under measurement, seen without its type: one virtual call for a batch of requests, so that
// only the loop over a batch is compiled for each row.
#pragma once

#include <limiterbench/limiter.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "host/clock.hpp"
#include "workload/histogram.hpp"
#include "workload/open_loop.hpp"
#include "workload/scenario.hpp"

namespace limiterbench::bench {

// Where a thread is in the mix of classes.
struct Position {
  Mix mix;
  std::uint32_t until_rare;  // requests of the common class before the next of the rare one
};

// What became of a batch; [0]: of the mix's common class, [1]: of its rare one.
struct Tally {
  std::array<std::uint32_t, 2> requests{};
  std::array<std::uint32_t, 2> admitted{};
  std::array<std::uint32_t, 2> denied{};
};

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
  // they began. `stamp` is as above, but that waiting moves it on too.
  virtual Tally paced(Position& position, std::uint32_t count, std::uint64_t until,
                      std::uint64_t& stamp, OpenLoop& loop) noexcept = 0;
  virtual Config config() noexcept = 0;
};

class Subject {
 public:
  Subject() = default;
  virtual ~Subject() = default;
  Subject(const Subject&) = delete;
  Subject& operator=(const Subject&) = delete;

  [[nodiscard]] virtual std::unique_ptr<Worker> attach() = 0;
  virtual void publish(const Config& config) = 0;
  [[nodiscard]] virtual Footprint footprint() = 0;
  [[nodiscard]] virtual Permits error_bound(const Rule& rule, Permits cost) = 0;
  // The limiter itself, without what it points to.
  [[nodiscard]] virtual std::span<const std::byte> memory() const noexcept = 0;
};

// An entry of the registry.
struct Row {
  Info info;
  std::unique_ptr<Subject> (*create)(const Config& config);
};

}  // namespace limiterbench::bench
