// Admission: a window admits its limit, all of a cost or none of it, and says why it never can.
#include <initializer_list>

#include "conformance.hpp"

namespace limiterbench::conformance {

constexpr Nanoseconds now = 5 * whole_window + 400'000;
constexpr Nanoseconds to_end = whole_window - 400'000;

LIMITERBENCH_CHECK(admission, limiting, a_window_admits_exactly_its_limit) {
  for (const Permits limit : std::initializer_list<Permits>{1, 2, 3, 64, 999}) {
    Single single(subject, uniform(1, {.limit = limit, .window = whole_window, .backoff = {}}));
    for (Permits i = 1; i <= limit; ++i)
      report.admitted(single.ask(1, now), 1, "permit ", i, " of ", limit);
    report.denied(single.ask(1, now), to_end, 1, "permit ", limit + 1, " of ", limit);
  }
}

LIMITERBENCH_CHECK(admission, limiting, a_cost_around_the_limit) {
  for (const Permits limit : {Permits{2}, Permits{10}, max_limit}) {
    const Config config = uniform(1, {.limit = limit, .window = whole_window, .backoff = {}});
    Single below(subject, config);
    report.admitted(below.ask(limit - 1, now), 1, "limit - 1 of ", limit);
    report.denied(below.ask(2, now), to_end, 1, "2 with 1 left of ", limit);
    report.admitted(below.ask(1, now), 1, "1 with 1 left of ", limit);
    report.denied(below.ask(1, now), to_end, 1, "1 with none left of ", limit);
    Single all(subject, config);
    report.admitted(all.ask(limit, now), 1, "the whole limit ", limit);
    report.denied(all.ask(limit, now), to_end, 1, "the whole limit again ", limit);
    Single above(subject, config);
    report.never(above.ask(limit + 1, now), Reason::cost_above_limit, 1, "limit + 1 of ", limit);
    report.admitted(above.ask(limit, now), 1, "a refusal consumes nothing of ", limit);
  }
}

LIMITERBENCH_CHECK(admission, limiting, a_cost_is_taken_whole_or_not_at_all) {
  Single single(subject, uniform(1, {.limit = 10, .window = whole_window, .backoff = {}}));
  report.admitted(single.ask(7, now), 1, "7 of 10");
  for (int i = 0; i < 100; ++i) report.denied(single.ask(4, now), to_end, 1, "4 with 3 left");
  report.admitted(single.ask(2, now), 1, "2 with 3 left");
  report.denied(single.ask(2, now), to_end, 1, "2 with 1 left");
  report.admitted(single.ask(1, now), 1, "1 with 1 left");
  report.denied(single.ask(1, now), to_end, 1, "1 with none left");
}

LIMITERBENCH_CHECK(admission, limiting, a_cost_above_the_limit_is_never_admitted) {
  Single single(subject, uniform(3, {.limit = 10, .window = whole_window, .backoff = {}}));
  for (const Permits cost : {Permits{11}, max_limit, max_limit + 1, (Permits{1} << 32) + 1,
                             Permits{1} << 63, (Permits{1} << 63) + 5, ~Permits{0}}) {
    report.never(single.ask(cost, now), Reason::cost_above_limit, 3, "cost ", cost);
  }
  report.require(single.room(now) == 10, "a refusal consumed permits");
  report.never(single.ask(11, now), Reason::cost_above_limit, 3, "in an exhausted window");
}

LIMITERBENCH_CHECK(admission, limiting, malformed_requests_are_refused_by_name) {
  Single single(subject, uniform(4, {.limit = 10, .window = whole_window, .backoff = {}}));
  report.never(single.ask(0, now), Reason::cost_zero, 4, "cost 0");
  for (const std::uint32_t unknown : {16U, 17U, 256U, 1U << 31, ~0U})
    report.never(single.ask(1, now, unknown), Reason::class_unknown, 4, "class ", unknown);
  for (const Nanoseconds late : {max_now + 1, ~Nanoseconds{0} - whole_window, ~Nanoseconds{0}})
    report.never(single.ask(1, late), Reason::time_out_of_range, 4, "now ", late);
  for (std::uint32_t i = 0; i < class_count; ++i)
    report.require(single.room(now, i) == 10, "class ", i, ": a refusal consumed permits");
  report.admitted(single.ask(1, max_now), 4, "the last instant");
  report.admitted(single.ask(1, max_now, class_count - 1), 4, "the last class");
}

LIMITERBENCH_CHECK(admission, limiting, a_refusal_does_not_turn_the_window) {
  Single single(subject, uniform(1, {.limit = 10, .window = whole_window, .backoff = {}}));
  single.exhaust(now);
  const Nanoseconds later = now + 1000 * whole_window;
  report.never(single.ask(0, later), Reason::cost_zero, 1, "cost 0");
  report.never(single.ask(11, later), Reason::cost_above_limit, 1, "cost above the limit");
  report.never(single.ask(1, ~Nanoseconds{0}), Reason::time_out_of_range, 1, "no time");
  report.denied(single.ask(1, now), to_end, 1, "after refusals stamped later");
  report.require(single.room(now + whole_window) == 10, "the next window is not whole");
  report.denied(single.ask(1, now + whole_window), to_end, 1, "in the next window");
}

LIMITERBENCH_CHECK(admission, limiting, a_zero_limit_admits_nothing) {
  Single single(subject, uniform(1, {.limit = 0, .window = whole_window, .backoff = {}}));
  for (const Permits cost : {Permits{1}, Permits{2}, max_limit, ~Permits{0}})
    report.never(single.ask(cost, now), Reason::cost_above_limit, 1, "cost ", cost);
  report.never(single.ask(0, now), Reason::cost_zero, 1, "cost 0");
}

LIMITERBENCH_CHECK(admission, limiting, classes_are_counted_apart) {
  Config config = uniform(1, {.limit = 1, .window = whole_window, .backoff = {}});
  for (std::size_t i = 0; i < class_count; ++i) config.rules[i].limit = 3 * i + 1;
  Single single(subject, config);
  for (std::uint32_t i = 0; i < class_count; ++i) {
    const Permits room = single.room(now, i);
    report.require(room == 3 * i + 1, "class ", i, " admitted ", room);
  }
  for (std::uint32_t i = 0; i < class_count; ++i)
    report.denied(single.ask(1, now, i), to_end, 1, "class ", i, " exhausted");
}

LIMITERBENCH_CHECK(admission, limiting, handles_share_one_limit) {
  Single one(subject, uniform(1, {.limit = 10, .window = whole_window, .backoff = {}}));
  const auto other = one.limiter->attach();
  for (int i = 0; i < 5; ++i) {
    report.admitted(one.ask(1, now), 1, "one handle");
    report.admitted(other->try_acquire({0, 1, now}), 1, "the other handle");
  }
  report.denied(one.ask(1, now), to_end, 1, "one handle, exhausted");
  report.denied(other->try_acquire({0, 1, now}), to_end, 1, "the other handle, exhausted");
}

LIMITERBENCH_CHECK(admission, limiting, limiters_are_apart) {
  const Config config = uniform(1, {.limit = 10, .window = whole_window, .backoff = {}});
  Single one(subject, config);
  Single other(subject, config);
  one.exhaust(now);
  report.require(other.room(now) == 10, "a limiter counts what another admitted");
}

LIMITERBENCH_CHECK(admission, limiting, the_largest_numbers_do_not_wrap) {
  for (const Nanoseconds length : {min_window, max_window}) {
    const Nanoseconds last = max_now / length * length;
    Single single(
        subject, uniform(~std::uint64_t{0}, {.limit = max_limit, .window = length, .backoff = {}}));
    for (const Nanoseconds at : {Nanoseconds{0}, length, last, max_now}) {
      if (at != max_now) report.admitted(single.ask(max_limit, at), ~std::uint64_t{0}, "at ", at);
      const Nanoseconds left = length - at % length;
      report.denied(single.ask(max_limit, at), left, ~std::uint64_t{0}, "at ", at);
      report.denied(single.ask(1, at), left, ~std::uint64_t{0}, "at ", at);
    }
    report.denied(single.ask(max_limit, 0), last + length, ~std::uint64_t{0}, "far too early");
  }
}

LIMITERBENCH_CHECK(admission, every, the_row_says_what_it_is) {
  const Info& info = subject.info;
  for (const std::string_view text : {info.name, info.summary, info.source, info.bound})
    report.require(!text.empty(), "an empty field in info");
  report.require(info.name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_") ==
                     std::string_view::npos,
                 "name '", info.name, "' cannot be a file stem");
  const auto limiter =
      subject.make(uniform(1, {.limit = 1000, .window = whole_window, .backoff = {}}));
  const Permits bound =
      limiter->error_bound({.limit = 1000, .window = whole_window, .backoff = {}}, 1);
  if (info.exactness == Exactness::exact && info.contract == Contract::windows)
    report.require(bound == 0 && info.bound == "0", "exact, but with a bound of ", bound);
  if (info.exactness == Exactness::approximate)
    report.require(info.bound != "0", "approximate, but without a bound");
}

LIMITERBENCH_CHECK(admission, unlimited, everything_well_formed_is_admitted) {
  Single single(subject, uniform(1, {.limit = 0, .window = whole_window, .backoff = {}}));
  for (std::uint32_t i = 0; i < class_count; ++i) {
    for (const Nanoseconds at : {Nanoseconds{0}, now, max_now, now}) {
      report.require(single.ask(1, at, i).admitted() && single.ask(max_limit, at, i).admitted(),
                     "class ", i, " at ", at, " was not admitted");
    }
  }
  single.limiter->publish(uniform(2, {.limit = 0, .window = whole_window, .backoff = {}}));
  report.require(single.ask(1, now).admitted(), "not admitted after a reload");
}

}  // namespace limiterbench::conformance
