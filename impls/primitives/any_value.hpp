// A value of any copyable type, or nil: Go's `any`. Two words: the concrete type and the data.
//
// Source: Go, src/runtime/runtime2.go (eface).
// Semantics: the value is always boxed, even a pointer. A typed nil is a box with a null pointer in
//   it; untyped nil has neither type nor box.
// Memory: one allocation a value.
// Avoid when: a shared object may be unloaded (dlclose) while a value that it made is alive: the
//   value's type and destructor are in that object.
#pragma once

#include <concepts>
#include <cstddef>
#include <stdexcept>
#include <string_view>
#include <type_traits>
#include <typeinfo>
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

// A concrete type. Each shared object may have its own copy of any_type_of<T>, because hidden
// symbols and those of a plug-in are not merged. Compare with same_type(), never by address alone.
struct AnyType {
  bool (*equal)(const AnyBox&, const AnyBox&);  // null: values of this type cannot be compared
  const std::type_info* name;                   // null: the type has this one AnyType
};

template <class T>
bool equal_boxes(const AnyBox& a, const AnyBox& b) {
  return static_cast<const AnyBoxOf<T>&>(a).value.read() ==
         static_cast<const AnyBoxOf<T>&>(b).value.read();
}

// Null for types in an unnamed namespace: two of them may have the same name, and only GCC marks
// that in std::type_info. Without RTTI, a type is not recognised in another shared object.
template <class T>
constexpr const std::type_info* type_name_of() noexcept {
#if defined(__cpp_rtti)
  constexpr std::string_view name = __PRETTY_FUNCTION__;
  constexpr auto absent = std::string_view::npos;
  if (name.find("{anonymous}") == absent && name.find("(anonymous namespace)") == absent)
    return &typeid(T);
#endif
  return nullptr;
}

template <class T>
inline constexpr AnyType any_type_of{nullptr, type_name_of<T>()};
template <std::equality_comparable T>
inline constexpr AnyType any_type_of<T>{&equal_boxes<T>, type_name_of<T>()};

// Out of line: the addresses of one type differ only between shared objects.
[[nodiscard, gnu::noinline]] inline bool same_name(const AnyType& a, const AnyType& b) noexcept {
  return a.name != nullptr && b.name != nullptr && *a.name == *b.name;
}
[[nodiscard, gnu::always_inline]] inline bool same_type(const AnyType& a,
                                                        const AnyType& b) noexcept {
  if (&a == &b) [[likely]]
    return true;
  return same_name(a, b);
}

// The two words, without ownership.
struct AnyView {
  const AnyType* type = nullptr;
  AnyBox* box = nullptr;

  // Whether it is anything but untyped nil.
  explicit operator bool() const noexcept { return type != nullptr; }
  // The value, or null if it is of another type.
  template <class T>
  [[nodiscard, gnu::always_inline]] const T* get() const noexcept {
    if (type == nullptr || !same_type(*type, any_type_of<T>)) return nullptr;
    return &static_cast<const AnyBoxOf<T>*>(box)->value.read();
  }
  // As Go's ==: values of different types differ; std::logic_error if the type has no comparison.
  [[nodiscard]] bool equals(const AnyView& other) const {
    if (type == nullptr || other.type == nullptr) return type == other.type;
    if (!same_type(*type, *other.type)) return false;
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
