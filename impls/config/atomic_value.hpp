// The configuration in a type-erased AtomicValue: the design that Go services settle on.
//
// Source: primitives/atomic_value.hpp (Go, src/sync/atomic/value.go).
// Progress: reads lock-free, in practice three loads; publish lock-free but for its heavy fence.
// Cost: three loads of a line that only publish() writes, a check of the type, two stores to the
//   thread's own line. publish() runs a heavy fence once a batch.
// Memory: the configuration in force, and at most a batch of retired ones, whatever readers do.
// Avoid when: publish() must not allocate or make a system call; or the type is known at compile
//   time (config/hazard_pointer.hpp).
#pragma once

#include <cstddef>
#include <cstdint>

#include "../primitives/any_value.hpp"
#include "../primitives/atomic_value.hpp"
#include "../published.hpp"

namespace limiterbench::inline LIMITERBENCH_BACKEND {

class AtomicValueSource {
 public:
  using Reader = AtomicValue::Reader;

  class Guard {
   public:
    [[gnu::always_inline]] Guard(const AtomicValue& value, Reader& reader,
                                 std::uint32_t traffic_class) noexcept
        : loaded_(value.load(reader)), rule_(loaded_.get<Published>()->rules[traffic_class]) {}
    const PublishedRule& operator*() const noexcept { return rule_; }

   private:
    AtomicValue::Guard loaded_;
    const PublishedRule& rule_;
  };

  explicit AtomicValueSource(const Published& published) { publish(published); }

  [[nodiscard]] Reader attach() { return value_.attach(); }
  [[nodiscard, gnu::always_inline]] Guard read(Reader& reader,
                                               std::uint32_t traffic_class) noexcept {
    return {value_, reader, traffic_class};
  }
  [[nodiscard]] Config config(Reader& reader) noexcept {
    return value_.load(reader).get<Published>()->config();
  }
  void publish(const Published& published) { value_.store(published); }
  [[nodiscard]] Footprint footprint() const noexcept {
    constexpr std::size_t box = sizeof(AnyBoxOf<Published>);
    return {box + value_.slot_bytes(), value_.retired() * box};
  }

 private:
  AtomicValue value_;
};

}  // namespace limiterbench::inline LIMITERBENCH_BACKEND
