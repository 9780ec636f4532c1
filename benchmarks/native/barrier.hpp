// Where a team waits for a phase and then starts it as one.
//
// Hazard: threads that wait for each other by spinning never finish where there are far more of
// them than CPUs. Here members sleep on a futex until the coordinator has seen all of them arrive.
// It then names a moment shortly ahead. A member that wakes earlier spins up to that moment and no
// longer: the time spent spinning is bounded, however many threads share a CPU.
#pragma once

#include <atomic>
#include <cstdint>

#include "host/clock.hpp"

namespace limiterbench::bench {

class StartBarrier {
 public:
  explicit StartBarrier(std::uint32_t members) : members_(members) {}

  // For each member, once. Returns the agreed tick; the clock is at or past it.
  std::uint64_t arrive_and_wait() noexcept {
    // (1) release: pairs with (2): the coordinator sees what members did before.
    if (arrived_.fetch_add(1, std::memory_order_release) + 1 == members_) arrived_.notify_one();
    // (3) acquire: pairs with (4): a member sees what the coordinator set up for the phase.
    while (opened_.load(std::memory_order_acquire) == 0) opened_.wait(0, std::memory_order_acquire);
    while (host::Clock::get().ticks() < start_) {
    }
    return start_;
  }

  // For the coordinator, who is no member.
  void wait_for_all() noexcept {
    std::uint32_t seen;
    // (2) acquire: pairs with (1).
    while ((seen = arrived_.load(std::memory_order_acquire)) != members_)
      arrived_.wait(seen, std::memory_order_acquire);
  }

  // `start` is a tick of host::Clock.
  void open(std::uint64_t start) noexcept {
    start_ = start;
    // (4) release: pairs with (3).
    opened_.store(1, std::memory_order_release);
    opened_.notify_all();
  }

 private:
  const std::uint32_t members_;
  // 32 bits wide: a futex can wait for that without a detour through a table that all share.
  std::atomic<std::uint32_t> arrived_{0};
  std::atomic<std::uint32_t> opened_{0};
  std::uint64_t start_ = 0;
};

}  // namespace limiterbench::bench
