// Time: windows are aligned, a new one is whole, and none ever comes back.
#include <initializer_list>

#include "conformance.hpp"

namespace limiterbench::conformance {

LIMITERBENCH_CHECK(time, limiting, windows_are_aligned) {
  Single single(subject, uniform(1, {.limit = 2, .window = whole_window, .backoff = {}}));
  const Nanoseconds start = 9 * whole_window;
  report.admitted(single.ask(1, start + 700'000), 1, "late in the window");
  report.admitted(single.ask(1, start + whole_window - 1), 1, "at its last instant");
  report.denied(single.ask(1, start + whole_window - 1), 1, 1, "at its last instant, exhausted");
  report.admitted(single.ask(2, start + whole_window), 1, "at the first instant of the next");
  report.denied(single.ask(1, start + whole_window), whole_window, 1, "there, exhausted");
}

LIMITERBENCH_CHECK(time, limiting, every_window_is_whole) {
  Single single(subject, uniform(1, {.limit = 7, .window = whole_window, .backoff = {}}));
  Nanoseconds now = 0;
  for (unsigned i = 0; i < 1000; ++i) {
    const Permits room = single.room(now);
    report.require(room == 7, "window ", now / whole_window, " admitted ", room, " of 7");
    now += whole_window * (1 + i % 5) + i;
  }
}

LIMITERBENCH_CHECK(time, limiting, usage_does_not_reach_the_next_window) {
  Single single(subject, uniform(1, {.limit = 10, .window = whole_window, .backoff = {}}));
  for (Nanoseconds i = 0; i < 100; ++i) {
    report.admitted(single.ask(9, i * whole_window), 1, "9 of 10 in window ", i);
    report.denied(single.ask(2, i * whole_window), whole_window, 1, "2 with 1 left in window ", i);
  }
}

// Stamps that wrap: a class that comes back after 2^k windows must not find its old window.
LIMITERBENCH_CHECK(time, limiting, a_class_left_idle_comes_back_to_a_whole_window) {
  for (unsigned k = 0; k <= 53; ++k) {
    const Nanoseconds away = (Nanoseconds{1} << k) * min_window;
    if (away > max_now / 2) break;
    for (const Nanoseconds base : {Nanoseconds{0}, 77 * min_window + 5}) {
      Single single(subject, uniform(1, {.limit = 5, .window = min_window, .backoff = {}}));
      single.exhaust(base);
      for (const Nanoseconds now : {base + away, base + 2 * away}) {
        const Permits room = single.room(now);
        report.require(room == 5, "away for 2^", k, " windows: ", room, " of 5 left");
      }
    }
  }
}

LIMITERBENCH_CHECK(time, limiting, a_first_request_at_any_time_finds_a_whole_window) {
  for (unsigned k = 0; k <= 63; ++k) {
    const Nanoseconds now = (Nanoseconds{1} << k) - 1;
    Single single(subject, uniform(1, {.limit = 5, .window = min_window, .backoff = {}}));
    const Permits room = single.room(now);
    report.require(room == 5, "first request at 2^", k, " - 1: ", room, " of 5 left");
  }
}

LIMITERBENCH_CHECK(time, limiting, one_class_does_not_turn_the_window_of_another) {
  Single single(subject, uniform(1, {.limit = 5, .window = whole_window, .backoff = {}}));
  single.exhaust(0, 1);
  report.require(single.room(1000 * whole_window, 2) == 5, "class 2 is not whole");
  report.denied(single.ask(1, 0, 1), whole_window, 1, "class 1, after class 2 was used later");
}

LIMITERBENCH_CHECK(time, limiting, a_request_stamped_earlier_counts_against_the_window_in_force) {
  const Nanoseconds now = (Nanoseconds{1} << 62) / whole_window * whole_window;
  Single single(subject, uniform(1, {.limit = 5, .window = whole_window, .backoff = {}}));
  report.admitted(single.ask(1, now), 1, "in the window in force");
  report.admitted(single.ask(1, now - 1), 1, "one window earlier");
  report.admitted(single.ask(1, 0), 1, "at 0");
  report.admitted(single.ask(2, now - whole_window * (Nanoseconds{1} << 32)), 1,
                  "2^32 windows earlier");
  report.denied(single.ask(1, now), whole_window, 1, "in the window in force, exhausted");
  for (unsigned k = 0; k < 42; ++k) {
    const Nanoseconds back = whole_window * (Nanoseconds{1} << k);
    report.denied(single.ask(1, now - back), back + whole_window, 1, "2^", k, " windows earlier");
  }
  report.denied(single.ask(1, 0), now + whole_window, 1, "at 0, exhausted");
  report.denied(single.ask(1, now), whole_window, 1, "nothing was refunded");
  report.require(single.room(now + whole_window) == 5, "the next window is not whole");
}

LIMITERBENCH_CHECK(time, limiting, time_that_jitters_never_admits_more) {
  Single single(subject, uniform(1, {.limit = 50, .window = whole_window, .backoff = {}}));
  for (Nanoseconds i = 1; i <= 50; ++i) {
    Permits admitted = 0;
    for (unsigned n = 0; n < 200; ++n) {
      const Nanoseconds now = (i - (n % 3 == 0 ? 0 : n % 2)) * whole_window + n;
      admitted += single.ask(1, now).admitted() ? 1 : 0;
    }
    report.require(admitted == 50, "window ", i, " admitted ", admitted, " of 50");
  }
}

LIMITERBENCH_CHECK(time, limiting, the_shortest_and_the_longest_window) {
  for (const Nanoseconds length : {min_window, max_window}) {
    Single single(subject, uniform(1, {.limit = 3, .window = length, .backoff = {}}));
    for (const Nanoseconds index : {Nanoseconds{0}, Nanoseconds{1}, Nanoseconds{1000},
                                    max_now / length - 1, max_now / length}) {
      const Nanoseconds start = index * length;
      report.require(single.room(start) == 3, "window ", index, " of ", length, " is not whole");
      const Nanoseconds offset = index == max_now / length ? max_now - start : length - 1;
      report.denied(single.ask(1, start + offset), length - offset, 1, "window ", index);
    }
  }
}

}  // namespace limiterbench::conformance
