// Counts what `new` allocates on the calling thread, and makes it fail. Replaces the global
// operators: to be included by one source file of a program.
#pragma once

#include <cstdlib>
#include <new>

namespace limiterbench {

// One for each thread. constinit: whatever allocates first uses them.
inline constinit thread_local unsigned allocations = 0;
inline constinit thread_local long allocations_until_failure = -1;  // below 0: none fails

namespace detail {
[[gnu::noinline]] inline void* allocate(std::size_t size, std::size_t alignment) {
  ++allocations;
  if (allocations_until_failure == 0) throw std::bad_alloc();
  if (allocations_until_failure > 0) --allocations_until_failure;
  void* const memory =
      alignment == 0
          ? std::malloc(size)
          : std::aligned_alloc(alignment, (size + alignment - 1) / alignment * alignment);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}
}  // namespace detail

// While it lives, allocations of this thread fail from the (k + 1)-th on.
class FailingAllocations {
 public:
  explicit FailingAllocations(long k) noexcept { allocations_until_failure = k; }
  FailingAllocations(const FailingAllocations&) = delete;
  FailingAllocations& operator=(const FailingAllocations&) = delete;
  ~FailingAllocations() { allocations_until_failure = -1; }
};

}  // namespace limiterbench

// Not inlined: GCC would take free() for the wrong partner of `new`.
[[gnu::noinline]] void* operator new(std::size_t size) {
  return limiterbench::detail::allocate(size, 0);
}
[[gnu::noinline]] void* operator new(std::size_t size, std::align_val_t alignment) {
  return limiterbench::detail::allocate(size, static_cast<std::size_t>(alignment));
}
[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::align_val_t) noexcept {
  std::free(memory);
}
[[gnu::noinline]] void operator delete(void* memory, std::size_t, std::align_val_t) noexcept {
  std::free(memory);
}
