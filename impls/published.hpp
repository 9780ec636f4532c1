// A configuration as it is put in force: the caller's Config, one cache line for each rule, with
// what the counters need to notice a changed rule.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "limiter.hpp"  // IWYU pragma: export
#include "sync.hpp"     // IWYU pragma: export

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

// Whether waiting can help this request. A cost of 0 wraps, so one comparison rejects it as well as
// a cost above the limit.
[[nodiscard, gnu::always_inline]] inline bool is_admissible(const Request& request,
                                                            const Rule& rule) noexcept {
  return request.cost - 1 < rule.limit && request.now <= max_now;
}

// The decision on a request that is not admissible. By value: a reference would force every request
// into memory, even an admitted one.
[[nodiscard, gnu::noinline]] inline Decision refusal(Request request,
                                                     const PublishedRule& rule) noexcept {
  const Reason reason = request.cost == 0       ? Reason::cost_zero
                        : request.now > max_now ? Reason::time_out_of_range
                                                : Reason::cost_above_limit;
  return Decision::refuse(reason, rule.version);
}

}  // namespace limiterbench::inline LIMITERBENCH_BACKEND
