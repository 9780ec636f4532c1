// The contract that every design keeps: read the configuration in force, count the request, decide,
// while another thread replaces the configuration. Read this file first.
//
// Units. Permits are what a request costs. Times are nanoseconds on one monotonic clock that the
// caller chooses; time is an argument of every request, never read here.
//
// Admission. Time is cut into aligned windows, index = now / window. A request is admitted if and
// only if the permits used in the window in force plus its cost stay within the limit: all of its
// cost or none. A denied request consumes nothing. A cost above the limit can never be admitted.
//
// What a denial writes. The first denial in a used-up window may write, to tell the others that it
// is used up. Later denials in that window write no line that requests on other handles read or
// write. Info::denial names the exceptions: designs in which every request writes in order to read
// the configuration. A request stamped after the end of the window rolls it over, and
// so writes, before it is decided; it is denied only if others use up the new window first. A
// request that meets a changed rule may write too.
//
// Time never rewinds. A request stamped earlier than the window in force counts against the window
// in force. Nothing is refunded. Only a changed window length starts afresh: the next request's
// `now` says which window it opens, even one earlier than the last.
//
// Retry. retry_after = time to the end of the window in force + min(ceiling, initial *
// multiplier^(k-1)), where k counts the consecutive denials of that class on that handle.
//
// Reload. publish() validates, then puts the configuration in force; publishers are serialised.
// Every request that starts after publish() has returned is decided by that configuration or a
// newer one, and no request is admitted under an older limit or window from then on: a lowered
// limit holds. Usage in the window in force carries over, unless the window's length has changed.
//
// Memory ordering. publish() happens before every request that it decides. Admission orders
// nothing else: two requests, admitted or denied, do not synchronise with each other, so a limiter
// must not be used to hand data from thread to thread.
//
// Signals. No design may be used in a signal handler: the interrupted thread may hold what the
// handler would wait for. For the same reason a child that was forked while another thread was
// inside a limiter must not use that limiter.
//
// Lifetime. Handles end before their limiter; threads may outlive both. A thread may make requests
// until it has ended, also in destructors of thread_local objects, and so may destructors of static
// objects. Several shared objects of a process may use one limiter. An object that constructed it,
// attached a handle or published must not be unloaded (dlclose) while the limiter lives. Where a
// library does not allow this, the design's header says so.
#pragma once

#include <array>
#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>

#include "sync/classes.hpp"

namespace limiterbench {

using Permits = std::uint64_t;
using Nanoseconds = std::uint64_t;

inline constexpr std::size_t class_count = sync::classes(16);
// The limit shares a 64-bit word with the window's generation: 30 bits, above 10^9.
inline constexpr Permits max_limit = (Permits{1} << 30) - 1;
inline constexpr Nanoseconds min_window = 1'000;
inline constexpr Nanoseconds max_window = 86'400'000'000'000;
inline constexpr Nanoseconds max_backoff = max_window;
inline constexpr std::uint64_t max_multiplier = 1'000;
// Half of the 64-bit range (292 years): the end of a window never wraps.
inline constexpr Nanoseconds max_now = (Nanoseconds{1} << 63) - 1;

// The delay added to retry_after on the k-th consecutive denial is
// min(ceiling, initial * multiplier^(k-1)). All zero: no backoff.
struct Backoff {
  Nanoseconds initial = 0;       // 0 to max_backoff
  std::uint64_t multiplier = 1;  // 1 to max_multiplier
  Nanoseconds ceiling = 0;       // initial to max_backoff
  friend constexpr bool operator==(const Backoff&, const Backoff&) = default;
};

struct Rule {
  Permits limit = 0;                   // permits per window, 0 to max_limit; 0 admits nothing
  Nanoseconds window = 1'000'000'000;  // length, min_window to max_window
  Backoff backoff{};
  friend constexpr bool operator==(const Rule&, const Rule&) = default;
};

// A configuration: one rule for each traffic class. Immutable once published. `version` is the
// caller's name for it and comes back in every Decision. publish() fills in `checksum` on its own
// copy; with it any reader can prove that what it saw was published as one whole.
struct Config {
  std::uint64_t version = 0;
  std::array<Rule, class_count> rules{};
  std::uint64_t checksum = 0;
  friend constexpr bool operator==(const Config&, const Config&) = default;
};

// The checksum over everything but the checksum itself: FNV-1a's step over 64-bit words. The
// rotation keeps equal words in different places from cancelling.
[[nodiscard]] constexpr std::uint64_t checksum_of(const Config& config) noexcept {
  std::uint64_t sum = 0xcbf29ce484222325;
  auto mix = [&sum](std::uint64_t word) { sum = std::rotl((sum ^ word) * 0x100000001b3, 23); };
  mix(config.version);
  for (const Rule& rule : config.rules) {
    mix(rule.limit);
    mix(rule.window);
    mix(rule.backoff.initial);
    mix(rule.backoff.multiplier);
    mix(rule.backoff.ceiling);
  }
  return sum;
}

[[nodiscard]] constexpr bool is_untorn(const Config& config) noexcept {
  return config.checksum == checksum_of(config);
}

// Throws std::invalid_argument naming the first field that is out of range, for example
// "rules[3].window: 10 is not within 1000 to 86400000000000 ns".
inline void validate(const Config& config) {
  auto require = [](std::size_t index, std::string_view field, std::uint64_t value,
                    std::uint64_t low, std::uint64_t high, std::string_view unit) {
    if (value >= low && value <= high) return;
    throw std::invalid_argument("rules[" + std::to_string(index) + "]." + std::string(field) +
                                ": " + std::to_string(value) + " is not within " +
                                std::to_string(low) + " to " + std::to_string(high) + " " +
                                std::string(unit));
  };
  for (std::size_t i = 0; i < class_count; ++i) {
    const Rule& rule = config.rules[i];
    require(i, "limit", rule.limit, 0, max_limit, "permits");
    require(i, "window", rule.window, min_window, max_window, "ns");
    require(i, "backoff.initial", rule.backoff.initial, 0, max_backoff, "ns");
    require(i, "backoff.multiplier", rule.backoff.multiplier, 1, max_multiplier, "times");
    require(i, "backoff.ceiling", rule.backoff.ceiling, rule.backoff.initial, max_backoff, "ns");
  }
}

struct Request {
  std::uint32_t traffic_class = 0;  // below class_count
  Permits cost = 1;                 // at least 1
  Nanoseconds now = 0;              // at most max_now
};

// Why a request can never be admitted, however long it waits.
enum class Reason : std::uint8_t {
  none,
  cost_above_limit,
  cost_zero,
  class_unknown,
  time_out_of_range
};

[[nodiscard]] constexpr std::string_view to_string(Reason reason) noexcept {
  switch (reason) {
    case Reason::none: return "none";
    case Reason::cost_above_limit: return "cost_above_limit";
    case Reason::cost_zero: return "cost_zero";
    case Reason::class_unknown: return "class_unknown";
    case Reason::time_out_of_range: return "time_out_of_range";
  }
  return "unknown";
}

// What was decided, and by which configuration. Two words: it is returned in registers.
class Decision {
 public:
  [[nodiscard]] static constexpr Decision admit(std::uint64_t version) noexcept {
    return {0, version};
  }
  // retry_after: at least 1, below 2^64 - 16.
  [[nodiscard]] static constexpr Decision deny(Nanoseconds retry_after,
                                               std::uint64_t version) noexcept {
    return {retry_after, version};
  }
  [[nodiscard]] static constexpr Decision refuse(Reason reason, std::uint64_t version) noexcept {
    return {never_base + static_cast<std::uint64_t>(reason), version};
  }

  [[nodiscard]] constexpr bool admitted() const noexcept { return wait_ == 0; }
  [[nodiscard]] constexpr bool denied() const noexcept { return wait_ != 0 && !never(); }
  // Waiting cannot help; reason() says why.
  [[nodiscard]] constexpr bool never() const noexcept { return wait_ >= never_base; }
  [[nodiscard]] constexpr Reason reason() const noexcept {
    return never() ? static_cast<Reason>(wait_ - never_base) : Reason::none;
  }
  // Nanoseconds from the request's `now`; 0 unless denied().
  [[nodiscard]] constexpr Nanoseconds retry_after() const noexcept { return denied() ? wait_ : 0; }
  [[nodiscard]] constexpr std::uint64_t version() const noexcept { return version_; }
  friend constexpr bool operator==(const Decision&, const Decision&) = default;

 private:
  static constexpr std::uint64_t never_base = ~std::uint64_t{0} - 15;
  constexpr Decision(std::uint64_t wait, std::uint64_t version) noexcept
      : wait_(wait), version_(version) {}
  std::uint64_t wait_;
  std::uint64_t version_;
};
static_assert(sizeof(Decision) == 16 && std::is_trivially_copyable_v<Decision>);

// What a limit means.
enum class Contract : std::uint8_t {
  windows,  // as stated at the head of this file
  gcra,     // a rate with a burst, see quota/gcra.hpp
};

enum class Exactness : std::uint8_t {
  exact,        // a saturated window admits its limit, never more
  approximate,  // over by at most error_bound() permits a window
  none,         // does not limit
};

// The guarantee for try_acquire.
enum class Progress : std::uint8_t {
  wait_free,
  lock_free,
  // Lock-free, except that all wait for the thread that rolls over a window, adopts a changed rule
  // or finds a window used up: some ten instructions, and what the design does to carry usage over.
  lock_free_within_window,
  // As above. All also wait for a thread that takes back the leases, and it for ongoing refills.
  lock_free_within_lease,
  blocking,
};

// What a denial writes in a used-up window, apart from lines that only its own handle or thread
// writes and only publish() reads.
enum class Denial : std::uint8_t {
  only_reads,
  writes_line_of_cpu,  // for publish() to see; other CPUs' requests do not touch it
  writes_shared_line,  // which every request writes: denials slow each other down
};

[[nodiscard]] constexpr std::string_view to_string(Exactness exactness) noexcept {
  switch (exactness) {
    case Exactness::exact: return "exact";
    case Exactness::approximate: return "approximate";
    case Exactness::none: return "none";
  }
  return "unknown";
}

// The enumerators' own names, for programs.
[[nodiscard]] constexpr std::string_view identifier(Progress progress) noexcept {
  switch (progress) {
    case Progress::wait_free: return "wait_free";
    case Progress::lock_free: return "lock_free";
    case Progress::lock_free_within_window: return "lock_free_within_window";
    case Progress::lock_free_within_lease: return "lock_free_within_lease";
    case Progress::blocking: return "blocking";
  }
  return "unknown";
}

[[nodiscard]] constexpr std::string_view identifier(Denial denial) noexcept {
  switch (denial) {
    case Denial::only_reads: return "only_reads";
    case Denial::writes_line_of_cpu: return "writes_line_of_cpu";
    case Denial::writes_shared_line: return "writes_shared_line";
  }
  return "unknown";
}

// The same for people.
[[nodiscard]] constexpr std::string_view to_string(Progress progress) noexcept {
  switch (progress) {
    case Progress::wait_free: return "wait-free";
    case Progress::lock_free: return "lock-free";
    case Progress::lock_free_within_window: return "lock-free within a window";
    case Progress::lock_free_within_lease: return "lock-free within a lease";
    case Progress::blocking: return "blocking";
  }
  return "unknown";
}

struct Info {
  std::string_view name;          // of the design: file stem, type, benchmark name, plot key
  std::string_view summary;       // one line
  std::string_view source;        // paper, specification or "original"
  std::string_view library = {};  // the library that it stands on, by the name people know
  std::string_view package = {};  // Debian's package of that library
  // Kernel features that it uses: "membarrier", "rseq". Without one it takes a slower way.
  std::array<std::string_view, 2> needs = {};
  Contract contract = Contract::windows;
  Exactness exactness = Exactness::exact;
  Progress progress = Progress::blocking;
  Denial denial = Denial::only_reads;
  std::string_view bound = "0";  // error_bound() as a formula
  std::string_view note = {};    // what differs on this host, for example a fallback in use
  // Whether the contract on std::bad_alloc holds. If not, a library that the design uses allocates
  // inside a function that must not throw, and ends the process when `new` fails.
  bool survives_bad_alloc = true;
};

// Bytes that a limiter holds beyond its own sizeof.
struct Footprint {
  std::uint64_t live = 0;     // in use
  std::uint64_t retired = 0;  // replaced, not yet freed
};

// What every design offers.
// - attach() registers the calling thread. A handle belongs to one thread at a time, must not
//   outlive its limiter and is detached by its destructor. It may throw std::bad_alloc.
// - try_acquire() and config() never throw and never allocate.
// - config() is the configuration that a request on this handle would be decided by.
// - publish() throws std::invalid_argument on a configuration that is out of range, or
//   std::bad_alloc; either way the one in force stays as it was. It may be called by any thread
//   that holds no handle-bound guard.
// - error_bound(rule, cost) is how many permits beyond its limit a window may admit while no
//   request costs more than `cost`.
template <class L>
concept Limiter = std::constructible_from<L, const Config&> &&
    requires(L& limiter, typename L::Handle& handle, const Request& request, const Config& config,
             const Rule& rule, Permits cost) {
  { L::info } -> std::convertible_to<Info>;
  { limiter.attach() } -> std::same_as<typename L::Handle>;
  { limiter.try_acquire(handle, request) }
  noexcept->std::same_as<Decision>;
  { limiter.config(handle) }
  noexcept->std::same_as<Config>;
  limiter.publish(config);
  { limiter.footprint() } -> std::same_as<Footprint>;
  { limiter.error_bound(rule, cost) }
  noexcept->std::same_as<Permits>;
};

}  // namespace limiterbench
