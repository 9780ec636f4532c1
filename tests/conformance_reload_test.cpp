// Reload: publish() checks the whole configuration, puts it in force for every later request, and
// keeps what the window in force has used.
#include <initializer_list>
#include <stdexcept>

#include "conformance.hpp"
#include "threads.hpp"

namespace limiterbench::conformance {

static Config limit_of(std::uint64_t version, Permits limit, Nanoseconds length = whole_window) {
  return uniform(version, {.limit = limit, .window = length, .backoff = {}});
}

LIMITERBENCH_CHECK(reload, limiting, the_configuration_in_force_is_the_one_published) {
  Config config = limit_of(1, 5);
  for (std::size_t i = 0; i < class_count; ++i)
    config.rules[i] = {i, whole_window + i, {.initial = i, .multiplier = i + 1, .ceiling = 2 * i}};
  config.checksum = 12345;
  Single single(subject, config);
  report.require(single.handle->config() == in_force(config), "as constructed");
  config.version = 7;
  for (Rule& rule : config.rules) rule.limit += 100;
  single.limiter->publish(config);
  report.require(single.handle->config() == in_force(config), "as published");
  report.require(single.limiter->attach()->config() == in_force(config), "on a new handle");
}

LIMITERBENCH_CHECK(reload, limiting, the_limiter_keeps_its_own_copy) {
  auto config = std::make_unique<Config>(limit_of(1, 5));
  Single single(subject, *config);
  config->rules[0].limit = 0;
  report.admitted(single.ask(1, 0), 1, "after the caller changed its own");
  *config = limit_of(2, 5);
  single.limiter->publish(*config);
  config.reset();
  report.admitted(single.ask(1, 0), 2, "after the caller destroyed its own");
}

LIMITERBENCH_CHECK(reload, limiting, every_later_request_is_decided_by_the_new_configuration) {
  Single single(subject, limit_of(1, 3));
  std::vector<std::unique_ptr<AnyHandle>> handles;
  for (int i = 0; i < 5; ++i) handles.push_back(single.limiter->attach());
  single.exhaust(0);
  Nanoseconds later = 0;
  for (std::uint64_t version = 2; version < 200; ++version) {
    single.limiter->publish(limit_of(version, 2 + version % 2));
    for (const auto& handle : handles) {
      report.denied(handle->try_acquire({0, 1, 0}), whole_window, version, "denied");
      report.never(handle->try_acquire({0, 4, 0}), Reason::cost_above_limit, version, "never");
      report.never(handle->try_acquire({99, 1, 0}), Reason::class_unknown, version, "unknown");
      report.admitted(handle->try_acquire({1, 1, later += whole_window}), version, "admitted");
      single.limiter->publish(limit_of(version, 20));
      single.limiter->publish(limit_of(version, 2 + version % 2));
    }
  }
}

LIMITERBENCH_CHECK(reload, limiting, usage_carries_over) {
  Single single(subject, limit_of(1, 10));
  report.admitted(single.ask(6, 0), 1, "6 of 10");
  single.limiter->publish(limit_of(2, 10));
  report.denied(single.ask(5, 0), whole_window, 2, "the same limit, 4 left");
  single.limiter->publish(limit_of(3, 15));
  report.denied(single.ask(10, 0), whole_window, 3, "raised to 15, 9 left");
  report.admitted(single.ask(8, 0), 3, "raised to 15, 9 left");
  single.limiter->publish(limit_of(4, 15));
  report.admitted(single.ask(1, 0), 4, "15, 1 left");
  report.denied(single.ask(1, 0), whole_window, 4, "15, none left");
  report.require(single.room(whole_window) == 15, "the next window is not whole");
}

LIMITERBENCH_CHECK(reload, limiting, a_lowered_limit_holds_at_once) {
  Single single(subject, limit_of(1, 100));
  report.admitted(single.ask(60, 0), 1, "60 of 100");
  single.limiter->publish(limit_of(2, 70));
  report.denied(single.ask(11, 0), whole_window, 2, "lowered to 70, 10 left");
  report.never(single.ask(71, 0), Reason::cost_above_limit, 2, "71 of 70");
  single.limiter->publish(limit_of(3, 60));
  report.denied(single.ask(1, 0), whole_window, 3, "lowered to what is used");
  single.limiter->publish(limit_of(4, 59));
  report.denied(single.ask(1, 0), whole_window, 4, "lowered below what is used");
  single.limiter->publish(limit_of(5, 1));
  report.denied(single.ask(1, whole_window - 1), 1, 5, "lowered far below what is used");
  single.limiter->publish(limit_of(6, 0));
  report.never(single.ask(1, 0), Reason::cost_above_limit, 6, "lowered to 0");
  single.limiter->publish(limit_of(7, 62));
  report.admitted(single.ask(1, 0), 7, "raised to 62, 2 left");
  report.admitted(single.ask(1, 0), 7, "raised to 62, 1 left");
  report.denied(single.ask(1, 0), whole_window, 7, "raised to 62, none left");
  single.limiter->publish(limit_of(8, 5));
  report.require(single.room(whole_window) == 5, "the next window does not have the lowered limit");
}

LIMITERBENCH_CHECK(reload, limiting, a_raised_limit_opens_an_exhausted_window) {
  Single single(subject, limit_of(1, 0));
  report.never(single.ask(1, 0), Reason::cost_above_limit, 1, "limit 0");
  Permits used = 0;
  for (const Permits limit : {Permits{1}, Permits{10}, Permits{11}, Permits{5'000}}) {
    single.limiter->publish(limit_of(limit + 1, limit));
    const Permits room = single.room(0);
    report.require(room == limit - used, "raised from ", used, " to ", limit, ": ", room, " left");
    report.denied(single.ask(1, 0), whole_window, limit + 1, "exhausted again");
    used = limit;
  }
  single.limiter->publish(limit_of(9, max_limit));
  report.denied(single.ask(max_limit, 0), whole_window, 9, "raised to the largest, not all left");
  report.admitted(single.ask(max_limit - used, 0), 9, "raised to the largest, what is left");
  report.denied(single.ask(1, 0), whole_window, 9, "raised to the largest, none left");
}

LIMITERBENCH_CHECK(reload, limiting, a_changed_window_length_starts_a_new_window) {
  Single single(subject, limit_of(1, 5));
  const Nanoseconds now = 12 * whole_window;
  single.exhaust(now, 0);
  single.exhaust(now, 1);
  Config config = limit_of(2, 5);
  for (const Nanoseconds length :
       {5 * whole_window, whole_window / 2, 3 * whole_window, min_window, max_window}) {
    ++config.version;
    config.rules[0].window = length;
    single.limiter->publish(config);
    const Permits room = single.room(now);
    report.require(room == 5, "length ", length, ": ", room, " of 5 left");
    report.denied(single.ask(1, now), length - now % length, config.version, "length ", length);
    report.denied(single.ask(1, now, 1), whole_window, config.version, "the other class");
  }
}

LIMITERBENCH_CHECK(reload, limiting, a_window_changed_and_changed_back_is_a_new_window) {
  Single single(subject, limit_of(1, 5));
  single.exhaust(0);
  single.limiter->publish(limit_of(2, 5, 2 * whole_window));
  single.limiter->publish(limit_of(1, 5));
  report.require(single.room(0) == 5, "no new window");
}

LIMITERBENCH_CHECK(reload, limiting, a_window_and_a_limit_changed_together) {
  Single single(subject, limit_of(1, 5));
  single.exhaust(0);
  single.limiter->publish(limit_of(2, 8, 2 * whole_window));
  report.require(single.room(0) == 8, "8 expected in the new window");
  single.limiter->publish(limit_of(3, 3, whole_window));
  report.require(single.room(0) == 3, "3 expected in the new window");
}

LIMITERBENCH_CHECK(reload, limiting, an_unchanged_rule_keeps_its_window) {
  Single single(subject, limit_of(1, 5));
  single.exhaust(3 * whole_window);
  Config config = limit_of(2, 5);
  for (Nanoseconds i = 1; i <= 100; ++i) {
    config.version = i % 3;  // a name, not a number: it may repeat and go down
    for (std::size_t k = 1; k < class_count; ++k)
      config.rules[k] = {i, whole_window + i, {i, 2, 2 * i}};
    config.rules[0].backoff = {.initial = i, .multiplier = 1, .ceiling = i};
    single.limiter->publish(config);
    report.denied(single.ask(1, 3 * whole_window), whole_window + i, i % 3, "reload ", i);
  }
  config.rules[0].backoff = {};
  for (int i = 0; i < 3; ++i) {
    single.limiter->publish(config);
    report.denied(single.ask(1, 3 * whole_window), whole_window, config.version, "the same again");
  }
}

// A version is the caller's name for a configuration: nothing may hang on its order.
LIMITERBENCH_CHECK(reload, limiting, the_last_published_is_in_force_whatever_its_version) {
  Single single(subject, limit_of(10, 5));
  single.limiter->publish(limit_of(3, 7));
  report.never(single.ask(8, 0), Reason::cost_above_limit, 3, "a lower version");
  report.admitted(single.ask(6, 0), 3, "a lower version");
  single.limiter->publish(limit_of(3, 9));
  report.admitted(single.ask(3, 0), 3, "the same version, another limit");
  single.limiter->publish(limit_of(10, 5));
  report.denied(single.ask(1, 0), whole_window, 10, "the first again");
  single.limiter->publish(limit_of(3, 5));
  single.limiter->publish(limit_of(10, 12));
  report.admitted(single.ask(3, 0), 10, "the first version with another limit, unseen between");
}

static void expect_refused(Report& report, const std::string& field, const auto& action) {
  try {
    action();
    report.require(false, field, " out of range was accepted");
  } catch (const std::invalid_argument& error) {
    report.require(std::string_view(error.what()).starts_with(field), "the error '", error.what(),
                   "' does not name ", field);
  }
}

LIMITERBENCH_CHECK(reload, every, a_configuration_out_of_range_is_refused_by_field) {
  const Config good = uniform(1, {.limit = 10, .window = whole_window, .backoff = {5, 2, 50}});
  Single single(subject, good);
  const Config before = single.handle->config();
  single.ask(4, 0);
  const auto refused = [&](std::size_t index, const std::string& field, auto&& damage) {
    Config bad = uniform(2, {.limit = 20, .window = 2 * whole_window, .backoff = {6, 3, 60}});
    damage(bad.rules[index]);
    const std::string name = "rules[" + std::to_string(index) + "]." + field;
    expect_refused(report, name, [&] { single.limiter->publish(bad); });
    expect_refused(report, name, [&] { subject.make(bad); });
    report.require(single.handle->config() == before, name, ": the old one is not in force");
  };
  for (const std::size_t index : {std::size_t{0}, std::size_t{7}, class_count - 1}) {
    for (const Permits limit : {max_limit + 1, ~Permits{0}})
      refused(index, "limit", [&](Rule& rule) { rule.limit = limit; });
    for (const Nanoseconds length : {Nanoseconds{0}, min_window - 1, max_window + 1})
      refused(index, "window", [&](Rule& rule) { rule.window = length; });
    for (const Nanoseconds initial : {max_backoff + 1, ~Nanoseconds{0}})
      refused(index, "backoff.initial", [&](Rule& rule) { rule.backoff.initial = initial; });
    for (const std::uint64_t multiplier : {std::uint64_t{0}, max_multiplier + 1})
      refused(index, "backoff.multiplier",
              [&](Rule& rule) { rule.backoff.multiplier = multiplier; });
    for (const Nanoseconds ceiling : {Nanoseconds{5}, max_backoff + 1})
      refused(index, "backoff.ceiling", [&](Rule& rule) { rule.backoff.ceiling = ceiling; });
  }
}

LIMITERBENCH_CHECK(reload, limiting, a_refused_configuration_changes_no_decision) {
  Single single(subject, limit_of(1, 10));
  single.ask(4, 0);
  Config bad = limit_of(2, 100, 2 * whole_window);
  bad.rules[class_count - 1].window = 1;
  for (int i = 0; i < 3; ++i)
    expect_refused(report, "rules[15].window", [&] { single.limiter->publish(bad); });
  report.never(single.ask(11, 0), Reason::cost_above_limit, 1, "the old limit");
  report.denied(single.ask(7, 0), whole_window, 1, "the old usage, the old window");
  report.admitted(single.ask(6, 0), 1, "what was left");
  single.limiter->publish(limit_of(3, 12));
  report.admitted(single.ask(2, 0), 3, "a good one after the bad");
  report.denied(single.ask(1, 0), whole_window, 3, "a good one after the bad, exhausted");
}

LIMITERBENCH_CHECK(reload, every, the_edges_of_every_range_are_accepted) {
  for (const Rule& rule : std::initializer_list<Rule>{
           {0, min_window, {0, 1, 0}},
           {max_limit, max_window, {max_backoff, max_multiplier, max_backoff}},
           {1, min_window, {0, max_multiplier, max_backoff}}}) {
    Single single(subject, uniform(1, rule));
    single.limiter->publish(uniform(2, rule));
    report.require(single.handle->config() == in_force(uniform(2, rule)), "limit ", rule.limit,
                   ", window ", rule.window, " is not in force");
  }
}

LIMITERBENCH_CHECK(reload, every, replaced_configurations_do_not_pile_up) {
  Single single(subject, limit_of(1, 10));
  const auto idle = single.limiter->attach();
  idle->try_acquire({0, 1, 0});
  const Idle elsewhere([&] { return single.limiter->attach(); },
                       [](const auto& handle) {
                         handle->try_acquire({0, 1, 0});
                       });
  const std::uint64_t reloads = 3'000 + 1'000 * work;
  for (std::uint64_t i = 0; i < reloads; ++i) {
    single.limiter->publish(limit_of(i, 10 + i % 2));
    if (i % 64 == 0) single.ask(1, i);
  }
  // Deferred reclamation may hold back a batch, not a share of all that was ever published.
  const Footprint held = single.limiter->footprint();
  report.require(held.retired <= 1'100 * 2 * sizeof(Config), reloads, " reloads left ",
                 held.retired, " bytes behind");
  report.require(held.live <= (std::uint64_t{1} << 22), held.live, " bytes live");
}

}  // namespace limiterbench::conformance
