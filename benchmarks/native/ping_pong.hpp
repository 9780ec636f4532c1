// Two threads that take turns in writing one line.
//
// Source: the ping-pong of core-to-core-latency tools.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>
#include <cstdint>
#include <limiterbench/sync.hpp>
#include <limits>
#include <optional>
#include <vector>

#include "host/clock.hpp"

namespace limiterbench::bench {

class PingPong {
 public:
  explicit PingPong(std::uint64_t rounds) : stamps_{make(rounds), make(rounds)} {}

  // As player 0 or 1.
  void play(std::size_t player, std::uint64_t rounds) noexcept {
    for (std::uint64_t i = 0; i < rounds; ++i) {
      const std::uint64_t turn = 2 * i + player;
      while (!has_come(turn)) {
      }
      pass(turn);
    }
  }

  // The same, with a timestamp when each turn has come. It gives up at tick `until`, because the
  // other player may be kept from its CPU.
  void play_stamped(std::size_t player, std::uint64_t until) noexcept {
    const host::Clock& clock = host::Clock::get();
    std::vector<std::uint64_t>& stamps = stamps_[player];
    stamps.clear();
    while (stamps.size() < stamps.capacity()) {
      const std::uint64_t turn = 2 * stamps.size() + player;
      while (!has_come(turn))
        if (clock.ticks() > until) return;
      // An ordinary reading may be speculative: taken before the turn has come.
      stamps.push_back(clock.ticks_after_loads());
      pass(turn);
    }
  }

  void reset() noexcept { line_.value.store(0, std::memory_order_relaxed); }

  // The quickest way from player 0 to player 1, and back: the receiver's clock minus the sender's.
  // If both ways take the same time, they differ by twice the difference of the clocks.
  struct Ways {
    double there = std::numeric_limits<double>::max();
    double back = std::numeric_limits<double>::max();
    [[nodiscard]] double skew() const noexcept { return (there - back) / 2; }
    [[nodiscard]] double one_way() const noexcept { return (there + back) / 2; }
  };
  // From the game with timestamps, as if player 1's clock were `ahead` by so much more. There is no
  // way if the game was given up before the second round.
  [[nodiscard]] Ways ways(std::int64_t ahead = 0) const {
    Ways ways;
    for (std::size_t i = 0; i < stamps_[1].size() && i + 1 < stamps_[0].size(); ++i) {
      ways.there = std::min(ways.there,
                            difference(stamps_[1][i], stamps_[0][i]) + static_cast<double>(ahead));
      ways.back = std::min(
          ways.back, difference(stamps_[0][i + 1], stamps_[1][i]) - static_cast<double>(ahead));
    }
    return ways;
  }
  // Half of the median round trip of the game with timestamps, in ticks; nullopt if it was given up
  // before half of the rounds.
  [[nodiscard]] std::optional<double> typical_way() const {
    std::vector<std::uint64_t> trips;
    for (std::size_t i = 1; i < stamps_[0].size(); ++i)
      trips.push_back(stamps_[0][i] - stamps_[0][i - 1]);
    if (2 * trips.size() < stamps_[0].capacity()) return std::nullopt;
    const auto middle = trips.begin() + static_cast<std::ptrdiff_t>(trips.size() / 2);
    std::nth_element(trips.begin(), middle, trips.end());
    return static_cast<double>(*middle) / 2;
  }
  [[nodiscard]] bool has_ways() const noexcept {
    return stamps_[0].size() > 1 && !stamps_[1].empty();
  }

 private:
  struct alignas(sync::false_sharing_range) Line {
    std::atomic<std::uint64_t> value{0};
  };

  static std::vector<std::uint64_t> make(std::uint64_t rounds) {
    std::vector<std::uint64_t> stamps;
    stamps.reserve(rounds);
    return stamps;
  }
  static double difference(std::uint64_t later, std::uint64_t earlier) {
    return static_cast<double>(static_cast<std::int64_t>(later - earlier));
  }
  // acquire and release: each turn comes after the one before, stamps included.
  [[nodiscard]] bool has_come(std::uint64_t turn) const noexcept {
    return line_.value.load(std::memory_order_acquire) == turn;
  }
  void pass(std::uint64_t turn) noexcept { line_.value.store(turn + 1, std::memory_order_release); }

  Line line_;
  std::array<std::vector<std::uint64_t>, 2> stamps_;
};

}  // namespace limiterbench::bench
