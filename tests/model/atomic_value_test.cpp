// AtomicValue: two words that must look like one, the first store, and what is left of what was
// replaced.
#include <limiterbench/primitives/atomic_value.hpp>

#include "model.hpp"

namespace limiterbench::model {
namespace {

struct Valued : Model {
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
struct stored_first : Valued {
  static constexpr int threads = 3;
  void thread(unsigned index) override {
    if (index != 2) return value.store(static_cast<int>(index) + 1);
    AtomicValue::Reader reader = value.attach();
    const int seen = load(reader);
    if (seen != 0) require(load(reader) != 0, "nil after a value");
  }
};

// Two types compete: the first store decides, the other is an error and changes nothing.
struct two_types : Valued {
  static constexpr int threads = 2;
  int refused = 0;
  void thread(unsigned index) override {
    try {
      index == 0 ? value.store(1) : value.store(2L);
    } catch (const std::logic_error&) {
      ++refused;
    }
    AtomicValue::Reader reader = value.attach();
    const AtomicValue::Guard guard = value.load(reader);
    require(guard.get<int>() != nullptr || guard.get<long>() != nullptr, "a value was lost");
  }
  void after() override { require(refused == 1, "both types stored, or none"); }
};

// Replaced twice under a reader's eyes.
struct replaced : Valued {
  static constexpr int threads = 2;
  void before() override { value.store(1); }
  void thread(unsigned index) override {
    if (index == 0) {
      value.store(2);
      value.store(3);
    } else {
      AtomicValue::Reader reader = value.attach();
      const int first = load(reader);
      require(load(reader) >= first, "an older value after a newer one");
    }
  }
};

// Each swap returns what the one before it stored.
struct swapped : Valued {
  static constexpr int threads = 2;
  int old[2] = {};
  void before() override { value.store(1); }
  void thread(unsigned index) override {
    AtomicValue::Reader reader = value.attach();
    const AtomicValue::Guard guard = value.swap(reader, static_cast<int>(index) + 2);
    old[index] = *guard.get<int>();
  }
  void after() override {
    AtomicValue::Reader reader = value.attach();
    const int last = load(reader);
    require(old[0] + old[1] + last == 1 + 2 + 3 && old[0] != old[1], "a value lost or taken twice");
  }
};

// Increments by compare-and-swap: none is lost, also if a freed box comes back as a new one.
struct counted : Valued {
  static constexpr int threads = 2;
  void before() override { value.store(0); }
  void thread(unsigned) override {
    AtomicValue::Reader reader = value.attach();
    for (int i = 0; i < 2; ++i) {
      for (int seen = load(reader); !value.compare_and_swap(reader, seen, seen + 1);)
        seen = load(reader);
    }
  }
  void after() override {
    AtomicValue::Reader reader = value.attach();
    require(load(reader) == 4, "an increment was lost");
  }
};

// store() and compare_and_swap() retire each other's boxes.
struct stored_and_swapped : Valued {
  static constexpr int threads = 3;
  void before() override { value.store(1); }
  void thread(unsigned index) override {
    if (index == 0) return value.store(2);
    AtomicValue::Reader reader = value.attach();
    if (index == 1) value.compare_and_swap(reader, 1, 3);
    if (index == 2) require(load(reader) != 0, "nil after a value");
  }
};

}  // namespace
}  // namespace limiterbench::model

int main() {
  using namespace limiterbench::model;
  const Search tree = Search::tree(20'000, 2);
  const Search random = Search::random(40'000);
  Report report;
  report.clean<stored_first>("stored first", {tree, random});
  report.clean<two_types>("two types", {tree, random});
  report.clean<replaced>("replaced", {tree, random});
  report.clean<swapped>("swapped", {tree, random});
  report.clean<counted>("counted", {tree, random});
  report.clean<stored_and_swapped>("stored and swapped", {tree, random});
  return report.status();
}
