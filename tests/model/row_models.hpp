// Models that any row must pass, whatever it is made of: a few requests near the limit against each
// other, against a turn of the window and against publish(). Relacy adds what it always checks:
// races, use after free, leaks, deadlock.
#pragma once

#include <array>
#include <limiterbench/limiter.hpp>
#include <optional>

#include "model.hpp"

namespace limiterbench::model {

// Divisible by every limit used here, so that GCRA's intervals are exact too.
inline constexpr Nanoseconds window = 6'000;
inline constexpr Nanoseconds early = 100;            // in the first window
inline constexpr Nanoseconds late = window + early;  // in the second

inline Config config_of(std::uint64_t version, Permits limit, Nanoseconds length = window) {
  Config config{.version = version, .rules = {}};
  for (Rule& rule : config.rules) rule = {.limit = limit, .window = length, .backoff = {}};
  return config;
}

template <class Row>
class RowModel : public Model {
 protected:
  explicit RowModel(sync::Host host = {}) { sync::host = host; }

  // Some rows know only at run time what they are.
  static Info info() { return Row::info; }
  static bool limits() { return info().exactness != Exactness::none; }
  static bool has_windows() { return info().contract == Contract::windows; }

  void start(const Config& config, unsigned attached) {
    row_ = sync::make<Row>(config);
    for (unsigned i = 0; i < attached; ++i) attach(i);
  }
  void attach(unsigned index) { handles_[index].emplace(row_->attach()); }
  void detach(unsigned index) { handles_[index].reset(); }
  void after() override {
    for (auto& handle : handles_) handle.reset();
    sync::destroy(row_);
  }

  Decision take(unsigned index, Nanoseconds now, Permits cost = 1) {
    const Decision decision =
        row_->try_acquire(*handles_[index], {.traffic_class = 1, .cost = cost, .now = now});
    require(!decision.never(), "refused for ever");
    if (decision.admitted()) {
      admitted_ += cost;
      admitted_by_[decision.version()] += cost;
    } else {
      require(decision.retry_after() <= 4 * window, "told to wait beyond the window");
    }
    ++requests_by_[decision.version()];
    return decision;
  }
  std::uint64_t version_seen(unsigned index) {
    const Config seen = row_->config(*handles_[index]);
    require(is_untorn(seen), "torn configuration");
    return seen.version;
  }
  Permits bound(Permits cost = 1) const { return row_->error_bound({}, cost); }

  // Only Relacy's schedule orders these: what has happened, not what a thread can know.
  Permits admitted_ = 0;
  std::array<Permits, 4> admitted_by_{};  // by version
  std::array<unsigned, 4> requests_by_{};
  Row* row_ = nullptr;

 private:
  std::array<std::optional<typename Row::Handle>, 3> handles_;
};

// More requests than a window admits: it admits its limit.
template <class Row, Permits limit, Permits cost>
struct saturated : RowModel<Row> {
  static constexpr int threads = 2;
  using RowModel<Row>::RowModel;
  void before() override { this->start(config_of(1, limit), threads); }
  void thread(unsigned index) override {
    for (Permits i = 0; i < limit / cost / 2 + 1; ++i) this->take(index, early, cost);
  }
  void after() override {
    if (this->limits()) {
      require(this->admitted_ >= limit / cost * cost, "denied while there was room");
      require(this->admitted_ <= limit + this->bound(cost), "over the limit");
    }
    RowModel<Row>::after();
  }
};

// The same on one CPU: a thread is preempted by the other in the midst of everything.
template <class Row>
struct on_one_cpu : saturated<Row, 6, 1> {
  on_one_cpu() : saturated<Row, 6, 1>({.cpus = 1}) {}
};

// What a CPU may have put aside in a window is worth nothing in the next.
template <class Row>
struct left_over : RowModel<Row> {
  static constexpr int threads = 2;
  static constexpr Permits limit = 8;
  void before() override { this->start(config_of(1, limit), threads); }
  void thread(unsigned index) override {
    if (index == 0) this->take(index, early);
    for (Permits i = 0; i < (index == 0 ? 1 : limit); ++i) this->take(index, late);
  }
  void after() override {
    if (this->limits() && this->has_windows()) {
      require(this->admitted_ >= limit, "denied while there was room");
      require(this->admitted_ <= 1 + limit + this->bound(), "over the limit");
    }
    RowModel<Row>::after();
  }
};

// A request that fits only if nobody has spent what lies at the CPUs, against one who spends there.
template <class Row>
struct swept_meanwhile : RowModel<Row> {
  static constexpr int threads = 2;
  static constexpr Permits limit = 16;
  void before() override {
    this->start(config_of(1, limit), threads);
    this->take(0, early);
  }
  void thread(unsigned index) override {
    if (index == 1) {
      this->take(index, early, limit - 1);
      return;
    }
    // Lets the other get ahead: schedules that begin with one thread for long are rare.
    for (int i = 0; i < 5; ++i) this->version_seen(index);
    this->take(index, early);
  }
  void after() override {
    for (Permits i = 0; i <= limit; ++i) this->take(0, early);
    if (this->limits() && this->has_windows()) {
      require(this->admitted_ >= limit, "denied while there was room");
      require(this->admitted_ <= limit + this->bound(limit - 1), "over the limit");
      this->take(0, late);
      require(this->take(1, late, limit - 1).admitted(), "denied by the window before");
    }
    RowModel<Row>::after();
  }
};

// Each thread makes a request in one window and one in the next.
template <class Row>
struct turned : RowModel<Row> {
  static constexpr int threads = 2;
  void before() override { this->start(config_of(1, 1), threads); }
  void thread(unsigned index) override {
    this->take(index, early);
    this->take(index, late);
  }
  void after() override {
    if (this->limits() && this->has_windows()) {
      require(this->admitted_ >= 1, "an empty window denied");
      require(this->admitted_ <= 2 * (1 + this->bound()), "over the limit of two windows");
      require(this->take(0, 3 * window).admitted(), "a window that nobody used denied");
    }
    RowModel<Row>::after();
  }
};

// A used-up window is over: the next has room for both, also while they turn it.
template <class Row>
struct turned_from_full : RowModel<Row> {
  static constexpr int threads = 2;
  void before() override {
    this->start(config_of(1, 2), threads);
    this->take(0, early);
    this->take(1, early);
    this->admitted_ = 0;
  }
  void thread(unsigned index) override { this->take(index, late); }
  void after() override {
    if (this->limits() && this->has_windows())
      require(this->admitted_ == 2, "denied by the window before");
    RowModel<Row>::after();
  }
};

// A request stamped earlier than the window in force is counted in it, and told when that ends.
template <class Row>
struct stamped_earlier : RowModel<Row> {
  static constexpr int threads = 2;
  void before() override {
    this->start(config_of(1, 2), threads);
    this->take(0, early);
  }
  // The first window has room for one more: a denial is by the second, which ends later.
  void thread(unsigned index) override {
    if (index == 0) {
      this->take(0, late);
      this->take(0, late);
    } else {
      const Decision decision = this->take(1, early);
      if (decision.denied() && this->has_windows())
        require(decision.retry_after() > window, "told the end of a window that had room");
    }
  }
};

// A limit lowered from 3 to 1 holds once publish() has returned.
template <class Row>
struct lowered : RowModel<Row> {
  static constexpr int threads = 3;
  void before() override { this->start(config_of(1, 3), threads); }
  void thread(unsigned index) override {
    if (index == 2) {
      this->row_->publish(config_of(2, 1));
      published_ = true;
      told_.store(true, sync::release);
      if (this->limits()) require(this->take(2, early).version() == 2, "own publication not seen");
      return;
    }
    for (int i = 0; i < 2; ++i) {
      const bool told = told_.load(sync::acquire);
      const bool published = published_;
      const Decision decision = this->take(index, early);
      if (!this->limits()) continue;
      if (told) require(decision.version() == 2, "decided by what publish() had replaced");
      if (published && this->has_windows() && decision.admitted())
        require(decision.version() == 2, "admitted by what publish() had replaced");
    }
  }
  void after() override {
    const Permits over = this->limits() ? this->bound() : 9;
    require(this->admitted_ <= 3 + over, "over both limits");
    if (this->admitted_by_[2] != 0) require(this->admitted_ <= 1 + over, "over the lowered limit");
    if (this->limits()) require(this->admitted_ >= 1, "denied while there was room");
    RowModel<Row>::after();
  }

  bool published_ = false;
  sync::atomic<bool> told_{false};
};

// A changed window length starts a new window, with room for one more.
template <class Row>
struct resized : RowModel<Row> {
  static constexpr int threads = 3;
  void before() override { this->start(config_of(1, 1), threads); }
  void thread(unsigned index) override {
    if (index == 2) {
      this->row_->publish(config_of(2, 1, 2 * window));
    } else {
      this->take(index, early);
      this->take(index, early);
    }
  }
  void after() override {
    if (this->limits() && this->has_windows()) {
      for (std::size_t version : {1u, 2u}) {
        const Permits admitted = this->admitted_by_[version];
        require(admitted <= 1 + this->bound(), "over the limit");
        if (this->requests_by_[version] != 0) require(admitted >= 1, "a new window denied");
      }
    }
    RowModel<Row>::after();
  }
};

// Publishers against a reader: configurations arrive whole and never come back.
template <class Row>
struct republished : RowModel<Row> {
  static constexpr int threads = 3;
  void before() override { this->start(config_of(1, 2), threads); }
  void thread(unsigned index) override {
    if (index != 2) {
      this->row_->publish(config_of(2 + index, 2 + index));
      require(this->version_seen(index) != 1, "own publication not seen");
    } else {
      std::uint64_t previous = this->version_seen(2), before_that = previous;
      for (int i = 0; i < 2; ++i) {
        const std::uint64_t seen = this->version_seen(2);
        if (seen != previous) require(seen != before_that && seen != 1, "an old version came back");
        before_that = previous;
        previous = seen;
      }
    }
  }
  void after() override {
    require(this->version_seen(0) != 1, "both publications lost");
    RowModel<Row>::after();
  }
};

// Threads attach, make a request and leave, while the configuration is replaced twice.
template <class Row>
struct come_and_go : RowModel<Row> {
  static constexpr int threads = 3;
  void before() override { this->start(config_of(1, 1), 0); }
  void thread(unsigned index) override {
    if (index == 2) {
      this->row_->publish(config_of(2, 1));
      this->row_->publish(config_of(3, 1));
      return;
    }
    for (int i = 0; i < 2; ++i) {
      this->attach(index);
      this->take(index, early);
      this->detach(index);
    }
  }
  void after() override {
    if (this->limits()) require(this->admitted_ >= 1, "denied while there was room");
    if (this->limits()) require(this->admitted_ <= 1 + this->bound(), "over the limit");
    RowModel<Row>::after();
  }
};

}  // namespace limiterbench::model
