// Limiters broken on purpose, to see that the suite can fail: the reference limiter with one flaw.
#pragma once

#include <limiterbench/limiter.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <chrono>
#include <memory>
#include <mutex>
#include <new>
#include <optional>
#include <stdexcept>
#include <string_view>
#include <thread>
#include <utility>

#include "reference_limiter.hpp"

namespace limiterbench::conformance {

// clang-format off
#define LIMITERBENCH_FLAWS(flaw)                                                                   \
  flaw(none)                                                                                       \
  /* admission */                                                                                  \
  flaw(admits_one_too_many) flaw(denies_the_last_permit) flaw(takes_what_is_left_on_denial)        \
  flaw(counts_denied_requests) flaw(says_later_instead_of_never) flaw(truncates_costs_to_32_bits)  \
  flaw(accepts_cost_zero) flaw(wraps_unknown_classes) flaw(accepts_any_time)                       \
  flaw(admits_one_of_a_zero_limit) flaw(classes_share_a_counter) flaw(handles_count_apart)         \
  flaw(limiters_share_counters) flaw(refusals_turn_the_window) flaw(sums_in_30_bits)               \
  /* time */                                                                                       \
  flaw(windows_start_at_the_first_request) flaw(earlier_time_resets_the_window)                    \
  flaw(stamps_of_16_bits) flaw(stamps_of_32_bits) flaw(stamps_of_34_bits) flaw(stamps_of_40_bits)  \
  flaw(turns_one_window_at_a_time) flaw(turns_every_class) flaw(carries_usage_to_the_next_window)  \
  flaw(last_instant_is_in_the_next_window) flaw(denies_earlier_requests)                           \
  /* retry */                                                                                      \
  flaw(waits_a_whole_window) flaw(wait_ignores_earlier_time) flaw(no_backoff)                      \
  flaw(delay_one_step_ahead) flaw(delay_without_ceiling) flaw(delay_overflows)                     \
  flaw(streaks_of_16_bits) flaw(admission_keeps_the_streak) flaw(new_window_ends_the_streak)       \
  flaw(refusal_counts_as_denial) flaw(refusal_ends_the_streak) flaw(classes_share_a_streak)        \
  flaw(handles_share_a_streak) flaw(reload_ends_the_streak) flaw(reload_keeps_the_delay)           \
  /* reload */                                                                                     \
  flaw(adopts_at_the_next_window) flaw(adopts_at_the_next_request) flaw(handles_cache_the_rules)   \
  flaw(ignores_lower_versions) flaw(ignores_the_same_version) flaw(refuses_under_the_first_version)\
  flaw(reload_refunds) flaw(changed_limit_refunds) flaw(reload_caps_usage)                         \
  flaw(changed_window_keeps_usage) flaw(window_changed_back_keeps_usage)                           \
  flaw(changed_window_resets_every_class) flaw(keeps_the_caller_s_checksum)                        \
  flaw(publishes_anything) flaw(constructs_with_anything) flaw(names_no_field)                     \
  flaw(applies_what_comes_before_the_bad_field) flaw(refuses_the_edges) flaw(hoards)               \
  /* memory */                                                                                     \
  flaw(constructs_without_memory) flaw(attaches_before_it_allocates)                               \
  flaw(publishes_before_it_allocates) flaw(allocates_to_decide)                                    \
  flaw(constructs_with_much_memory) flaw(attaches_with_much_memory)                                \
  flaw(publishes_with_much_memory)                                                                 \
  /* threads: from here on the concurrent checks are run too */                                    \
  flaw(moved_handle_loses_its_streak) flaw(has_256_slots) flaw(detaching_loses_a_permit)           \
  flaw(counts_by_load_and_store) flaw(turns_in_two_steps) flaw(counts_under_a_replaced_rule)       \
  flaw(torn_configuration) flaw(version_read_after_the_rule) flaw(drops_contended_publications)    \
  flaw(caches_under_way)
// clang-format on

enum class Flaw : unsigned {
#define LIMITERBENCH_FLAW(name) name,
  LIMITERBENCH_FLAWS(LIMITERBENCH_FLAW)
#undef LIMITERBENCH_FLAW
};

inline constexpr std::array flaw_names = {
#define LIMITERBENCH_FLAW(name) std::string_view{#name},
    LIMITERBENCH_FLAWS(LIMITERBENCH_FLAW)
#undef LIMITERBENCH_FLAW
};

inline constexpr Flaw first_concurrent_flaw = Flaw::moved_handle_loses_its_streak;

class mutant {
  struct Window {
    std::optional<Nanoseconds> start;
    Nanoseconds length = 0;
    std::atomic<Permits> used{0};
    void reset() {
      start.reset();
      used = 0;
    }
  };
  using Windows = std::array<Window, class_count>;

  struct State {
    mutant& limiter;
    std::array<std::uint64_t, class_count> denials{};
    std::array<Nanoseconds, class_count> delay{};
    std::array<Nanoseconds, class_count> denied_in{};
    std::uint64_t publications = 0;
    Config cached;
    unsigned uses = 0;
    Windows windows{};

    explicit State(mutant& owner) : limiter(owner) { limiter.attached(1); }
    State(const State&) = delete;
    ~State() { limiter.attached(-1); }
  };

 public:
  static constexpr Info info = reference::info;

  class Handle {
   public:
    explicit Handle(mutant& limiter) : state_(std::make_unique<State>(limiter)) {}
    Handle(Handle&& other) noexcept : state_(std::move(other.state_)) {
      if (state_->limiter.is(Flaw::moved_handle_loses_its_streak)) state_->denials = {};
    }

   private:
    friend mutant;
    std::unique_ptr<State> state_;
  };

  explicit mutant(const Config& config, Flaw flaw = Flaw::none) : flaw_(flaw) {
    if (!is(Flaw::constructs_with_anything)) validate(config);
    if (is(Flaw::constructs_without_memory) && !can_allocate()) return;
    if (is(Flaw::constructs_with_much_memory)) allocate_much();
    put_in_force(config);
    first_version_ = config.version;
  }

  Handle attach() {
    if (is(Flaw::attaches_with_much_memory)) allocate_much();
    if (!is(Flaw::attaches_before_it_allocates)) return Handle(*this);
    ++config_.version;
    Handle handle(*this);
    --config_.version;
    return handle;
  }

  Decision try_acquire(Handle& handle, const Request& as_given) noexcept {
    std::unique_lock lock(mutex_);
    State& state = *handle.state_;
    const Config config = rules_for(state);
    const Request request = misread(as_given);
    const Reason reason = refusal(config, request);
    if (is(Flaw::allocates_to_decide) && !can_allocate())
      return refuse(state, config, request, reason);
    const Decision decision = reason == Reason::none ? decide(lock, state, config, request)
                                                     : refuse(state, config, request, reason);
    if (is(Flaw::adopts_at_the_next_request) && pending_)
      put_in_force(*std::exchange(pending_, std::nullopt));
    return decision;
  }

  Config config(Handle& handle) noexcept {
    if (is(Flaw::torn_configuration)) {
      Words words;
      for (std::size_t i = 0; i < words.size(); ++i) {
        if (i == words.size() / 2) let_others_run();
        words[i] = words_[i].load(std::memory_order_relaxed);
      }
      return std::bit_cast<Config>(words);
    }
    const std::lock_guard lock(mutex_);
    return is(Flaw::caches_under_way) ? rules_for(*handle.state_) : config_;
  }

  void publish(const Config& config) {
    check(config);
    if (is(Flaw::publishes_with_much_memory)) allocate_much();
    std::unique_lock lock(mutex_, std::defer_lock);
    if (!is(Flaw::drops_contended_publications))
      lock.lock();
    else if (!lock.try_lock())
      return;
    if (is(Flaw::ignores_lower_versions) && config.version < config_.version) return;
    if (is(Flaw::ignores_the_same_version) && config.version == config_.version) return;
    if (is(Flaw::adopts_at_the_next_request) || is(Flaw::adopts_at_the_next_window)) {
      pending_ = config;
    } else {
      put_in_force(config);
    }
    if (is(Flaw::publishes_before_it_allocates)) ::operator delete(::operator new(1));
    if (is(Flaw::drops_contended_publications)) let_others_run();
  }

  Footprint footprint() const noexcept {
    return {.live = 0, .retired = is(Flaw::hoards) ? publications_ * sizeof(Config) : 0};
  }
  Permits error_bound(const Rule&, Permits) const noexcept { return 0; }

 private:
  using Words = std::array<std::uint64_t, sizeof(Config) / sizeof(std::uint64_t)>;

  bool is(Flaw flaw) const noexcept { return flaw_ == flaw; }

  static bool can_allocate() {
    try {
      ::operator delete(::operator new(1));
      return true;
    } catch (const std::bad_alloc&) {
      return false;
    }
  }

  static void allocate_much() {
    for (int i = 0; i < 20; ++i) ::operator delete(::operator new(1));
  }

  // Sleeps: where there are few CPUs, a race that is left to chance may not show for minutes.
  static void let_others_run() { std::this_thread::sleep_for(std::chrono::microseconds(1)); }

  void attached(int change) {
    const std::lock_guard lock(mutex_);
    handles_ += change;
    if (is(Flaw::has_256_slots) && handles_ > 256) {
      --handles_;
      throw std::bad_alloc();
    }
    Permits used = windows_[0].used;
    if (is(Flaw::detaching_loses_a_permit) && change < 0 && used > 0) windows_[0].used = used - 1;
  }

  void check(const Config& config) {
    if (is(Flaw::publishes_anything)) return;
    if (is(Flaw::refuses_the_edges) && config.rules[0].limit == max_limit)
      throw std::invalid_argument("rules[0].limit: too large");
    try {
      validate(config);
    } catch (const std::invalid_argument&) {
      if (is(Flaw::names_no_field)) throw std::invalid_argument("out of range");
      if (is(Flaw::applies_what_comes_before_the_bad_field)) config_.version = config.version;
      throw;
    }
  }

  void put_in_force(const Config& config) {
    bool resized = false;
    for (std::size_t i = 0; i < class_count; ++i) {
      const Rule& rule = config.rules[i];
      const Rule& old = config_.rules[i];
      const bool window_changed = rule.window != old.window;
      resized |= window_changed;
      if (is(Flaw::reload_refunds)) windows_[i].reset();
      if (is(Flaw::changed_limit_refunds) && rule.limit != old.limit) windows_[i].reset();
      if (is(Flaw::reload_caps_usage))
        windows_[i].used = std::min(windows_[i].used.load(), rule.limit);
      if (window_changed && is(Flaw::changed_window_keeps_usage))
        windows_[i].length = rule.window;
      else if (window_changed && !is(Flaw::window_changed_back_keeps_usage))
        windows_[i].reset();
    }
    if (resized && is(Flaw::changed_window_resets_every_class)) {
      for (Window& window : windows_) window.reset();
    }
    config_ = config;
    if (!is(Flaw::keeps_the_caller_s_checksum)) config_.checksum = checksum_of(config);
    ++publications_;
    const auto words = std::bit_cast<Words>(config_);
    for (std::size_t i = 0; i < words.size(); ++i)
      words_[i].store(words[i], std::memory_order_relaxed);
  }

  const Config& rules_for(State& state) {
    if (is(Flaw::reload_ends_the_streak) && state.publications != publications_) state.denials = {};
    state.publications = publications_;
    if (!is(Flaw::handles_cache_the_rules) && !is(Flaw::caches_under_way)) return config_;
    // The second only if it has been used for a while: one thread alone does not notice soon.
    const unsigned period = is(Flaw::handles_cache_the_rules) ? 8 : 500;
    const unsigned use = state.uses++;
    if (use % period == 0 || use < period) state.cached = config_;
    return state.cached;
  }

  Request misread(Request request) const {
    if (is(Flaw::truncates_costs_to_32_bits)) request.cost &= 0xffffffff;
    if (is(Flaw::wraps_unknown_classes)) request.traffic_class %= class_count;
    return request;
  }

  Permits limit_of(const Rule& rule) const {
    return is(Flaw::admits_one_of_a_zero_limit) ? std::max<Permits>(rule.limit, 1) : rule.limit;
  }

  Reason refusal(const Config& config, const Request& request) const {
    if (request.traffic_class >= class_count) return Reason::class_unknown;
    if (request.cost == 0 && !is(Flaw::accepts_cost_zero)) return Reason::cost_zero;
    if (request.now > max_now && !is(Flaw::accepts_any_time)) return Reason::time_out_of_range;
    if (request.cost <= limit_of(config.rules[request.traffic_class])) return Reason::none;
    return is(Flaw::says_later_instead_of_never) ? Reason::none : Reason::cost_above_limit;
  }

  Decision refuse(State& state, const Config& config, const Request& request, Reason reason) {
    if (request.traffic_class < class_count) {
      std::uint64_t& denials = state.denials[request.traffic_class];
      if (is(Flaw::refusal_counts_as_denial)) ++denials;
      if (is(Flaw::refusal_ends_the_streak)) denials = 0;
      if (is(Flaw::refusals_turn_the_window) && reason == Reason::cost_above_limit)
        enter(config, state, request);
    }
    const bool first = is(Flaw::refuses_under_the_first_version);
    return Decision::refuse(reason, first ? first_version_ : config.version);
  }

  Window& window_of(State& state, std::uint32_t traffic_class) {
    static Windows shared;
    if (is(Flaw::classes_share_a_counter)) traffic_class /= 2;
    if (is(Flaw::handles_count_apart)) return state.windows[traffic_class];
    return (is(Flaw::limiters_share_counters) ? shared : windows_)[traffic_class];
  }

  // Whether a request at `now` comes after the window in force.
  bool is_over(const Window& window, Nanoseconds now) const {
    if (!window.start) return true;
    const auto bits = is(Flaw::stamps_of_16_bits)   ? 16
                      : is(Flaw::stamps_of_32_bits) ? 32
                      : is(Flaw::stamps_of_34_bits) ? 34
                      : is(Flaw::stamps_of_40_bits) ? 40
                                                    : 63;
    const std::uint64_t distance = now / window.length - *window.start / window.length;
    if (now >= *window.start + window.length) return distance % (std::uint64_t{1} << bits) != 0;
    return is(Flaw::earlier_time_resets_the_window) && now < *window.start;
  }

  Window& enter(const Config& config, State& state, const Request& request) {
    Window& window = window_of(state, request.traffic_class);
    const Nanoseconds length = std::max<Nanoseconds>(config.rules[request.traffic_class].window, 1);
    if (is(Flaw::window_changed_back_keeps_usage) && window.length != length) window.reset();
    window.length = length;
    const Nanoseconds now = request.now + (is(Flaw::last_instant_is_in_the_next_window) ? 1 : 0);
    if (!is_over(window, now)) return window;
    const bool step = is(Flaw::turns_one_window_at_a_time) && window.start;
    const bool aligned = !is(Flaw::windows_start_at_the_first_request);
    window.start = step ? *window.start + length : now - (aligned ? now % length : 0);
    window.used = is(Flaw::carries_usage_to_the_next_window) ? window.used / 2 : 0;
    if (is(Flaw::turns_every_class)) {
      for (Window& other : windows_) other.used = 0;
    }
    if (is(Flaw::adopts_at_the_next_window) && pending_)
      put_in_force(*std::exchange(pending_, std::nullopt));
    return window;
  }

  Decision decide(std::unique_lock<std::mutex>& lock, State& state, const Config& in_force,
                  const Request& request) {
    const Config config = in_force;
    // Preempted at the worst moment.
    const auto elsewhere = [&lock] {
      lock.unlock();
      let_others_run();
      lock.lock();
    };
    if (is(Flaw::turns_in_two_steps) && is_over(windows_[request.traffic_class], request.now)) {
      elsewhere();
      windows_[request.traffic_class].reset();
    }
    Window& window = enter(config, state, request);
    if (is(Flaw::counts_under_a_replaced_rule)) elsewhere();
    const Permits limit = limit_of(config.rules[request.traffic_class]);
    const Permits used = window.used;
    if (is(Flaw::counts_by_load_and_store)) elsewhere();
    if (!fits(used, request, limit, window)) {
      if (is(Flaw::takes_what_is_left_on_denial)) window.used = limit;
      if (is(Flaw::counts_denied_requests)) window.used += request.cost;
      return deny(state, config, request, window);
    }
    window.used = used + request.cost;
    if (!is(Flaw::admission_keeps_the_streak)) streak(state, request.traffic_class) = 0;
    if (is(Flaw::version_read_after_the_rule)) {
      elsewhere();
      return Decision::admit(config_.version);
    }
    return Decision::admit(config.version);
  }

  bool fits(Permits used, const Request& request, Permits limit, const Window& window) const {
    if (is(Flaw::denies_earlier_requests) && request.now < window.start) return false;
    if (is(Flaw::admits_one_too_many)) return used + request.cost <= limit + 1;
    if (is(Flaw::denies_the_last_permit)) return used + request.cost < limit;
    if (is(Flaw::sums_in_30_bits)) return ((used + request.cost) & max_limit) <= limit;
    return used + request.cost <= limit;
  }

  std::uint64_t& streak(State& state, std::uint32_t traffic_class) {
    if (is(Flaw::classes_share_a_streak)) traffic_class = 0;
    return (is(Flaw::handles_share_a_streak) ? denials_ : state.denials)[traffic_class];
  }

  Decision deny(State& state, const Config& config, const Request& request, const Window& window) {
    std::uint64_t& denials = streak(state, request.traffic_class);
    Nanoseconds& last = state.denied_in[request.traffic_class];
    if (is(Flaw::new_window_ends_the_streak) && last != *window.start) denials = 0;
    last = *window.start;
    ++denials;
    if (is(Flaw::streaks_of_16_bits)) denials %= 1 << 16;
    const Nanoseconds delay = delay_for(config.rules[request.traffic_class].backoff, denials,
                                        state.delay[request.traffic_class]);
    state.delay[request.traffic_class] = delay;
    const Nanoseconds from =
        is(Flaw::wait_ignores_earlier_time) ? std::max(request.now, *window.start) : request.now;
    const Nanoseconds wait =
        is(Flaw::waits_a_whole_window) ? window.length : *window.start + window.length - from;
    return Decision::deny(wait + delay, config.version);
  }

  Nanoseconds delay_for(Backoff backoff, std::uint64_t denials, Nanoseconds last) const {
    if (is(Flaw::no_backoff)) return 0;
    if (is(Flaw::delay_one_step_ahead)) ++denials;
    if (is(Flaw::delay_without_ceiling)) backoff.ceiling = max_backoff;
    if (is(Flaw::reload_keeps_the_delay) && denials > 1)
      return std::min(backoff.ceiling, last * backoff.multiplier);
    if (!is(Flaw::delay_overflows)) return delay_of(backoff, denials);
    Nanoseconds delay = backoff.initial;
    for (std::uint64_t k = 1; k < std::min<std::uint64_t>(denials, 100); ++k)
      delay *= backoff.multiplier;
    return std::min(backoff.ceiling, delay);
  }

  Flaw flaw_;
  std::mutex mutex_;
  Config config_;
  std::optional<Config> pending_;
  std::array<std::atomic<std::uint64_t>, std::tuple_size_v<Words>> words_{};
  std::uint64_t first_version_ = 0;
  std::uint64_t publications_ = 0;
  int handles_ = 0;
  Windows windows_;
  std::array<std::uint64_t, class_count> denials_{};
};

}  // namespace limiterbench::conformance
