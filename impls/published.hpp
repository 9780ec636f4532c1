// A configuration as it is put in force: the caller's Config, laid out so that a request reads one
// cache line, with what the counters need to notice that a rule has changed.
#pragma once

#include <array>
#include <cstdint>

#include "limiter.hpp"
#include "sync.hpp"

namespace limiterbench::inline LIMITERBENCH_BACKEND {

struct alignas(sync::cache_line) PublishedRule {
  Rule rule;
  std::uint64_t version = 0;   // the caller's Config::version
  std::uint64_t sequence = 0;  // counts publications of this limiter, from 1; never wraps
  std::uint64_t epoch = 0;     // the sequence at which this limit or window last changed
};
static_assert(sizeof(PublishedRule) == sync::cache_line);

struct Published {
  std::array<PublishedRule, class_count> rules;
  std::uint64_t checksum = 0;

  [[nodiscard]] Config config() const noexcept {
    Config config{.version = rules[0].version, .rules = {}, .checksum = checksum};
    for (std::size_t i = 0; i < class_count; ++i) config.rules[i] = rules[i].rule;
    return config;
  }
};

// The successor of `previous`. Throws std::invalid_argument if `config` is out of range.
[[nodiscard]] inline Published succeed(const Published& previous, const Config& config) {
  validate(config);
  Published next;
  for (std::size_t i = 0; i < class_count; ++i) {
    const PublishedRule& old = previous.rules[i];
    const Rule& rule = config.rules[i];
    const std::uint64_t sequence = old.sequence + 1;
    const bool same =
        old.sequence != 0 && old.rule.limit == rule.limit && old.rule.window == rule.window;
    next.rules[i] = {rule, config.version, sequence, same ? old.epoch : sequence};
  }
  next.checksum = checksum_of(config);
  return next;
}

// Why this request can never be admitted, if it cannot.
[[nodiscard]] inline Reason refusal(const Request& request, const Rule& rule) noexcept {
  if (request.cost == 0) return Reason::cost_zero;
  if (request.now > max_now) return Reason::time_out_of_range;
  return request.cost > rule.limit ? Reason::cost_above_limit : Reason::none;
}

}  // namespace limiterbench::inline LIMITERBENCH_BACKEND
