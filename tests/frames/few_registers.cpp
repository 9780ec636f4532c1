// A caller that leaves few registers: a frame pointer, and a base pointer for what is over-aligned
// beside memory of a size that only run time knows. Compiled alone, by compilers and with flags
// that the rest of the project is not built with.
#include <alloca.h>

#include <cstring>
#include <limiterbench/rows/leased_rseq.hpp>

bool serve(limiterbench::leased_rseq& limiter, limiterbench::leased_rseq::Handle& handle,
           const limiterbench::Request& request, std::size_t size) {
  auto* const bytes = static_cast<char*>(alloca(size));
  std::memset(bytes, 1, size);
  alignas(128) volatile char aligned[128] = {};
  aligned[size % 128] = bytes[size / 2];
  return limiter.try_acquire(handle, request).admitted() && aligned[size % 128] == 1;
}

bool serve_from_the_stack(const limiterbench::Request& request) {
  limiterbench::leased_rseq limiter(limiterbench::Config{});
  auto handle = limiter.attach();
  return limiter.try_acquire(handle, request).admitted();
}
