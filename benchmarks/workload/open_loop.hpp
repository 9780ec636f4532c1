// Requests that are due by a schedule, whether or not those before them are done.
//
// A thread of a closed loop asks for nothing while it is kept waiting: a stall counts as one slow
// request, however many requests it would have met. Here every request has an intended start, drawn
// beforehand. Its response time runs from there, its service time from its actual start: the first
// includes the delay that a stall causes, the second does not.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "host/clock.hpp"
#include "workload/histogram.hpp"
#include "workload/pages.hpp"

namespace limiterbench::bench {

enum class Arrivals : std::uint8_t {
  poisson,
  bursty,  // interrupted Poisson: on, at four times the mean rate, or off
};
[[nodiscard]] constexpr std::string_view to_string(Arrivals arrivals) noexcept {
  return arrivals == Arrivals::poisson ? "poisson" : "bursty";
}

// Fills `gaps`, the times between two arrivals, with mean 1. The same seed gives the same gaps.
void draw_gaps(Arrivals arrivals, std::uint64_t seed, std::span<float> gaps);

// What one thread is to send in a phase.
struct Load {
  Arrivals arrivals = Arrivals::poisson;
  double mean_gap = 0;  // in ticks; 0: everything is due at once, which shows how much can be sent
};

// One thread's schedule and what became of it.
class OpenLoop {
 public:
  // A request that begins so long after its intended start is late. This is beyond any clock's step
  // and below what a person or a service would notice.
  static constexpr std::uint64_t late_after_ns = 1000;
  // Drawn beforehand: the next one costs only a load. With fewer, all queues at high load would
  // come from the same few bunches.
  static constexpr std::size_t gap_count = std::size_t{1} << 16;

  // A queue that a design works off has become short again after this time; what is still waiting
  // then is unsent.
  static constexpr std::uint64_t grace_ns = 10'000;

  OpenLoop(std::uint64_t seed, const host::TickScale& scale);

  // Clears what was recorded. Both times in ticks.
  void start(const Load& load, std::uint64_t begin, std::uint64_t end) noexcept;

  // From this tick on no request begins.
  [[nodiscard]] std::uint64_t stop() const noexcept { return end_ + grace_; }
  [[nodiscard]] bool is_over() const noexcept { return due() >= end_; }
  // The next request's intended start, as a tick.
  [[nodiscard]] std::uint64_t due() const noexcept {
    // The offset is kept apart: a double has no room for the fractions of a whole tick count.
    return begin_ + static_cast<std::uint64_t>(offset_);
  }
  // That request ran from tick `begun` to tick `done`; on to the one after it.
  [[gnu::always_inline]] void sent(std::uint64_t begun, std::uint64_t done) noexcept {
    const std::uint64_t intended = due();
    response_.record(scale_.to_ns(done - intended));
    service_.record(scale_.to_ns(done - begun));
    late_ += begun - intended > late_after_ ? 1 : 0;
    advance();
  }
  // Afterwards: counts what was due before the end and never sent.
  void count_unsent() noexcept;

  [[nodiscard]] const Histogram& response() const noexcept { return response_; }
  [[nodiscard]] const Histogram& service() const noexcept { return service_; }
  [[nodiscard]] std::uint64_t late() const noexcept { return late_; }
  [[nodiscard]] std::uint64_t unsent() const noexcept { return unsent_; }

 private:
  void advance() noexcept {
    offset_ += static_cast<double>(gaps_[index_]) * mean_gap_;
    index_ = (index_ + 1) % gap_count;
  }

  host::TickScale scale_;
  std::uint64_t late_after_;  // in ticks
  std::uint64_t grace_;       // in ticks
  PagedArray<float> poisson_;
  PagedArray<float> bursty_;
  const float* gaps_;
  std::size_t index_ = 0;
  double mean_gap_ = 0;
  double offset_ = 0;
  std::uint64_t begin_ = 0;
  std::uint64_t end_ = 0;
  std::uint64_t late_ = 0;
  std::uint64_t unsent_ = 0;
  Histogram response_;
  Histogram service_;
};

}  // namespace limiterbench::bench
