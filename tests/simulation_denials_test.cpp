// What a denial writes, as each design's Info states it: on a machine that does nothing but note
// which lines are read and written.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <set>

#include <limiterbench/sync.hpp>

#include "simulated/subject.hpp"
#include "workload/designs.hpp"

namespace limiterbench::simulation {
namespace {

using Addresses = std::set<std::uintptr_t>;

bool overlap(const Addresses& a, const Addresses& b) {
  return std::any_of(a.begin(), a.end(), [&b](std::uintptr_t line) { return b.contains(line); });
}

// One thread runs, on the CPU that it is told.
class NotingMachine final : public Machine {
 public:
  NotingMachine() { current = this; }
  ~NotingMachine() override { current = nullptr; }

  unsigned cpu = 0;
  Addresses touched, written;

  void forget() {
    touched.clear();
    written.clear();
  }

  void access(const void* address, Access access, const sync::location&) override {
    const auto line = reinterpret_cast<std::uintptr_t>(address) / sync::cache_line;
    touched.insert(line);
    if (access != Access::load) written.insert(line);
  }
  void fence(const sync::location&) override {}
  void process_fence(const sync::location&) override {}
  void pause(const sync::location&) override {}
  void sleep(const void*, const sync::location&) override { FAIL() << "nobody would wake it"; }
  void wake(const void*, std::size_t, const sync::location&) override {}
  [[nodiscard]] bool has_sleepers(const void*) const noexcept override { return false; }
  [[nodiscard]] unsigned current_cpu() const noexcept override { return cpu; }
  [[nodiscard]] unsigned cpu_count() const noexcept override { return 4; }
  [[nodiscard]] void* allocate(std::size_t size, std::size_t alignment) override {
    const std::size_t lines = std::max(alignment, sync::false_sharing_range);
    return std::aligned_alloc(lines, (size + lines - 1) / lines * lines);
  }
  void free(void* memory) noexcept override { std::free(memory); }
};

constexpr Permits limit = 40;
constexpr Nanoseconds window = 1'000'000;

// Two handles on two CPUs, in a window that is used up.
class UsedUp {
 public:
  explicit UsedUp(const SimulatedRow& row)
      : subject_(row.create(config())), clients_{subject_->attach(), subject_->attach()} {
    for (Permits i = 0; i < limit; ++i) EXPECT_TRUE(ask(i % 2, i % 2).admitted()) << row.name;
  }

  Decision ask(std::size_t client, unsigned cpu) {
    machine_.cpu = cpu;
    return clients_[client]->try_acquire({.traffic_class = 3, .cost = 1, .now = window});
  }
  // The lines that a denial touches, and those of them that it writes.
  struct Seen {
    Addresses touched, written;
  };
  Seen deny(std::size_t client, unsigned cpu) {
    machine_.forget();
    EXPECT_TRUE(ask(client, cpu).denied());
    return {machine_.touched, machine_.written};
  }
  // Whether a denial on one CPU writes what one on the other handle, on `cpu`, touches.
  bool writes_for(unsigned cpu) {
    const Addresses written = deny(0, 0).written;
    return overlap(written, deny(1, cpu).touched);
  }

 private:
  static Config config() {
    Config config{.version = 1};
    config.rules.fill({.limit = limit, .window = window, .backoff = {}});
    return config;
  }

  NotingMachine machine_;
  std::unique_ptr<SimulatedSubject> subject_;
  std::array<std::unique_ptr<Client>, 2> clients_;
};

Denial observed(UsedUp& limiter) {
  if (limiter.writes_for(1)) return Denial::writes_shared_line;
  return limiter.writes_for(0) ? Denial::writes_line_of_cpu : Denial::only_reads;
}

template <class Check>
void for_each_that_limits(const Check& check) {
  for (const SimulatedRow& row : simulated_rows()) {
    const Info& info = *bench::find_design(row.name);
    if (info.exactness != Exactness::none) check(row, info);
  }
}

TEST(simulated_denials, write_what_the_design_states) {
  for_each_that_limits([](const SimulatedRow& row, const Info& info) {
    UsedUp limiter(row);
    limiter.deny(0, 0);  // may note that the window is used up
    EXPECT_EQ(observed(limiter), info.denial) << row.name;
  });
}

// No design notes it at each of them: from the second on, denials write the same, and on any CPU.
TEST(simulated_denials, only_the_first_may_write_more) {
  for_each_that_limits([](const SimulatedRow& row, const Info&) {
    UsedUp limiter(row);
    limiter.deny(1, 1);
    const Addresses second = limiter.deny(0, 0).written;
    for (int i = 0; i < 5; ++i) EXPECT_EQ(limiter.deny(0, 0).written, second) << row.name;
  });
}

}  // namespace
}  // namespace limiterbench::simulation
