// Retry: a denial says how long to wait: to the end of the window in force, and a backoff that
// grows with the denials in a row of that class on that handle.
#include <initializer_list>

#include "conformance.hpp"
#include "reference_limiter.hpp"

namespace limiterbench::conformance {

static Config with_backoff(std::uint64_t version, const Backoff& backoff) {
  return uniform(version, {.limit = 1, .window = whole_window, .backoff = backoff});
}

// An exhausted window at time 0.
static Single exhausted(const Subject& subject, const Backoff& backoff) {
  Single single(subject, with_backoff(1, backoff));
  for (std::uint32_t i = 0; i < class_count; ++i) single.ask(1, 0, i);
  return single;
}

LIMITERBENCH_CHECK(retry, limiting, without_backoff_the_wait_ends_with_the_window) {
  Single single = exhausted(subject, {});
  for (const Nanoseconds now : {Nanoseconds{0}, Nanoseconds{1}, whole_window / 2, whole_window - 1})
    report.denied(single.ask(1, now), whole_window - now, 1, "at ", now);
}

LIMITERBENCH_CHECK(retry, limiting, the_delay_grows_to_its_ceiling) {
  Single single = exhausted(subject, {.initial = 100, .multiplier = 3, .ceiling = 5'000});
  for (const Nanoseconds delay :
       std::initializer_list<Nanoseconds>{100, 300, 900, 2'700, 5'000, 5'000, 5'000})
    report.denied(single.ask(1, 400), whole_window - 400 + delay, 1, "delay ", delay);
}

LIMITERBENCH_CHECK(retry, limiting, every_shape_of_backoff_follows_the_formula) {
  for (const Backoff& backoff : std::initializer_list<Backoff>{
           {.initial = 0, .multiplier = 2, .ceiling = 1'000},
           {.initial = 70, .multiplier = 1, .ceiling = 1'000},
           {.initial = 70, .multiplier = 2, .ceiling = 70},
           {.initial = 1, .multiplier = max_multiplier, .ceiling = max_backoff},
           {.initial = max_backoff, .multiplier = max_multiplier, .ceiling = max_backoff},
           {.initial = Nanoseconds{1} << 40, .multiplier = 256, .ceiling = max_backoff},
           {.initial = 1, .multiplier = 2, .ceiling = max_backoff}}) {
    Single single = exhausted(subject, backoff);
    for (std::uint64_t k = 1; k <= 80; ++k) {
      report.denied(single.ask(1, 0), whole_window + delay_of(backoff, k), 1, "denial ", k,
                    ", initial ", backoff.initial, ", multiplier ", backoff.multiplier);
    }
  }
}

LIMITERBENCH_CHECK(retry, limiting, a_long_streak_stays_at_the_ceiling) {
  Single single = exhausted(subject, {.initial = 1, .multiplier = 2, .ceiling = 12'345});
  for (unsigned i = 0; i < 70'000; ++i) {
    const Decision decision = single.ask(1, 0);
    if (i >= 14) report.denied(decision, whole_window + 12'345, 1, "denial ", i + 1);
  }
}

LIMITERBENCH_CHECK(retry, limiting, an_admission_ends_the_streak) {
  Single single(subject,
                uniform(1, {.limit = 10, .window = whole_window, .backoff = {5, 2, 1'000}}));
  for (Nanoseconds i = 0; i < 3; ++i) {
    report.admitted(single.ask(8, i * whole_window), 1, "8 of 10");
    for (const Nanoseconds delay : std::initializer_list<Nanoseconds>{5, 10, 20})
      report.denied(single.ask(3, i * whole_window), whole_window + delay, 1, "3 with 2 left");
    report.admitted(single.ask(1, i * whole_window), 1, "1 with 2 left");
    for (const Nanoseconds delay : std::initializer_list<Nanoseconds>{5, 10})
      report.denied(single.ask(3, i * whole_window), whole_window + delay, 1, "after an admission");
  }
}

LIMITERBENCH_CHECK(retry, limiting, a_refusal_leaves_the_streak_alone) {
  Single single = exhausted(subject, {5, 2, 1'000});
  report.denied(single.ask(1, 0), whole_window + 5, 1, "first denial");
  single.ask(2, 0);
  single.ask(0, 0);
  single.ask(1, ~Nanoseconds{0});
  report.denied(single.ask(1, 0), whole_window + 10, 1, "second denial, after refusals");
}

LIMITERBENCH_CHECK(retry, limiting, streaks_are_counted_by_class) {
  Single single = exhausted(subject, {5, 2, 1'000});
  for (const Nanoseconds delay : std::initializer_list<Nanoseconds>{5, 10, 20}) {
    for (std::uint32_t i = 0; i < class_count; ++i)
      report.denied(single.ask(1, 0, i), whole_window + delay, 1, "class ", i);
  }
  report.admitted(single.ask(1, whole_window, 3), 1, "class 3 in the next window");
  report.denied(single.ask(1, whole_window, 3), whole_window + 5, 1, "class 3, a new streak");
  report.denied(single.ask(1, 0, 4), whole_window + 40, 1, "class 4, the old streak");
}

LIMITERBENCH_CHECK(retry, limiting, streaks_are_counted_by_handle) {
  Single single = exhausted(subject, {5, 2, 1'000});
  const auto other = single.limiter->attach();
  for (const Nanoseconds delay : std::initializer_list<Nanoseconds>{5, 10, 20}) {
    report.denied(single.ask(1, 0), whole_window + delay, 1, "one handle");
    report.denied(other->try_acquire({0, 1, 0}), whole_window + delay, 1, "the other handle");
  }
  report.admitted(other->try_acquire({0, 1, whole_window}), 1, "the other handle, next window");
  report.denied(single.ask(1, whole_window), whole_window + 40, 1,
                "one handle goes on over the window");
  report.denied(single.limiter->attach()->try_acquire({0, 1, whole_window}), whole_window + 5, 1,
                "a new one");
}

LIMITERBENCH_CHECK(retry, limiting, the_wait_counts_from_the_request_s_own_time) {
  Single single(subject, with_backoff(1, {5, 1, 5}));
  single.ask(1, 100 * whole_window + 10);
  report.denied(single.ask(1, 100 * whole_window + 30), whole_window - 30 + 5, 1,
                "later than the admitted");
  report.denied(single.ask(1, 100 * whole_window), whole_window + 5, 1,
                "earlier than the admitted");
  report.denied(single.ask(1, 40 * whole_window + 1), 61 * whole_window - 1 + 5, 1,
                "60 windows earlier");
}

LIMITERBENCH_CHECK(retry, limiting, a_reload_changes_the_delay_in_mid_streak) {
  Single single = exhausted(subject, {.initial = 100, .multiplier = 2, .ceiling = 10'000});
  for (const Nanoseconds delay : std::initializer_list<Nanoseconds>{100, 200, 400})
    report.denied(single.ask(1, 0), whole_window + delay, 1, "old backoff");
  single.limiter->publish(with_backoff(2, {.initial = 10, .multiplier = 3, .ceiling = 1'000}));
  for (const Nanoseconds delay : std::initializer_list<Nanoseconds>{270, 810, 1'000, 1'000})
    report.denied(single.ask(1, 0), whole_window + delay, 2, "new backoff, denials 4 to 7");
  single.limiter->publish(with_backoff(3, {.initial = 0, .multiplier = 3, .ceiling = 1'000}));
  report.denied(single.ask(1, 0), whole_window, 3, "no backoff, denial 8");
  single.limiter->publish(with_backoff(4, {.initial = 1, .multiplier = 2, .ceiling = 1'000}));
  report.denied(single.ask(1, 0), whole_window + 256, 4, "from 1 by 2, denial 9");
  single.ask(1, whole_window);
  report.denied(single.ask(1, whole_window), whole_window + 1, 4, "a new streak");
}

}  // namespace limiterbench::conformance
