#include "workload/open_loop.hpp"

#include <cmath>
#include <numeric>
#include <random>

namespace limiterbench::bench {
namespace {

constexpr double burst_rate = 4;        // times the mean rate
constexpr double burst_arrivals = 100;  // on average

// The library's distributions differ between libraries; the generator does not.
class Chance {
 public:
  explicit Chance(std::uint64_t seed) : bits_(seed) {}
  // 0 <= uniform < 1
  double uniform() { return static_cast<double>(bits_() >> 11) * 0x1p-53; }
  // By inversion, with mean 1.
  double exponential() { return -std::log1p(-uniform()); }

 private:
  std::mt19937_64 bits_;
};

double draw(Arrivals arrivals, Chance& chance) {
  if (arrivals == Arrivals::poisson) return chance.exponential();
  double gap = chance.exponential() / burst_rate;
  // The pauses make up for the rate within bursts.
  constexpr double pause = burst_arrivals * (1 - 1 / burst_rate);
  if (chance.uniform() * burst_arrivals < 1) gap += pause * chance.exponential();
  return gap;
}

}  // namespace

void draw_gaps(Arrivals arrivals, std::uint64_t seed, std::span<float> gaps) {
  Chance chance(seed);
  double sum = 0;
  for (float& gap : gaps) {
    const double drawn = draw(arrivals, chance);
    gap = static_cast<float>(drawn);
    sum += drawn;
  }
  // The mean of a few hundred bursts is off by some percent; the load must be the stated one.
  const double mean = sum / static_cast<double>(gaps.size());
  for (float& gap : gaps) gap = static_cast<float>(static_cast<double>(gap) / mean);
}

OpenLoop::OpenLoop(std::uint64_t seed, const host::TickScale& scale)
    : scale_(scale),
      late_after_(static_cast<std::uint64_t>(late_after_ns / scale.ns_per_tick())),
      grace_(static_cast<std::uint64_t>(grace_ns / scale.ns_per_tick())),
      poisson_(gap_count),
      bursty_(gap_count),
      gaps_(poisson_.span().data()) {
  draw_gaps(Arrivals::poisson, seed, poisson_.span());
  draw_gaps(Arrivals::bursty, seed, bursty_.span());
}

void OpenLoop::start(const Load& load, std::uint64_t begin, std::uint64_t end) noexcept {
  gaps_ = (load.arrivals == Arrivals::poisson ? poisson_ : bursty_).span().data();
  mean_gap_ = load.mean_gap;
  begin_ = begin;
  end_ = end;
  offset_ = 0;
  late_ = 0;
  unsent_ = 0;
  response_.clear();
  service_.clear();
  advance();
}

void OpenLoop::count_unsent() noexcept {
  // If everything is due at once, there is no end to what was due.
  if (mean_gap_ <= 0) return;
  for (; due() < end_; advance()) ++unsent_;
}

}  // namespace limiterbench::bench
