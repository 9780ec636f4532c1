// The configuration as an immutable snapshot behind std::atomic<std::shared_ptr>.
//
// Source: C++20 [util.smartptr.atomic]; libstdc++ guards the pointer with a lock bit in it.
// Progress: blocking (libstdc++ spins; libc++ has no atomic shared_ptr to build this with).
// Cost: with libstdc++ 12 four read-modify-writes of shared lines a read, also for a denial: lock,
//   count, unlock, and the count again when the snapshot is released.
// Memory: a configuration for each snapshot that some reader still holds; the last one frees it.
// Avoid when: reads are frequent on more than one core: all write the same count. Also with
//   libstdc++ 12 on Arm or POWER. There load() releases the lock by a relaxed operation, while its
//   read of the pointer may still be under way. It can pair a newer pointer with the count of the
//   older one; a snapshot is then freed while it is read. x86 does not reorder the two.
#pragma once

#include <cstdint>
#include <string_view>
#include <utility>

#include "../published.hpp"

namespace limiterbench::inline LIMITERBENCH_BACKEND {

class SharedPointerSource {
  using Snapshot = sync::shared_ptr<const sync::plain<Published>>;

 public:
#if defined(__GLIBCXX__) && !defined(__x86_64__)
  static constexpr std::string_view note = "libstdc++ 12: a read may race with a publication";
#else
  static constexpr std::string_view note{};
#endif

  struct Reader {};

  class Guard {
   public:
    [[gnu::always_inline]] Guard(Snapshot snapshot, std::uint32_t traffic_class) noexcept
        : snapshot_(std::move(snapshot)), traffic_class_(traffic_class) {}
    const PublishedRule& operator*() const noexcept {
      return snapshot_->read().rules[traffic_class_];
    }

   private:
    Snapshot snapshot_;
    std::uint32_t traffic_class_;
  };

  explicit SharedPointerSource(const Published& published) : current_(snapshot(published)) {}

  [[nodiscard]] Reader attach() noexcept { return {}; }
  [[nodiscard, gnu::always_inline]] Guard read(Reader&, std::uint32_t traffic_class) noexcept {
    // (1) acquire: pairs with (2): the snapshot is complete before its pointer is seen.
    return {current_.load(sync::acquire), traffic_class};
  }
  [[nodiscard]] Config config(Reader&) noexcept {
    // (3) acquire: pairs with (2).
    return current_.load(sync::acquire)->read().config();
  }
  void publish(const Published& published) {
    // (2) release: pairs with (1), (3).
    current_.store(snapshot(published), sync::release);
  }
  [[nodiscard]] Footprint footprint() const noexcept {
    return {sizeof(sync::plain<Published>) + 2 * sizeof(long) + sizeof(void*), 0};
  }

 private:
  static Snapshot snapshot(const Published& published) {
    return sync::make_shared<const sync::plain<Published>>(published);
  }

  alignas(sync::false_sharing_range) sync::atomic_shared_ptr<const sync::plain<Published>> current_;
};

}  // namespace limiterbench::inline LIMITERBENCH_BACKEND
