// A log-linear histogram of nanoseconds: 64 buckets an octave, exact below 128 ns.
//
// A bucket stands for its midpoint, so a percentile is off by at most 1/128 of its value; the least
// and the greatest value are exact. Values beyond 36 minutes count in the last bucket.
// One writer; merge after the writers have stopped.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>

namespace limiterbench::bench {

class Histogram {
 public:
  static constexpr unsigned sub_buckets = 64;
  static constexpr std::uint64_t max_value = (std::uint64_t{1} << 41) - 1;

  // Below 64 the value itself; above, with e = bit_width(value) - 7, (e + 1) * 64 + value / 2^e -
  // 64, which is e * 64 + value / 2^e; with e = 0 that holds for the small values too, so no
  // branch.
  [[nodiscard]] static constexpr std::size_t bucket_of(std::uint64_t value) noexcept {
    const auto exponent = static_cast<unsigned>(std::bit_width(value | 127)) - 7;
    return exponent * sub_buckets + static_cast<std::size_t>(value >> exponent);
  }
  [[nodiscard]] static constexpr double midpoint(std::size_t bucket) noexcept {
    if (bucket < 2 * sub_buckets) return static_cast<double>(bucket);
    const std::size_t exponent = bucket / sub_buckets - 1;
    const std::uint64_t low = (sub_buckets + std::uint64_t{bucket % sub_buckets}) << exponent;
    const std::uint64_t width = std::uint64_t{1} << exponent;
    return static_cast<double>(low) + static_cast<double>(width - 1) / 2;
  }
  static constexpr std::size_t bucket_count = ((41 - 7) + 2) * sub_buckets;

  [[gnu::always_inline]] void record(std::uint64_t value) noexcept {
    min_ = std::min(min_, value);
    max_ = std::max(max_, value);
    ++counts_[bucket_of(std::min(value, max_value))];
  }

  void merge(const Histogram& other) noexcept {
    for (std::size_t i = 0; i < bucket_count; ++i) counts_[i] += other.counts_[i];
    min_ = std::min(min_, other.min_);
    max_ = std::max(max_, other.max_);
  }

  void clear() noexcept { *this = Histogram{}; }

  [[nodiscard]] std::uint64_t count() const noexcept {
    std::uint64_t sum = 0;
    for (const std::uint64_t count : counts_) sum += count;
    return sum;
  }
  // 0 while nothing is recorded.
  [[nodiscard]] std::uint64_t min() const noexcept { return max_ < min_ ? 0 : min_; }
  [[nodiscard]] std::uint64_t max() const noexcept { return max_; }

  // Nearest rank: the value of rank ceil(fraction * count), counted from 1.
  [[nodiscard]] double percentile(double fraction) const noexcept {
    const std::uint64_t total = count();
    if (total == 0) return 0;
    const double exact_rank = std::ceil(fraction * static_cast<double>(total));
    const std::uint64_t rank =
        exact_rank < 1 ? 1 : std::min(total, static_cast<std::uint64_t>(exact_rank));
    std::uint64_t below = 0;
    std::size_t bucket = 0;
    while ((below += counts_[bucket]) < rank) ++bucket;
    return std::clamp(midpoint(bucket), static_cast<double>(min()), static_cast<double>(max()));
  }

  // visit(bucket, count) for every bucket that is not empty, ascending.
  template <class Visit>
  void for_each(Visit&& visit) const {
    for (std::size_t i = 0; i < bucket_count; ++i)
      if (counts_[i] != 0) visit(i, counts_[i]);
  }

 private:
  std::array<std::uint64_t, bucket_count> counts_{};
  std::uint64_t min_ = std::numeric_limits<std::uint64_t>::max();
  std::uint64_t max_ = 0;
};

static_assert(Histogram::bucket_of(Histogram::max_value) == Histogram::bucket_count - 1);

}  // namespace limiterbench::bench
