// std::shared_ptr and std::atomic<std::shared_ptr>, simulated: libstdc++ 12's accesses.
//
// Source: libstdc++ 12, bits/shared_ptr_atomic.h (_Sp_atomic: a lock in the lowest bit of the word
//   that names the control block, the object's pointer beside it) and bits/shared_ptr_base.h (the
//   count in front of the object, in one allocation).
// Included by simulated.hpp alone.
#pragma once

#include <cstdint>
#include <utility>

namespace limiterbench::sync::inline simulated {

template <class T>
class shared_ptr {
 public:
  shared_ptr() = default;
  shared_ptr(const shared_ptr& other) noexcept : shared_(other.shared_) {
    if (shared_ != nullptr) shared_->count.fetch_add(1, relaxed);
  }
  shared_ptr(shared_ptr&& other) noexcept : shared_(std::exchange(other.shared_, nullptr)) {}
  shared_ptr& operator=(shared_ptr other) noexcept {
    std::swap(shared_, other.shared_);
    return *this;
  }
  ~shared_ptr() {
    if (shared_ != nullptr && shared_->count.fetch_sub(1, acq_rel) == 1) destroy(shared_);
  }

  T* operator->() const noexcept { return &shared_->value; }

 private:
  template <class>
  friend class atomic_shared_ptr;
  template <class U, class... Arguments>
  friend shared_ptr<U> make_shared(Arguments&&... arguments);

  struct Shared {
    template <class... Arguments>
    explicit Shared(Arguments&&... arguments) : value(std::forward<Arguments>(arguments)...) {}
    const void* virtual_functions = nullptr;  // where the control block has its own
    atomic<std::int32_t> count{1};
    T value;
  };

  explicit shared_ptr(Shared* shared) noexcept : shared_(shared) {}

  Shared* shared_ = nullptr;
};

template <class T, class... Arguments>
[[nodiscard]] shared_ptr<T> make_shared(Arguments&&... arguments) {
  using Shared = typename shared_ptr<T>::Shared;
  return shared_ptr<T>(make<Shared>(std::forward<Arguments>(arguments)...));
}

template <class T>
class atomic_shared_ptr {
  using Shared = typename shared_ptr<T>::Shared;

 public:
  explicit atomic_shared_ptr(shared_ptr<T> value = {}) noexcept : pointer_(take(value)) {}
  ~atomic_shared_ptr() { const shared_ptr<T> last(pointer_); }
  atomic_shared_ptr(const atomic_shared_ptr&) = delete;
  atomic_shared_ptr& operator=(const atomic_shared_ptr&) = delete;

  [[nodiscard]] shared_ptr<T> load(memory_order,
                                   location where = location::current()) const noexcept {
    lock(where);
    shared_ptr<T> value(pointer_);
    if (pointer_ != nullptr) pointer_->count.fetch_add(1, relaxed, where);
    unlock(where);
    return value;
  }
  void store(shared_ptr<T> value, memory_order, location where = location::current()) noexcept {
    lock(where);
    const shared_ptr<T> previous(std::exchange(pointer_, take(value)));
    unlock(where);
  }

 private:
  static Shared* take(shared_ptr<T>& value) noexcept {
    return std::exchange(value.shared_, nullptr);
  }
  void lock(const location& where) const noexcept {
    std::uintptr_t seen = locked_.load(relaxed, where);
    for (;;) {
      while (seen != 0) {
        pause(where);
        seen = locked_.load(relaxed, where);
      }
      if (locked_.compare_exchange_strong(seen, 1, acq_rel, relaxed, where)) return;
    }
  }
  void unlock(const location& where) const noexcept { locked_.fetch_sub(1, release, where); }

  mutable atomic<std::uintptr_t> locked_{0};  // the low bit of the control block's address
  Shared* pointer_;                           // guarded by it, on the same line
};

}  // namespace limiterbench::sync::inline simulated
