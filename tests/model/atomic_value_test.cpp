// AtomicValue: two words that must look like one, the first store, and what is left of what was
// replaced. Run with fences that are asymmetric, and with seq_cst ones.
#include <cstdio>
#include <limiterbench/primitives/atomic_value.hpp>

#include "model.hpp"

namespace limiterbench::model {
namespace {

template <bool asymmetric>
struct Valued : Model {
  Valued() { sync::host = {.process_fence = asymmetric}; }
  AtomicValue value;

  // The int that is loaded; 0 for nil.
  int load(AtomicValue::Reader& reader) {
    const AtomicValue::Guard guard = value.load(reader);
    if (!guard) return 0;
    const int* const number = guard.get<int>();
    require(number != nullptr, "a type without its value");
    return *number;
  }
};

// Two first stores against a reader: nil, then one of the two, then the other or the same.
template <bool asymmetric>
struct stored_first : Valued<asymmetric> {
  static constexpr int threads = 3;
  void thread(unsigned index) override {
    if (index != 2) return this->value.store(static_cast<int>(index) + 1);
    AtomicValue::Reader reader = this->value.attach();
    const int seen = this->load(reader);
    if (seen != 0) require(this->load(reader) != 0, "nil after a value");
  }
};

// Two types compete: the first store decides, the other is an error and changes nothing.
template <bool asymmetric>
struct two_types : Valued<asymmetric> {
  static constexpr int threads = 2;
  int refused = 0;
  void thread(unsigned index) override {
    try {
      index == 0 ? this->value.store(1) : this->value.store(2L);
    } catch (const std::logic_error&) {
      ++refused;
    }
    AtomicValue::Reader reader = this->value.attach();
    const AtomicValue::Guard guard = this->value.load(reader);
    require(guard.get<int>() != nullptr || guard.get<long>() != nullptr, "a value was lost");
  }
  void after() override { require(refused == 1, "both types stored, or none"); }
};

// Replaced twice under a reader's eyes.
template <bool asymmetric>
struct replaced : Valued<asymmetric> {
  static constexpr int threads = 2;
  void before() override { this->value.store(1); }
  void thread(unsigned index) override {
    if (index == 0) {
      this->value.store(2);
      this->value.store(3);
    } else {
      AtomicValue::Reader reader = this->value.attach();
      const int first = this->load(reader);
      require(this->load(reader) >= first, "an older value after a newer one");
    }
  }
};

// Each swap returns what the one before it stored.
template <bool asymmetric>
struct swapped : Valued<asymmetric> {
  static constexpr int threads = 2;
  int old[2] = {};
  void before() override { this->value.store(1); }
  void thread(unsigned index) override {
    AtomicValue::Reader reader = this->value.attach();
    const AtomicValue::Guard guard = this->value.swap(reader, static_cast<int>(index) + 2);
    old[index] = *guard.get<int>();
  }
  void after() override {
    AtomicValue::Reader reader = this->value.attach();
    const int last = this->load(reader);
    require(old[0] + old[1] + last == 1 + 2 + 3 && old[0] != old[1], "a value lost or taken twice");
  }
};

// Increments by compare-and-swap: none is lost, also if a freed box comes back as a new one.
template <bool asymmetric>
struct counted : Valued<asymmetric> {
  static constexpr int threads = 2;
  void before() override { this->value.store(0); }
  void thread(unsigned) override {
    AtomicValue::Reader reader = this->value.attach();
    for (int i = 0; i < 2; ++i) {
      for (int seen = this->load(reader); !this->value.compare_and_swap(reader, seen, seen + 1);)
        seen = this->load(reader);
    }
  }
  void after() override {
    AtomicValue::Reader reader = this->value.attach();
    require(this->load(reader) == 4, "an increment was lost");
  }
};

// store() and compare_and_swap() retire each other's boxes.
template <bool asymmetric>
struct stored_and_swapped : Valued<asymmetric> {
  static constexpr int threads = 3;
  void before() override { this->value.store(1); }
  void thread(unsigned index) override {
    if (index == 0) return this->value.store(2);
    AtomicValue::Reader reader = this->value.attach();
    if (index == 1) this->value.compare_and_swap(reader, 1, 3);
    if (index == 2) require(this->load(reader) != 0, "nil after a value");
  }
};

template <bool asymmetric>
void check(Report& report) {
  const Search tree = Search::tree(20'000, 2);
  const Search random = Search::random(40'000);
  report.clean<stored_first<asymmetric>>("stored first", {tree, random});
  report.clean<two_types<asymmetric>>("two types", {tree, random});
  report.clean<replaced<asymmetric>>("replaced", {tree, random});
  report.clean<swapped<asymmetric>>("swapped", {tree, random});
  report.clean<counted<asymmetric>>("counted", {tree, random});
  report.clean<stored_and_swapped<asymmetric>>("stored and swapped", {tree, random});
}

}  // namespace
}  // namespace limiterbench::model

int main() {
  using namespace limiterbench::model;
  Report report;
  check<false>(report);
  std::puts("with asymmetric fences:");
  check<true>(report);
  return report.status();
}
