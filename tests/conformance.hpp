// How a check of the contract is written, listed and reported. A check is a function from a subject
// to violations, so that it runs on every row and, to see that it can fail, on broken limiters.
#pragma once

#include <cstddef>
#include <mutex>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "any_limiter.hpp"

namespace limiterbench::conformance {

// The length of every window, unless a check is about lengths.
inline constexpr Nanoseconds whole_window = 1'000'000;

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define LIMITERBENCH_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define LIMITERBENCH_SANITIZED 1
#endif
#endif

#if defined(LIMITERBENCH_TEST_WORK)
inline constexpr unsigned full_work = LIMITERBENCH_TEST_WORK;
#elif defined(LIMITERBENCH_SANITIZED)
inline constexpr unsigned full_work = 1;
#else
inline constexpr unsigned full_work = 8;
#endif

// The one place that scales the work of the checks that repeat themselves.
inline unsigned work = full_work;

// Violations found by one check. Any thread may add to it.
class Report {
 public:
  template <class... Parts>
  bool require(bool holds, const Parts&... parts) {
    if (!holds) [[unlikely]]
      add(parts...);
    return holds;
  }

  void same(const Decision& got, const Decision& expected, const auto&... where) {
    require(got == expected, "got ", Text{got}, ", expected ", Text{expected}, ": ", where...);
  }
  void admitted(const Decision& got, std::uint64_t version, const auto&... where) {
    same(got, Decision::admit(version), where...);
  }
  void denied(const Decision& got, Nanoseconds retry_after, std::uint64_t version,
              const auto&... where) {
    same(got, Decision::deny(retry_after, version), where...);
  }
  void never(const Decision& got, Reason reason, std::uint64_t version, const auto&... where) {
    same(got, Decision::refuse(reason, version), where...);
  }

  [[nodiscard]] std::vector<std::string> violations() const {
    const std::lock_guard lock(mutex_);
    return violations_;
  }
  [[nodiscard]] bool failed() const { return !violations().empty(); }

 private:
  static constexpr std::size_t enough = 10;  // to find the fault; one fault can violate thousands

  // Written out only for a violation: text costs a hundred times what a decision does.
  struct Text {
    const Decision& decision;
    friend std::ostream& operator<<(std::ostream& out, const Text& text) {
      const Decision& shown = text.decision;
      if (shown.admitted()) out << "admitted";
      if (shown.denied()) out << "denied for " << shown.retry_after() << " ns";
      if (shown.never()) out << "never (" << to_string(shown.reason()) << ")";
      return out << " by version " << shown.version();
    }
  };

  template <class... Parts>
  void add(const Parts&... parts) {
    const std::lock_guard lock(mutex_);
    if (violations_.size() >= enough) return;
    std::ostringstream text;
    (text << ... << parts);
    violations_.push_back(text.str());
  }

  mutable std::mutex mutex_;
  std::vector<std::string> violations_;
};

// Which subjects a check is for, by the exactness that their type states.
enum class Scope {
  every,
  limiting,   // exact and approximate
  unlimited,  // Exactness::none
};

constexpr bool covers(Scope scope, Exactness exactness) noexcept {
  return scope == Scope::every || (scope == Scope::unlimited) == (exactness == Exactness::none);
}

// A row with a contract of its own is held here to what every row owes, and tested apart.
constexpr bool covers(Scope scope, const Info& info) noexcept {
  return info.contract == Contract::windows ? covers(scope, info.exactness) : scope == Scope::every;
}

struct Check {
  std::string_view group;
  std::string_view name;
  Scope scope;
  void (*run)(const Subject&, Report&);
};

inline std::vector<Check>& all_checks() {
  static std::vector<Check> checks;
  return checks;
}

inline bool list_check(const Check& check) {
  all_checks().push_back(check);
  return true;
}

// Defines a check and lists it: LIMITERBENCH_CHECK(group, scope, name) { uses subject, report }
#define LIMITERBENCH_CHECK(group, scope, name)              \
  static void name(const Subject& subject, Report& report); \
  [[maybe_unused]] static const bool name##_is_listed =     \
      list_check({#group, #name, Scope::scope, name});      \
  static void name([[maybe_unused]] const Subject& subject, [[maybe_unused]] Report& report)

// A limiter with one handle, for checks by one thread.
struct Single {
  Single(const Subject& subject, const Config& config)
      : limiter(subject.make(config)), handle(limiter->attach()) {}
  Decision ask(Permits cost, Nanoseconds now, std::uint32_t traffic_class = 0) {
    return handle->try_acquire({.traffic_class = traffic_class, .cost = cost, .now = now});
  }
  void exhaust(Nanoseconds now, std::uint32_t traffic_class = 0) {
    handle->burst({.traffic_class = traffic_class, .cost = 1, .now = now}, max_limit, 0);
  }
  // How many permits are left, if fewer than 10,000; takes them.
  Permits room(Nanoseconds now, std::uint32_t traffic_class = 0) {
    return handle->burst({.traffic_class = traffic_class, .cost = 1, .now = now}, 10'000, 0)
        .admitted;
  }

  std::unique_ptr<AnyLimiter> limiter;
  std::unique_ptr<AnyHandle> handle;
};

// The same rule for every class.
inline Config uniform(std::uint64_t version, const Rule& rule) {
  Config config{.version = version, .rules = {}, .checksum = 0};
  config.rules.fill(rule);
  return config;
}

// As publish() puts it in force.
inline Config in_force(Config config) {
  config.checksum = checksum_of(config);
  return config;
}

}  // namespace limiterbench::conformance
