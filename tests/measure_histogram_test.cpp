// The histogram against a sort of the raw samples.
#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "measure/histogram.hpp"

namespace limiterbench::bench {
namespace {

// As the records' readers are told: docs and scripts compute the same.
std::size_t bucket_as_specified(std::uint64_t value) {
  if (value < 64) return value;
  const auto exponent = static_cast<int>(std::bit_width(value)) - 7;
  return static_cast<std::size_t>(exponent + 1) * 64 + ((value >> exponent) - 64);
}

std::vector<std::uint64_t> around_powers_of_two() {
  std::vector<std::uint64_t> values;
  for (unsigned bit = 0; bit < 41; ++bit) {
    const std::uint64_t power = std::uint64_t{1} << bit;
    for (const std::uint64_t value : {power - 1, power, power + 1, power + power / 2})
      values.push_back(value);
  }
  return values;
}

std::vector<std::uint64_t> uniform(std::uint64_t low, std::uint64_t high) {
  std::mt19937_64 random(1);
  std::uniform_int_distribution<std::uint64_t> distribution(low, high);
  std::vector<std::uint64_t> values(50'000);
  for (std::uint64_t& value : values) value = distribution(random);
  return values;
}

std::vector<std::uint64_t> heavy_tail() {
  std::mt19937_64 random(2);
  std::uniform_real_distribution<double> exponent(0, 40.9);
  std::vector<std::uint64_t> values(50'000);
  for (std::uint64_t& value : values)
    value = static_cast<std::uint64_t>(std::exp2(exponent(random)));
  return values;
}

std::vector<std::uint64_t> one_outlier() {
  std::vector<std::uint64_t> values(9'999, 20);
  values.push_back(600'000'000'000);
  return values;
}

void expect_as_sorted(std::vector<std::uint64_t> values, const std::string& name) {
  Histogram histogram;
  for (const std::uint64_t value : values) histogram.record(value);
  std::ranges::sort(values);
  EXPECT_EQ(histogram.count(), values.size()) << name;
  EXPECT_EQ(histogram.min(), values.front()) << name;
  EXPECT_EQ(histogram.max(), values.back()) << name;
  for (const double fraction : {0.0, 0.001, 0.25, 0.5, 0.9, 0.99, 0.999, 0.9999, 0.99999, 1.0}) {
    const double rank = std::ceil(fraction * static_cast<double>(values.size()));
    const auto exact =
        static_cast<double>(values[rank < 1 ? 0 : static_cast<std::size_t>(rank) - 1]);
    EXPECT_NEAR(histogram.percentile(fraction), exact, exact / 128)
        << name << ", percentile " << fraction;
  }
}

TEST(histogram, buckets_are_as_specified) {
  for (const std::uint64_t value : around_powers_of_two())
    EXPECT_EQ(Histogram::bucket_of(value), bucket_as_specified(value)) << value;
  for (const std::uint64_t value : heavy_tail())
    EXPECT_EQ(Histogram::bucket_of(value), bucket_as_specified(value)) << value;
}

TEST(histogram, buckets_are_contiguous_and_hold_their_midpoint) {
  std::size_t last = 0;
  for (std::uint64_t value = 1; value < 1'000'000; ++value) {
    const std::size_t bucket = Histogram::bucket_of(value);
    ASSERT_TRUE(bucket == last || bucket == last + 1) << value;
    last = bucket;
  }
  for (std::size_t bucket = 0; bucket < Histogram::bucket_count; ++bucket)
    EXPECT_EQ(Histogram::bucket_of(static_cast<std::uint64_t>(Histogram::midpoint(bucket))),
              bucket);
}

TEST(histogram, percentiles_are_those_of_the_sorted_samples) {
  expect_as_sorted(around_powers_of_two(), "around powers of two");
  expect_as_sorted(uniform(1, 127), "uniform, exact buckets");
  expect_as_sorted(uniform(100, 5'000), "uniform");
  expect_as_sorted(heavy_tail(), "heavy tail");
  expect_as_sorted(one_outlier(), "one outlier");
  expect_as_sorted({1}, "one sample");
  expect_as_sorted({0, 0, 0}, "zeros");
  expect_as_sorted({128 + 1, 1'000'000'007}, "two samples far apart");
}

TEST(histogram, keeps_what_is_beyond_its_range) {
  Histogram histogram;
  histogram.record(20);
  histogram.record(~std::uint64_t{0});
  EXPECT_EQ(histogram.count(), 2U);
  EXPECT_EQ(histogram.max(), ~std::uint64_t{0});
  EXPECT_GE(histogram.percentile(1), 0.99 * static_cast<double>(Histogram::max_value));
}

TEST(histogram, is_empty_at_first_and_after_clear) {
  Histogram histogram;
  EXPECT_EQ(histogram.min(), 0U);
  EXPECT_EQ(histogram.percentile(0.5), 0);
  histogram.record(7);
  histogram.clear();
  EXPECT_EQ(histogram.count(), 0U);
  EXPECT_EQ(histogram.min(), 0U);
  EXPECT_EQ(histogram.max(), 0U);
}

TEST(histogram, merges_as_if_recorded_in_one) {
  Histogram together, odd, even, none;
  const std::vector<std::uint64_t> values = heavy_tail();
  for (std::size_t i = 0; i < values.size(); ++i) {
    together.record(values[i]);
    (i % 2 == 0 ? even : odd).record(values[i]);
  }
  even.merge(none);
  even.merge(odd);
  EXPECT_EQ(even.min(), together.min());
  EXPECT_EQ(even.max(), together.max());
  for (const double fraction : {0.1, 0.5, 0.99})
    EXPECT_EQ(even.percentile(fraction), together.percentile(fraction));
}

}  // namespace
}  // namespace limiterbench::bench
