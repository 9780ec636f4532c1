// What decides a loop's speed besides its instructions: where they lie, and where the data does.
//
// Hazard: a load whose address agrees in its low 12 bits with that of a store before it waits for
// that store, though the two are pages apart. A loop that spills to the stack has such loads at
// places that only the depth of its callers decides, the same in every process. So repetitions
// start their threads' loops at different depths; programs linked in other orders vary the rest.
#pragma once

#include <alloca.h>

namespace limiterbench::bench {

struct Layout {
  unsigned program = 0;       // which of the programs that were linked from the same objects
  unsigned stack_offset = 0;  // bytes, below where the stack would be otherwise
};

// The first repetition has 0. 256 in turn differ, and any few of them lie far apart within a
// page, since 159 / 256 is close to the golden ratio.
[[nodiscard]] constexpr unsigned stack_offset_of(unsigned repetition) noexcept {
  return 16 * (repetition * 159 % 256);
}

// Calls body() with the stack so many bytes lower. AddressSanitizer would round and realign them.
template <class Body>
[[gnu::noinline, gnu::no_sanitize_address]] void at_stack_offset(unsigned bytes, Body&& body) {
  void* unused = alloca(bytes);
  // The compiler must take the bytes for used, now and after the call.
  asm volatile("" : "+r"(unused) : : "memory");
  body();
  asm volatile("" : : "r"(unused) : "memory");
}

}  // namespace limiterbench::bench
