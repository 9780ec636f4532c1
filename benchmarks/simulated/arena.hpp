// Memory for what simulated CPUs share. The same sequence of requests gets the same places: in
// every run the same objects share lines. What was freed last is used again first.
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <new>
#include <unordered_map>
#include <vector>

namespace limiterbench::simulation {

class Arena {
 public:
  Arena() = default;
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;

  [[nodiscard]] void* allocate(std::size_t size, std::size_t alignment) {
    const std::size_t step = alignment < granule ? granule : alignment;
    const std::size_t rounded = (size + step - 1) / step * step;
    std::vector<void*>& free = free_[{rounded, step}];
    if (!free.empty()) {
      void* const memory = free.back();
      free.pop_back();
      return memory;
    }
    void* const memory = carve(rounded, step);
    owner_.emplace(memory, &free);
    return memory;
  }
  void free(void* memory) { owner_.at(memory)->push_back(memory); }

 private:
  // The alignment of malloc: smaller objects may share a line.
  static constexpr std::size_t granule = 16;
  static constexpr std::size_t chunk_size = std::size_t{1} << 20;
  static constexpr std::size_t chunk_alignment = 4096;

  struct Unmap {
    void operator()(std::byte* chunk) const noexcept {
      ::operator delete (chunk, std::align_val_t{chunk_alignment});
    }
  };

  void* carve(std::size_t size, std::size_t alignment) {
    used_ = (used_ + alignment - 1) / alignment * alignment;
    if (chunks_.empty() || used_ + size > capacity_) {
      capacity_ = size > chunk_size ? size : chunk_size;
      chunks_.emplace_back(
          static_cast<std::byte*>(::operator new (capacity_, std::align_val_t{chunk_alignment})));
      used_ = 0;
    }
    void* const memory = chunks_.back().get() + used_;
    used_ += size;
    return memory;
  }

  std::vector<std::unique_ptr<std::byte, Unmap>> chunks_;
  std::size_t used_ = 0;
  std::size_t capacity_ = 0;
  std::map<std::pair<std::size_t, std::size_t>, std::vector<void*>> free_;
  std::unordered_map<void*, std::vector<void*>*> owner_;
};

}  // namespace limiterbench::simulation
