// The native wide_atomic: a compare-and-swap of 16 bytes, without the library that std::atomic
// would need for it.
//
// Source: Intel SDM, CMPXCHG16B; Arm ARM, LDAXP and STLXP.
// Requires: on x86-64 a CPU from 2006 or later; on processors other than these two, libatomic.
//
// load() reads the two halves one after the other, because not every x86-64 or aarch64 CPU loads 16
// bytes at once. It returns the value that was there when it read `low`, if `high` did not change
// and change back between its two reads of `high`. The user must rule that out. Where libatomic
// locks, it may store `low` first, and load() may mix two values. There, too, only a denial can be
// wrong, because swap_if() compares both halves. The loads acquire and the swaps release: each load
// sees at least what the load before it saw.
//
// Included by sync.hpp alone.
#pragma once

#include <atomic>
#include <cstdint>

#include "wide.hpp"

namespace limiterbench::sync::inline native {

class alignas(16) wide_atomic {
 public:
  wide_atomic() = default;
  wide_atomic(const wide_atomic&) = delete;
  wide_atomic& operator=(const wide_atomic&) = delete;

  // `order` is for the whole value; reading it by halves already takes acquire.
  [[nodiscard, gnu::always_inline]] wide load(std::memory_order order) const noexcept {
    static_cast<void>(order);
    std::uint64_t high = __atomic_load_n(&value_.high, __ATOMIC_ACQUIRE);
    for (;;) {
      const std::uint64_t low = __atomic_load_n(&value_.low, __ATOMIC_ACQUIRE);
      const std::uint64_t again = __atomic_load_n(&value_.high, __ATOMIC_ACQUIRE);
      if (again == high) [[likely]]
        return {high, low};
      high = again;
    }
  }

  // At least acq_rel, whatever `order` is. If false, load() again.
  [[nodiscard, gnu::always_inline]] bool swap_if(const wide& expected, const wide& desired,
                                                 std::memory_order order) noexcept {
    static_cast<void>(order);
#if defined(__x86_64__)
    bool swapped;
    std::uint64_t low = expected.low;
    std::uint64_t high = expected.high;
    asm volatile("lock cmpxchg16b %1"
                 : "=@ccz"(swapped), "+m"(value_), "+a"(low), "+d"(high)
                 : "b"(desired.low), "c"(desired.high)
                 : "memory");
    return swapped;
#elif defined(__aarch64__)
    std::uint64_t first;
    std::uint64_t second;
    std::uint32_t failed;
    asm volatile(
        "0: ldaxp %[first], %[second], %[value]\n"
        "   cmp %[first], %[low]\n"
        "   ccmp %[second], %[high], #0, eq\n"
        "   cset %w[failed], ne\n"
        "   b.ne 1f\n"
        "   stlxp %w[failed], %[next_low], %[next_high], %[value]\n"
        "   cbnz %w[failed], 0b\n"
        "1:"
        : [first] "=&r"(first), [second] "=&r"(second), [failed] "=&r"(failed), [value] "+Q"(value_)
        : [low] "r"(expected.low), [high] "r"(expected.high), [next_low] "r"(desired.low),
          [next_high] "r"(desired.high)
        : "cc", "memory");
    return failed == 0;
#else
    // The compiler calls libatomic, which may lock: link with -latomic.
    Halves seen{expected.low, expected.high};
    Halves next{desired.low, desired.high};
    return __atomic_compare_exchange(&value_, &seen, &next, false, __ATOMIC_ACQ_REL,
                                     __ATOMIC_ACQUIRE);
#endif
  }

 private:
  struct Halves {
    std::uint64_t low = 0;
    std::uint64_t high = 0;
  };
  Halves value_;
};

}  // namespace limiterbench::sync::inline native
