// Tells ThreadSanitizer of an order that it cannot see because the library that keeps it was
// compiled without it or is written in assembler. Elsewhere nothing.
//
// These are claims, not checks: what another library documents, never what this project's own code
// does.
#pragma once

#include "../sync.hpp"

#if LIMITERBENCH_TSAN
extern "C" {
void __tsan_acquire(void* address);
void __tsan_release(void* address);
}
#endif

namespace limiterbench::inline LIMITERBENCH_BACKEND {

// What this thread did so far happens before what follows a later ordered_after(object).
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
