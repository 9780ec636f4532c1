// Tells ThreadSanitizer of an order that it cannot see, because the library that keeps the order
// was compiled without it or is written in assembler. Without ThreadSanitizer it does nothing.
//
// These are claims, not checks. They repeat what another library documents, and never speak for
// this project's own code.
#pragma once

#include "../sync.hpp"

#if LIMITERBENCH_TSAN
extern "C" {
void __tsan_acquire(void* address);
void __tsan_release(void* address);
}
#endif

namespace limiterbench::inline LIMITERBENCH_BACKEND {

// What this thread did before happens before whatever follows a later ordered_after(object).
inline void ordered_before([[maybe_unused]] const void* object) noexcept {
#if LIMITERBENCH_TSAN
  __tsan_release(const_cast<void*>(object));
#endif
}

inline void ordered_after([[maybe_unused]] const void* object) noexcept {
#if LIMITERBENCH_TSAN
  __tsan_acquire(const_cast<void*>(object));
#endif
}

}  // namespace limiterbench::inline LIMITERBENCH_BACKEND
