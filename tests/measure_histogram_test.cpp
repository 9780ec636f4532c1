// The histogram against a sort of the raw samples.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "workload/histogram.hpp"

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

// The last value of each bucket: the furthest from what stands for it.
std::vector<std::uint64_t> ends_of_buckets() {
  std::vector<std::uint64_t> values;
  for (std::size_t bucket = 0; bucket + 1 < Histogram::bucket_count; ++bucket) {
    std::uint64_t value = static_cast<std::uint64_t>(Histogram::midpoint(bucket));
    while (Histogram::bucket_of(value + 1) == bucket && value < 1'000'000) ++value;
    values.push_back(value);
  }
  return values;
}

// Two modes far apart, the second from exactly this rank on: one rank off is a thousandfold.
std::vector<std::uint64_t> step_at(std::size_t rank, std::size_t count) {
  std::vector<std::uint64_t> values(rank, 30);
  values.resize(count, 30'000);
  return values;
}

std::vector<std::uint64_t> descending(std::uint64_t from, std::uint64_t step) {
  std::vector<std::uint64_t> values;
  for (std::uint64_t value = from; value >= step; value -= step) values.push_back(value);
  return values;
}

struct Fraction {
  std::size_t part, whole;
};
constexpr std::array fractions{
    Fraction{0, 1},      Fraction{1, 1000},      Fraction{1, 4},
    Fraction{1, 2},      Fraction{9, 10},        Fraction{99, 100},
    Fraction{999, 1000}, Fraction{9999, 10'000}, Fraction{99'999, 100'000},
    Fraction{1, 1}};

void expect_as_sorted(std::vector<std::uint64_t> values, const std::string& name) {
  Histogram histogram;
  for (const std::uint64_t value : values) histogram.record(value);
  std::ranges::sort(values);
  EXPECT_EQ(histogram.count(), values.size()) << name;
  EXPECT_EQ(histogram.min(), values.front()) << name;
  EXPECT_EQ(histogram.max(), values.back()) << name;
  for (const auto& [part, whole] : fractions) {
    // The nearest rank, in whole numbers.
    const std::size_t rank = std::max<std::size_t>(1, (part * values.size() + whole - 1) / whole);
    const auto exact = static_cast<double>(values[rank - 1]);
    const double fraction = static_cast<double>(part) / static_cast<double>(whole);
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
  expect_as_sorted(ends_of_buckets(), "ends of buckets");
  expect_as_sorted(descending(3'000'000, 7), "descending");
  for (const auto& [part, whole] : fractions) {
    for (const std::size_t count : {100'000UL, 99'999UL, 100'001UL, 10UL, 7UL}) {
      const std::size_t rank = part * count / whole;
      for (const std::size_t at : {rank - std::min<std::size_t>(rank, 1), rank, rank + 1})
        expect_as_sorted(step_at(std::min(at, count), count),
                         "a step at rank " + std::to_string(at) + " of " + std::to_string(count));
    }
  }
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
