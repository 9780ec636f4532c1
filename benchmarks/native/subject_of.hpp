// The measuring loops, compiled for one design.
#pragma once

#include <algorithm>
#include <span>
#include <utility>

#include "native/subject.hpp"

namespace limiterbench::bench {

// Hides where a value comes from. Otherwise the compiler would optimise a limiter for the constant
// requests of a benchmark, or remove a loop without effect.
template <class T>
inline void launder_value(T& value) noexcept {
  asm volatile("" : "+r"(value));
}

// Counts of the requests that were not admitted.
struct Refused {
  std::uint32_t denied = 0;
  std::uint32_t never = 0;

  void count(const Decision& decision) noexcept {
    if (decision.admitted()) return;
    decision.denied() ? ++denied : ++never;
  }
};

[[nodiscard]] inline Tally tally_of(std::uint32_t requests, const Refused& refused) noexcept {
  return {.requests = {requests, 0},
          .admitted = {requests - refused.denied - refused.never, 0},
          .denied = {refused.denied, 0}};
}

// Sends `count` requests through send(class, count), called once for each run of one class in the
// mix.
template <class Send>
inline Tally mixed(Position& position, std::uint32_t count, Send&& send) noexcept {
  Tally tally;
  while (count > 0) {
    const bool rare = position.until_rare == 0;
    const std::uint32_t run = rare ? 1 : std::min(count, position.until_rare);
    const Refused refused = send(rare ? position.mix.rare : position.mix.common, run);
    const std::size_t kind = rare ? 1 : 0;
    tally.requests[kind] += run;
    tally.admitted[kind] += run - refused.denied - refused.never;
    tally.denied[kind] += refused.denied;
    count -= run;
    position.until_rare = rare ? position.mix.period - 1 : position.until_rare - run;
  }
  return tally;
}

template <class L, class Source>
class WorkerOf final : public Worker {
 public:
  explicit WorkerOf(L& limiter) : limiter_(limiter), handle_(limiter.attach()) {}

  Tally untimed(Position& position, std::uint32_t count, Nanoseconds now) noexcept override {
    if (position.drawn != nullptr) return tally_of(count, send(*position.drawn, count, now));
    return mixed(position, count, [&](std::uint32_t traffic_class, std::uint32_t run) {
      return send(traffic_class, run, now);
    });
  }

  Tally timed(Position& position, std::uint32_t count, std::uint64_t& stamp,
              Histogram& histogram) noexcept override {
    if (position.drawn != nullptr)
      return tally_of(count, send_timed(*position.drawn, count, stamp, histogram));
    return mixed(position, count, [&](std::uint32_t traffic_class, std::uint32_t run) {
      return send_timed(traffic_class, run, stamp, histogram);
    });
  }

  // One request at a time, since each may be the last.
  Tally paced(Position& position, std::uint32_t count, std::uint64_t until, std::uint64_t& stamp,
              OpenLoop& loop) noexcept override {
    const host::Clock& clock = host::Clock::get();
    Tally tally;
    std::uint64_t tick = stamp;
    Permits cost = 1;
    for (; count > 0; --count) {
      const std::uint64_t due = std::min(loop.due(), until);
      while (tick < due) tick = Source::ticks();
      if (tick >= until || loop.is_over()) break;
      const std::size_t kind = position.until_rare == 0 ? 1 : 0;
      launder_value(cost);
      const Decision decision = limiter_.try_acquire(
          handle_, {kind == 1 ? position.mix.rare : position.mix.common, cost, clock.to_ns(tick)});
      const std::uint64_t end = Source::ticks();
      loop.sent(tick, end);
      ++tally.requests[kind];
      tally.admitted[kind] += decision.admitted() ? 1 : 0;
      tally.denied[kind] += decision.denied() ? 1 : 0;
      position.until_rare = kind == 1 ? position.mix.period - 1 : position.until_rare - 1;
      tick = end;
    }
    stamp = tick;
    return tally;
  }

  Config config() noexcept override { return limiter_.config(handle_); }

 private:
  // Out of line: here the loops have little else to keep in registers. A value spilled before a
  // locked instruction costs time, because that instruction waits for the store.
  [[gnu::noinline]] Refused send(std::uint32_t traffic_class, std::uint32_t count,
                                 Nanoseconds now) noexcept {
    L& limiter = limiter_;
    Refused refused;
    Permits cost = 1;
    for (; count > 0; --count) {
      launder_value(now);
      launder_value(cost);
      refused.count(limiter.try_acquire(handle_, {traffic_class, cost, now}));
    }
    return refused;
  }

  [[gnu::noinline]] Refused send(Drawn& drawn, std::uint32_t count, Nanoseconds now) noexcept {
    L& limiter = limiter_;
    Refused refused;
    for (const Drawn::Request* next = drawn.next(count); count > 0; --count, ++next) {
      launder_value(now);
      const Decision decision =
          limiter.try_acquire(handle_, {next->traffic_class, next->cost, now});
      refused.count(decision);
      drawn.note(*next, decision);
    }
    return refused;
  }

  [[gnu::noinline]] Refused send_timed(std::uint32_t traffic_class, std::uint32_t count,
                                       std::uint64_t& stamp, Histogram& histogram) noexcept {
    const host::Clock& clock = host::Clock::get();
    Refused refused;
    std::uint64_t last = stamp;
    Permits cost = 1;
    for (; count > 0; --count) {
      launder_value(cost);
      refused.count(limiter_.try_acquire(handle_, {traffic_class, cost, clock.to_ns(last)}));
      const std::uint64_t end = Source::ticks();
      histogram.record(clock.to_ns(end - last));
      last = end;
    }
    stamp = last;
    return refused;
  }

  // What became of a request is noted within the latency of the next one, as the histogram is.
  [[gnu::noinline]] Refused send_timed(Drawn& drawn, std::uint32_t count, std::uint64_t& stamp,
                                       Histogram& histogram) noexcept {
    const host::Clock& clock = host::Clock::get();
    Refused refused;
    std::uint64_t last = stamp;
    for (const Drawn::Request* next = drawn.next(count); count > 0; --count, ++next) {
      const Decision decision =
          limiter_.try_acquire(handle_, {next->traffic_class, next->cost, clock.to_ns(last)});
      const std::uint64_t end = Source::ticks();
      histogram.record(clock.to_ns(end - last));
      refused.count(decision);
      drawn.note(*next, decision);
      last = end;
    }
    stamp = last;
    return refused;
  }

  L& limiter_;
  typename L::Handle handle_;
};

template <Limiter L>
class SubjectOf final : public NativeSubject {
 public:
  explicit SubjectOf(const Config& config) : limiter_(config) {}

  std::unique_ptr<Worker> attach() override {
    return host::Clock::get().with_source([this](auto source) -> std::unique_ptr<Worker> {
      return std::make_unique<WorkerOf<L, decltype(source)>>(limiter_);
    });
  }
  void publish(const Config& config) override { limiter_.publish(config); }
  Footprint footprint() override { return limiter_.footprint(); }
  Permits error_bound(const Rule& rule, Permits cost) override {
    return limiter_.error_bound(rule, cost);
  }

  std::span<const std::byte> memory() const noexcept override {
    return std::as_bytes(std::span(&limiter_, 1));
  }

  static std::unique_ptr<NativeSubject> create(const Config& config) {
    return std::make_unique<SubjectOf>(config);
  }

 private:
  L limiter_;
};

template <Limiter L>
[[nodiscard]] Row row_of() {
  return {L::info, &SubjectOf<L>::create};
}

}  // namespace limiterbench::bench
