// What decides a loop's speed besides its instructions: where they lie, and where the data does.
//
// Hazard: a load whose address agrees in its low 12 bits with that of a store before it waits for
// that store, though the two are pages apart. In a loop that spills to the stack, only the depth of
// its callers decides where such loads are, and that is the same in every process. Repetitions
// therefore start their threads' loops at different depths. Programs linked in other orders vary
// the rest.
#pragma once

#include <alloca.h>

namespace limiterbench::bench {

// 0 for the first repetition. 256 repetitions in a row differ. Any few of them lie far apart within
// a page, because 159 / 256 is close to the golden ratio.
[[nodiscard]] constexpr unsigned stack_offset_of(unsigned repetition) noexcept {
  return 16 * (repetition * 159 % 256);
}

// Calls body() with the stack so many bytes lower. AddressSanitizer would round and realign them.
template <class Body>
[[gnu::noinline, gnu::no_sanitize_address]] void at_stack_offset(unsigned bytes, Body&& body) {
  void* unused = alloca(bytes);
  // Makes the compiler believe that the bytes are used, now and after the call.
  asm volatile("" : "+r"(unused) : : "memory");
  body();
  asm volatile("" : : "r"(unused) : "memory");
}

}  // namespace limiterbench::bench
