#include "native/slow_down.hpp"

#include <utility>

namespace limiterbench::bench {
namespace {

class SlowWorker final : public Worker {
 public:
  SlowWorker(std::unique_ptr<Worker> worker, unsigned percent)
      : worker_(std::move(worker)), percent_(percent) {}

  Tally untimed(Position& position, std::uint32_t count, Nanoseconds now) noexcept override {
    return worker_->untimed(position, count, now);
  }

  Tally timed(Position& position, std::uint32_t count, std::uint64_t& stamp,
              Histogram& histogram) noexcept override {
    Tally all;
    for (; count > 0; --count) add(all, timed_once(position, stamp, histogram));
    return all;
  }

  Tally paced(Position& position, std::uint32_t count, std::uint64_t until, std::uint64_t& stamp,
              OpenLoop& loop) noexcept override {
    Tally all;
    for (; count > 0; --count) {
      const Tally one = worker_->paced(position, 1, until, stamp, loop);
      if (one.requests[0] + one.requests[1] == 0) break;
      add(all, one);
      for (owed_ += percent_; owed_ >= 100; owed_ -= 100)
        add(all, worker_->untimed(position, 1, host::Clock::get().to_ns(stamp)));
      stamp = host::Clock::get().ticks();
    }
    return all;
  }

  Config config() noexcept override { return worker_->config(); }

 private:
  Tally timed_once(Position& position, std::uint64_t& stamp, Histogram& histogram) noexcept {
    const host::Clock& clock = host::Clock::get();
    const std::uint64_t begin = stamp;
    const Tally tally = worker_->timed(position, 1, stamp, shorter_);
    const std::uint64_t end = stamp + (stamp - begin) * percent_ / 100;
    do stamp = clock.ticks();
    while (stamp < end);
    histogram.record(clock.to_ns(stamp - begin));
    return tally;
  }

  static void add(Tally& all, const Tally& one) noexcept {
    for (std::size_t kind = 0; kind < 2; ++kind) {
      all.requests[kind] += one.requests[kind];
      all.admitted[kind] += one.admitted[kind];
      all.denied[kind] += one.denied[kind];
    }
  }

  std::unique_ptr<Worker> worker_;
  unsigned percent_;
  unsigned owed_ = 0;  // hundredths of a request
  Histogram shorter_;  // of the requests without what is added; nobody reads it
};

}  // namespace

std::unique_ptr<Worker> lengthened(std::unique_ptr<Worker> worker, unsigned percent) {
  return std::make_unique<SlowWorker>(std::move(worker), percent);
}

}  // namespace limiterbench::bench
