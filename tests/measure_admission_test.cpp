// The admission check: what it must catch, and what it must not claim.
#include <gtest/gtest.h>

#include <cstdint>
#include <vector>

#include "workload/admission.hpp"

namespace limiterbench::bench {
namespace {

constexpr Nanoseconds length = 1'000'000;
constexpr Nanoseconds begin = 7 * length + length / 2;
constexpr Rule rule{.limit = 100, .window = length, .backoff = {}};

// Windows are numbered from the one that the phase began in.
constexpr Nanoseconds at(std::uint64_t window, double part) {
  return (7 + window) * length + static_cast<Nanoseconds>(part * static_cast<double>(length));
}

Ledger fresh(Nanoseconds from = begin) {
  Ledger ledger(length, 0.05);
  ledger.start(from);
  return ledger;
}

// `windows` used up one after the other by `permits` each.
void saturate(Ledger& ledger, std::uint64_t windows, std::uint32_t permits) {
  for (std::uint64_t w = 1; w <= windows; ++w) {
    ledger.note(at(w, 0.1), at(w, 0.2), {permits, 0});
    ledger.note(at(w, 0.3), at(w, 0.4), {0, 1});
  }
}

Admission check(const std::vector<const Ledger*>& ledgers, std::uint64_t windows,
                Permits bound = 0) {
  return check_admission(ledgers, rule, Contract::windows, bound, {begin, at(windows, 0.9)});
}

TEST(ledger, attributes_only_what_is_sure) {
  Ledger ledger = fresh();
  ledger.note(at(1, 0.1), at(1, 0.2), {3, 4});
  ledger.note(at(1, 0.9), at(1, 0.95), {5, 6});   // too near the end
  ledger.note(at(1, 0.99), at(2, 0.1), {7, 8});   // over the end
  ledger.note(at(1, 0.99), at(3, 0.1), {9, 10});  // held up
  ledger.note(at(2, 0.5), at(2, 0.6), {11, 12});
  ledger.note(at(1, 0.5), at(1, 0.6), {13, 14});      // back again
  ledger.note(6 * length, 6 * length + 1, {1, 1});    // before the phase
  ledger.note(at(5'000, 0), at(5'000, 0.1), {1, 1});  // long after it
  const auto windows = ledger.windows();
  EXPECT_EQ(windows[1].admitted, 3U + 13U);
  EXPECT_EQ(windows[1].least_denied, 4U);
  EXPECT_EQ(windows[1].straddling, 5U + 7U);
  EXPECT_EQ(windows[2].admitted, 11U);
  EXPECT_EQ(windows[2].least_denied, 12U);
  EXPECT_EQ(ledger.long_admitted(), 9U + 1U + 1U);
  ledger.clear();
  EXPECT_EQ(ledger.windows()[1].admitted, 0U);
  EXPECT_EQ(ledger.long_admitted(), 0U);
}

TEST(admission, holds_for_an_exact_limiter) {
  Ledger a = fresh();
  Ledger b = fresh();
  saturate(a, 10, 60);
  saturate(b, 10, 40);
  const Admission result = check({&a, &b}, 10);
  EXPECT_EQ(result.failure, "");
  EXPECT_EQ(result.admitted, 1000U);
  EXPECT_EQ(result.error, 0U);
  EXPECT_EQ(result.expected_min, 1000U);
  EXPECT_EQ(result.expected_max, 1100U);  // the window that the phase began in, too
}

TEST(admission, catches_one_permit_too_many) {
  Ledger a = fresh();
  Ledger b = fresh();
  saturate(a, 10, 60);
  saturate(b, 10, 40);
  b.note(at(4, 0.6), at(4, 0.7), {1, 0});
  const Admission result = check({&a, &b}, 10);
  EXPECT_NE(result.failure, "");
  EXPECT_EQ(result.error, 1U);
}

// Where no single window can be convicted, several of them can.
TEST(admission, catches_one_permit_too_many_across_windows) {
  Ledger ledger = fresh();
  for (std::uint64_t w = 1; w <= 20; ++w) {
    ledger.note(at(w, 0.1), at(w, 0.2), {91, 1});
    ledger.note(at(w, 0.95), at(w + 1, 0.05), {10, 0});
  }
  const Admission result = check({&ledger}, 21);
  EXPECT_NE(result.failure, "");
  EXPECT_EQ(result.error, 1U);
}

TEST(admission, allows_the_bound_and_no_more) {
  Ledger within = fresh();
  saturate(within, 10, 103);
  EXPECT_EQ(check({&within}, 10, 3).failure, "");
  EXPECT_EQ(check({&within}, 10, 3).error, 3U);
  EXPECT_EQ(check({&within}, 10, 3).bound, 3U);
  Ledger beyond = fresh();
  saturate(beyond, 10, 104);
  EXPECT_NE(check({&beyond}, 10, 3).failure, "");
}

TEST(admission, catches_a_denial_before_the_limit) {
  Ledger ledger = fresh();
  saturate(ledger, 10, 100);
  ledger.note(at(11, 0.1), at(11, 0.2), {99, 1});
  const Admission result = check({&ledger}, 11);
  EXPECT_NE(result.failure, "");
  EXPECT_EQ(result.error, 0U);
}

// As many may be left as the smallest cost that was denied lacks.
TEST(admission, knows_what_a_denial_of_several_permits_proves) {
  const auto after_97 = [](std::uint32_t a_denied, std::uint32_t b_denied) {
    Ledger a = fresh();
    Ledger b = fresh();
    a.note(at(1, 0.1), at(1, 0.2), {90, 0});
    a.note(at(1, 0.3), at(1, 0.4), {0, a_denied});
    b.note(at(1, 0.1), at(1, 0.4), {7, b_denied});
    return check({&a, &b}, 2);
  };
  EXPECT_EQ(after_97(4, 8).failure, "");
  EXPECT_EQ(after_97(4, 8).expected_min, 97U);
  EXPECT_EQ(after_97(0, 5).expected_min, 96U);
  EXPECT_EQ(after_97(0, 0).expected_min, 0U);
  EXPECT_NE(after_97(4, 3).failure.find("denied a cost of 3 after 97 of 100"), std::string::npos);
  EXPECT_NE(after_97(3, 4).failure, "");
}

TEST(admission, claims_nothing_about_a_window_without_a_denial) {
  Ledger ledger = fresh();
  saturate(ledger, 3, 100);
  ledger.note(at(5, 0.1), at(5, 0.2), {17, 0});
  const Admission result = check({&ledger}, 20);
  EXPECT_EQ(result.failure, "");
  EXPECT_EQ(result.expected_min, 300U);
}

// The warm-up may have used it up.
TEST(admission, claims_nothing_about_the_window_that_the_phase_began_in) {
  Ledger ledger = fresh();
  ledger.note(at(0, 0.5), at(0, 0.6), {0, 1});
  EXPECT_EQ(check({&ledger}, 1).failure, "");
}

// A thread that was held up may have had its permits from any window that it slept through.
TEST(admission, forgives_what_a_preempted_thread_cannot_know) {
  Ledger ran = fresh();
  Ledger slept = fresh();
  saturate(ran, 10, 100);
  ran.note(at(11, 0.1), at(11, 0.2), {70, 1});
  slept.note(at(11, 0.05), at(14, 0.5), {30, 0});
  ran.note(at(12, 0.1), at(12, 0.2), {100, 1});
  EXPECT_EQ(check({&ran, &slept}, 14).failure, "");
}

// At the turn of a window the same batch may have drawn on both.
TEST(admission, forgives_what_straddles) {
  Ledger a = fresh();
  a.note(at(1, 0.1), at(1, 0.2), {100, 1});
  a.note(at(1, 0.99), at(2, 0.01), {64, 0});
  a.note(at(2, 0.1), at(2, 0.2), {36, 1});
  EXPECT_EQ(check({&a}, 2).failure, "");
}

TEST(admission, forgives_what_may_have_been_admitted_at_the_end_of_a_window) {
  Ledger a = fresh();
  Ledger b = fresh();
  a.note(at(1, 0.1), at(1, 0.2), {50, 0});
  b.note(at(1, 0.2), at(1, 0.95), {50, 0});
  a.note(at(1, 0.91), at(1, 0.93), {0, 1});
  EXPECT_EQ(check({&a, &b}, 2).failure, "");
}

TEST(admission, catches_too_many_in_total) {
  Ledger ledger = fresh();
  ledger.note(at(1, 0.1), at(4, 0.2), {600, 0});
  EXPECT_NE(check({&ledger}, 4).failure, "");
}

// gcra: a burst of one limit, once, and its denials prove nothing about windows.
TEST(admission, allows_a_rate_one_burst) {
  const auto check_rate = [](const Ledger& ledger) {
    return check_admission({&ledger}, rule, Contract::gcra, 100, {begin, at(10, 0.9)});
  };
  Ledger within = fresh();
  within.note(at(1, 0.1), at(1, 0.2), {100, 0});
  saturate(within, 10, 100);
  within.note(at(10, 0.6), at(10, 0.7), {0, 1});
  EXPECT_EQ(check_rate(within).failure, "");
  EXPECT_EQ(check_rate(within).expected_max, 1200U);
  EXPECT_EQ(check_rate(within).expected_min, 0U);
  within.note(at(5, 0.6), at(5, 0.7), {1, 0});
  EXPECT_NE(check_rate(within).failure, "");
  Ledger slow = fresh();
  slow.note(at(1, 0.1), at(1, 0.2), {7, 1});
  EXPECT_EQ(check_rate(slow).failure, "");
}

}  // namespace
}  // namespace limiterbench::bench
