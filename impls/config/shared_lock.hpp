// The configuration under a reader-writer lock, which a request holds shared from reading the rule
// until it is counted.
//
// Source: original; the usual first fix.
// Progress: blocking.
// Cost: the lock's shared acquire and release, both read-modify-writes of one shared line, for a
//   denial as for an admission.
// Memory: one configuration.
// Avoid when: more than a few cores read. Readers do not wait for each other, but the lock's line
//   moves between their CPUs as a counter's would. If the lock prefers readers, as glibc's
//   std::shared_mutex does, publish() waits for as long as readers overlap.
#pragma once

#include <cstdint>

#include "../published.hpp"

namespace limiterbench::inline LIMITERBENCH_BACKEND {

template <class Mutex, class SharedGuard = sync::shared_lock<Mutex>>
class SharedLockSource {
 public:
  struct Reader {};

  class Guard {
   public:
    [[gnu::always_inline]] Guard(Mutex& mutex, const sync::plain<Published>& published,
                                 std::uint32_t traffic_class)
        : lock_(mutex), rule_(&published.read().rules[traffic_class]) {}
    const PublishedRule& operator*() const noexcept { return *rule_; }

   private:
    SharedGuard lock_;
    const PublishedRule* rule_;
  };

  explicit SharedLockSource(const Published& published) : published_(published) {}

  [[nodiscard]] Reader attach() noexcept { return {}; }
  [[nodiscard, gnu::always_inline]] Guard read(Reader&, std::uint32_t traffic_class) noexcept {
    return {mutex_, published_, traffic_class};
  }
  [[nodiscard]] Config config(Reader&) noexcept {
    const SharedGuard lock(mutex_);
    return published_.read().config();
  }
  void publish(const Published& published) {
    const sync::lock_guard<Mutex> lock(mutex_);
    published_.write() = published;
  }
  [[nodiscard]] Footprint footprint() const noexcept {
    if constexpr (requires(const Mutex& mutex) { mutex.bytes(); }) {
      return {mutex_.bytes(), 0};
    } else {
      return {};
    }
  }

 private:
  alignas(sync::false_sharing_range) Mutex mutex_;
  alignas(sync::false_sharing_range) sync::plain<Published> published_;
};

}  // namespace limiterbench::inline LIMITERBENCH_BACKEND
