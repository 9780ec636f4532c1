// A value of any copyable type, or nil: Go's `any`, two words, the concrete type and the data.
//
// Source: Go, src/runtime/runtime2.go (eface). The value is always boxed, a pointer too, so that a
//   typed nil is a box with a null pointer in it, and untyped nil has neither type nor box.
// Memory: one allocation a value.
#pragma once

#include <concepts>
#include <cstddef>
#include <stdexcept>
#include <type_traits>
#include <utility>

#include "../sync.hpp"
#include "hazard_pointer.hpp"

namespace limiterbench::inline LIMITERBENCH_BACKEND {

struct AnyBox : HazardNode<AnyBox> {
  virtual ~AnyBox() = default;
};

template <class T>
struct AnyBoxOf final : AnyBox {
  explicit AnyBoxOf(const T& initial) : value(initial) {}
  sync::plain<T> value;
};

// A concrete type: the address of its any_type_of<T>.
struct AnyType {
  bool (*equal)(const AnyBox&, const AnyBox&);  // null: values of this type cannot be compared
};

template <class T>
bool equal_boxes(const AnyBox& a, const AnyBox& b) {
  return static_cast<const AnyBoxOf<T>&>(a).value.read() ==
         static_cast<const AnyBoxOf<T>&>(b).value.read();
}

template <class T>
inline constexpr AnyType any_type_of{nullptr};
template <std::equality_comparable T>
inline constexpr AnyType any_type_of<T>{&equal_boxes<T>};

// The two words, without ownership.
struct AnyView {
  const AnyType* type = nullptr;
  AnyBox* box = nullptr;

  // Whether it is anything but untyped nil.
  explicit operator bool() const noexcept { return type != nullptr; }
  // The value, or null if it is of another type.
  template <class T>
  [[nodiscard, gnu::always_inline]] const T* get() const noexcept {
    return type == &any_type_of<T> ? &static_cast<const AnyBoxOf<T>*>(box)->value.read() : nullptr;
  }
  // As Go's ==: values of different types differ; std::logic_error if the type has no comparison.
  [[nodiscard]] bool equals(const AnyView& other) const {
    if (type != other.type) return false;
    if (type == nullptr) return true;
    if (type->equal == nullptr) throw std::logic_error("comparing values of incomparable type");
    return type->equal(*box, *other.box);
  }
};

// The two words with ownership. Converts from any value and from nullptr, which is untyped nil;
// null pointers of a type are that type's nil.
class AnyValue {
 public:
  AnyValue(std::nullptr_t) noexcept {}
  template <class T>
  requires(!std::same_as<std::decay_t<T>, AnyValue> &&
           !std::same_as<std::decay_t<T>, std::nullptr_t>) AnyValue(const T& value)
      : view_{&any_type_of<std::decay_t<const T>>,
              sync::make<AnyBoxOf<std::decay_t<const T>>>(value)} {}
  AnyValue(AnyValue&& other) noexcept : view_(std::exchange(other.view_, {})) {}
  AnyValue& operator=(AnyValue&& other) noexcept {
    std::swap(view_, other.view_);
    return *this;
  }
  ~AnyValue() { sync::destroy(view_.box); }

  [[nodiscard]] const AnyView& view() const noexcept { return view_; }
  // The caller takes the box over.
  AnyBox* release() noexcept { return std::exchange(view_, {}).box; }

 private:
  AnyView view_;
};

}  // namespace limiterbench::inline LIMITERBENCH_BACKEND
