// Go's atomic.Value: a variable whose value is loaded and replaced as a whole. The first store
// decides the value's concrete type.
//
// Source: Go, src/sync/atomic/value.go, with hazard_pointer.hpp in place of the garbage collector.
// Semantics: as Go's. Before the first store it loads as nil. Storing untyped nil throws
//   std::invalid_argument, storing a value of another concrete type std::logic_error. A nil pointer
//   of the right type is a value like any other. compare_and_swap compares values, not addresses,
//   and throws std::logic_error if their type cannot be compared. An operation that throws has
//   changed nothing. A loaded value is valid, and does not change, while its guard lives.
// Progress: load lock-free, in practice three loads; store, swap and compare_and_swap lock-free,
//   except that they wait for a first store in progress (Go forbids preemption there, we cannot).
// Cost: load: three loads of a line that only the others write, two stores to the thread's own.
// Memory: an allocation for each value; at most a batch of replaced ones.
// Avoid when: the type is known at compile time (config/hazard_pointer.hpp needs only one word).
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>

#include "../sync.hpp"
#include "any_value.hpp"
#include "hazard_pointer.hpp"

namespace limiterbench::inline LIMITERBENCH_BACKEND {

class AtomicValue {
 public:
  // Per-thread state. It holds one guard at a time.
  using Reader = typename HazardDomain<AnyBox>::Pointer;

  // What was loaded; false if that is nil.
  class Guard {
   public:
    [[gnu::always_inline]] Guard(Reader& reader, const AnyView& view) noexcept
        : reader_(reader), view_(view) {}
    Guard(const Guard&) = delete;
    Guard& operator=(const Guard&) = delete;
    [[gnu::always_inline]] ~Guard() { reader_.clear(); }

    explicit operator bool() const noexcept { return static_cast<bool>(view_); }
    template <class T>
    [[nodiscard, gnu::always_inline]] const T* get() const noexcept {
      return view_.get<T>();
    }
    [[nodiscard]] const AnyView& view() const noexcept { return view_; }

   private:
    Reader& reader_;
    AnyView view_;
  };

  AtomicValue() = default;
  // relaxed: the caller has joined with every other user.
  ~AtomicValue() { sync::destroy(data_.load(sync::relaxed)); }
  AtomicValue(const AtomicValue&) = delete;
  AtomicValue& operator=(const AtomicValue&) = delete;

  [[nodiscard]] Reader attach() { return Reader(domain_); }

  [[nodiscard, gnu::always_inline]] Guard load(Reader& reader) const noexcept {
    // (1) acquire: pairs with (3): whoever sees the type finds data of that type. The type never
    // changes again, so the two words need not be read at one instant.
    const AnyType* const type = type_.load(sync::acquire);
    if (!is_type(type)) [[unlikely]]
      return {reader, {}};
    return {reader, {type, reader.protect(data_)}};
  }

  void store(AnyValue next) {
    while (!accepts("store", next)) {
      if (try_store_first(next)) return;
    }
    // (4) acq_rel: pairs with (6) in hazard_pointer.hpp, and with itself and (5): the box taken out
    // was complete before this thread retires it.
    domain_.retire(data_.exchange(next.release(), sync::acq_rel));
  }

  // The value that was replaced, nil if there was none.
  Guard swap(Reader& reader, AnyValue next) {
    while (!accepts("swap", next)) {
      if (try_store_first(next)) return {reader, {}};
    }
    const AnyType* const type = next.view().type;
    for (;;) {
      AnyBox* const box = reader.protect(data_);
      if (try_replace(box, next)) return {reader, {type, box}};
    }
  }

  // Replaces the current value if it equals `old`; nil stands for no value yet.
  bool compare_and_swap(Reader& reader, const AnyValue& old, AnyValue next) {
    if (old.view() && next.view() && !same_type(*old.view().type, *next.view().type))
      throw std::logic_error("compare and swap of inconsistently typed values");
    while (!accepts("compare and swap", next)) {
      if (old.view()) return false;
      if (try_store_first(next)) return true;
    }
    // Protected, so that the box compared cannot be freed and come back as another value's.
    const Guard current(reader, {next.view().type, reader.protect(data_)});
    return current.view().equals(old.view()) && try_replace(current.view().box, next);
  }

  [[nodiscard]] std::size_t retired() const noexcept { return domain_.retired(); }
  [[nodiscard]] std::size_t slot_bytes() const noexcept { return domain_.slot_bytes(); }

 private:
  // The mark of a first store in progress: an address that no object has. Not the address of a
  // variable: each shared object could have its own copy of that, and must recognise the mark.
  static const AnyType* first_store_in_progress() noexcept {
    return std::bit_cast<const AnyType*>(std::uintptr_t{1});
  }
  // Neither nil nor the mark, in one comparison.
  [[gnu::always_inline]] static bool is_type(const AnyType* type) noexcept {
    return reinterpret_cast<std::uintptr_t>(type) > 1;
  }

  // Whether there is a value yet. Throws where Go panics: for nil, or a value of another type.
  [[nodiscard]] bool accepts(const char* operation, const AnyValue& next) const {
    if (!next.view()) throw std::invalid_argument(std::string(operation) + " of nil value");
    for (sync::spin_wait wait;; wait()) {
      // (2) acquire: pairs with (3), as (1).
      const AnyType* const type = type_.load(sync::acquire);
      if (type == first_store_in_progress()) continue;
      if (type == nullptr) return false;
      if (same_type(*type, *next.view().type)) return true;
      throw std::logic_error(std::string(operation) + " of inconsistently typed value");
    }
  }

  // Hazard: of two first stores of different types one could win the type and the other the data.
  // The mark lets one thread alone write both.
  bool try_store_first(AnyValue& next) noexcept {
    const AnyType* type = nullptr;
    // relaxed: the mark publishes nothing, and nothing came before it.
    if (!type_.compare_exchange_strong(type, first_store_in_progress(), sync::relaxed,
                                       sync::relaxed))
      return false;
    type = next.view().type;
    data_.store(next.release(), sync::relaxed);  // relaxed: (3) publishes it
    // (3) release: pairs with (1), (2).
    type_.store(type, sync::release);
    return true;
  }

  // `box` must be protected: the swap then succeeds only if it was current all along.
  bool try_replace(AnyBox* box, AnyValue& next) noexcept {
    AnyBox* expected = box;
    // (5) release: pairs with (6) in hazard_pointer.hpp, and with (4).
    if (!data_.compare_exchange_strong(expected, next.view().box, sync::release, sync::relaxed))
      return false;
    next.release();
    domain_.retire(box);
    return true;
  }

  alignas(sync::false_sharing_range) sync::atomic<const AnyType*> type_{nullptr};
  sync::atomic<AnyBox*> data_{nullptr};
  alignas(sync::false_sharing_range) HazardDomain<AnyBox> domain_;
};

}  // namespace limiterbench::inline LIMITERBENCH_BACKEND
