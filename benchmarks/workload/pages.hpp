// An object in pages of its own, fresh from the kernel. They come from the memory next to the CPU
// whose thread constructs it, and share no line with anything else. The heap promises neither: it
// reuses what another CPU's thread has touched and freed.
#pragma once

#include <sys/mman.h>

#include <cstddef>
#include <memory>
#include <new>
#include <span>
#include <utility>

namespace limiterbench::bench {

namespace detail {
inline void* map_pages(std::size_t bytes) {
  void* memory = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) throw std::bad_alloc();
  return memory;
}
}  // namespace detail

template <class T>
struct UnmapPages {
  std::size_t count = 1;
  void operator()(T* object) const noexcept {
    std::destroy_n(object, count);
    munmap(object, count * sizeof(T));
  }
};
template <class T>
using OnOwnPages = std::unique_ptr<T, UnmapPages<T>>;

template <class T, class... Arguments>
[[nodiscard]] OnOwnPages<T> make_on_own_pages(Arguments&&... arguments) {
  void* memory = detail::map_pages(sizeof(T));
  try {
    return OnOwnPages<T>(new (memory) T(std::forward<Arguments>(arguments)...));
  } catch (...) {
    munmap(memory, sizeof(T));
    throw;
  }
}

// A fixed array of values, all written by the constructing thread.
template <class T>
class PagedArray {
 public:
  explicit PagedArray(std::size_t count)
      : values_(new (detail::map_pages(count * sizeof(T))) T[count](), UnmapPages<T>{count}) {}
  [[nodiscard]] std::span<T> span() noexcept {
    return {values_.get(), values_.get_deleter().count};
  }
  [[nodiscard]] std::span<const T> span() const noexcept {
    return {values_.get(), values_.get_deleter().count};
  }

 private:
  OnOwnPages<T> values_;
};

}  // namespace limiterbench::bench
