// AtomicValue against the rules of Go's atomic.Value.
#include <gtest/gtest.h>

#include <limiterbench/primitives/atomic_value.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <numeric>
#include <optional>
#include <string>
#include <vector>

#include "conformance.hpp"
#include "threads.hpp"

namespace limiterbench {
namespace {

struct Incomparable {
  int number = 0;
};

template <class T>
std::optional<T> current(AtomicValue& value) {
  auto reader = value.attach();
  const auto guard = value.load(reader);
  const T* const found = guard.template get<T>();
  return found == nullptr ? std::nullopt : std::optional<T>(*found);
}

bool is_nil(AtomicValue& value) {
  auto reader = value.attach();
  return !value.load(reader);
}

TEST(AtomicValue, IsNilBeforeTheFirstStore) {
  AtomicValue value;
  EXPECT_TRUE(is_nil(value));
  EXPECT_EQ(current<int>(value), std::nullopt);
}

TEST(AtomicValue, LoadsWhatWasStoredLast) {
  AtomicValue value;
  for (int i = 0; i < 1'000; ++i) {
    value.store(i);
    EXPECT_EQ(current<int>(value), i);
  }
  EXPECT_FALSE(is_nil(value));
  EXPECT_EQ(current<long>(value), std::nullopt) << "loaded as another type";
}

TEST(AtomicValue, UntypedNilIsRefused) {
  AtomicValue value;
  auto reader = value.attach();
  EXPECT_THROW(value.store(nullptr), std::invalid_argument);
  EXPECT_THROW(value.swap(reader, nullptr), std::invalid_argument);
  EXPECT_THROW(value.compare_and_swap(reader, nullptr, nullptr), std::invalid_argument);
  EXPECT_TRUE(is_nil(value));
  value.store(7);
  EXPECT_THROW(value.store(nullptr), std::invalid_argument);
  EXPECT_THROW(value.swap(reader, nullptr), std::invalid_argument);
  EXPECT_THROW(value.compare_and_swap(reader, 7, nullptr), std::invalid_argument);
  EXPECT_EQ(current<int>(value), 7);
}

TEST(AtomicValue, ATypedNilIsAValue) {
  AtomicValue value;
  value.store(static_cast<const int*>(nullptr));
  EXPECT_FALSE(is_nil(value));
  EXPECT_EQ(current<const int*>(value), nullptr);
  EXPECT_THROW(value.store(static_cast<const long*>(nullptr)), std::logic_error);
  EXPECT_THROW(value.store(nullptr), std::invalid_argument);
  const int number = 3;
  value.store(&number);
  EXPECT_EQ(current<const int*>(value), &number);
}

TEST(AtomicValue, AValueOfAnotherConcreteTypeIsRefused) {
  AtomicValue value;
  auto reader = value.attach();
  value.store(7);
  EXPECT_THROW(value.store(7L), std::logic_error);
  EXPECT_THROW(value.store(std::string("7")), std::logic_error);
  EXPECT_THROW(value.swap(reader, 7U), std::logic_error);
  EXPECT_THROW(value.compare_and_swap(reader, 7, 8L), std::logic_error) << "old of another type";
  EXPECT_THROW(value.compare_and_swap(reader, 7L, 8L), std::logic_error) << "both of another type";
  EXPECT_THROW(value.compare_and_swap(reader, nullptr, 8L), std::logic_error);
  EXPECT_EQ(current<int>(value), 7);
  AtomicValue empty;
  auto other = empty.attach();
  EXPECT_THROW(empty.compare_and_swap(other, 7, 8L), std::logic_error) << "even without a value";
  EXPECT_TRUE(is_nil(empty));
}

TEST(AtomicValue, SwapReturnsWhatItReplaced) {
  AtomicValue value;
  auto reader = value.attach();
  EXPECT_FALSE(value.swap(reader, std::string("first")));
  {
    const auto replaced = value.swap(reader, std::string("second"));
    ASSERT_NE(replaced.get<std::string>(), nullptr);
    EXPECT_EQ(*replaced.get<std::string>(), "first");
  }
  EXPECT_EQ(current<std::string>(value), "second");
}

TEST(AtomicValue, CompareAndSwapComparesValues) {
  AtomicValue value;
  auto reader = value.attach();
  EXPECT_FALSE(value.compare_and_swap(reader, std::string("none"), std::string("a")));
  EXPECT_TRUE(is_nil(value));
  EXPECT_TRUE(value.compare_and_swap(reader, nullptr, std::string("a")));
  EXPECT_FALSE(value.compare_and_swap(reader, nullptr, std::string("b")));
  EXPECT_FALSE(value.compare_and_swap(reader, std::string("b"), std::string("c")));
  EXPECT_EQ(current<std::string>(value), "a");
  EXPECT_TRUE(value.compare_and_swap(reader, std::string("a"), std::string("d")));
  EXPECT_EQ(current<std::string>(value), "d");
}

TEST(AtomicValue, ValuesThatCannotBeComparedAreRefusedOnlyWhenCompared) {
  AtomicValue value;
  auto reader = value.attach();
  EXPECT_FALSE(value.compare_and_swap(reader, Incomparable{1}, Incomparable{2}));
  EXPECT_TRUE(value.compare_and_swap(reader, nullptr, Incomparable{1}));
  EXPECT_FALSE(value.compare_and_swap(reader, nullptr, Incomparable{2}));
  EXPECT_THROW(value.compare_and_swap(reader, Incomparable{1}, Incomparable{2}), std::logic_error);
  EXPECT_EQ(current<Incomparable>(value)->number, 1);
  value.store(Incomparable{3});
  EXPECT_EQ(current<Incomparable>(value)->number, 3);
}

struct ThrowsWhenCopied {
  ThrowsWhenCopied() = default;
  ThrowsWhenCopied(const ThrowsWhenCopied& other) : armed(other.armed) {
    if (armed) throw std::bad_alloc();
  }
  ThrowsWhenCopied& operator=(const ThrowsWhenCopied&) = default;
  bool armed = false;
};

TEST(AtomicValue, AStoreThatFailsChangesNothing) {
  AtomicValue value;
  ThrowsWhenCopied armed;
  armed.armed = true;
  EXPECT_THROW(value.store(armed), std::bad_alloc);
  EXPECT_TRUE(is_nil(value));
  value.store(ThrowsWhenCopied{});
  EXPECT_THROW(value.store(armed), std::bad_alloc);
  EXPECT_FALSE(current<ThrowsWhenCopied>(value)->armed);
}

TEST(AtomicValue, WhatWasLoadedStaysAndWhatWasReplacedIsFreed) {
  const auto counted = std::make_shared<int>(0);
  {
    AtomicValue value;
    auto reader = value.attach();
    value.store(std::make_shared<int>(42));
    const auto guard = value.load(reader);
    for (int i = 0; i < 1'000; ++i) value.store(counted);
    EXPECT_LE(counted.use_count(), 200) << "replaced values pile up";
    EXPECT_EQ(**guard.get<std::shared_ptr<int>>(), 42);
  }
  EXPECT_EQ(counted.use_count(), 1);
}

// Distinct types to race with.
template <unsigned index>
struct Kind {
  std::array<std::uint64_t, 8> same{};
};

template <unsigned index>
bool tries_to_store(AtomicValue& value) {
  Kind<index> kind;
  kind.same.fill(index);
  try {
    value.store(kind);
    return true;
  } catch (const std::logic_error&) {
    return false;
  }
}

template <unsigned index>
bool holds(const AtomicValue::Guard& guard) {
  const auto* const kind = guard.get<Kind<index>>();
  if (kind == nullptr) return false;
  EXPECT_EQ(std::count(kind->same.begin(), kind->same.end(), index), 8);
  return true;
}

TEST(AtomicValue, OfConcurrentFirstStoresOfDifferentTypesOneDecidesTheType) {
  for (unsigned round = 0; round < 500 * conformance::work; ++round) {
    AtomicValue value;
    std::array<bool, 3> stored{};
    conformance::in_threads(3, [&](unsigned index) {
      auto reader = value.attach();
      stored[index] = index == 0   ? tries_to_store<0>(value)
                      : index == 1 ? tries_to_store<1>(value)
                                   : tries_to_store<2>(value);
      const auto guard = value.load(reader);
      ASSERT_TRUE(guard) << "nil after a store was accepted or refused for its type";
      EXPECT_EQ(holds<0>(guard) + holds<1>(guard) + holds<2>(guard), 1);
    });
    EXPECT_EQ(stored[0] + stored[1] + stored[2], 1);
    auto reader = value.attach();
    const auto guard = value.load(reader);
    EXPECT_EQ(holds<0>(guard), stored[0]);
    EXPECT_EQ(holds<1>(guard), stored[1]);
    EXPECT_EQ(holds<2>(guard), stored[2]);
  }
}

TEST(AtomicValue, AReaderSeesNilOrAWholeValueWhileTheFirstIsStored) {
  for (unsigned round = 0; round < 500 * conformance::work; ++round) {
    AtomicValue value;
    conformance::in_threads(3, [&](unsigned index) {
      if (index != 0) {
        EXPECT_TRUE(tries_to_store<1>(value)) << "refused beside another of the same type";
        return;
      }
      auto reader = value.attach();
      for (bool found = false; !found;) {
        const auto guard = value.load(reader);
        found = holds<1>(guard);
        EXPECT_EQ(found, static_cast<bool>(guard));
      }
    });
  }
}

using Block = std::array<std::uint64_t, 8>;

TEST(AtomicValue, ReadersSeeWholeValuesWhileOthersStore) {
  AtomicValue value;
  value.store(Block{});
  const std::uint64_t last = 3'000 * conformance::work;
  conformance::in_threads(4, [&](unsigned index) {
    auto reader = value.attach();
    if (index < 2) {
      for (std::uint64_t i = 1; i <= last; ++i) {
        Block block;
        block.fill(i);
        if (index == 0) value.store(block);
        if (index == 1) value.swap(reader, block);
      }
      return;
    }
    for (std::uint64_t seen = 0; seen < last;) {
      const auto guard = value.load(reader);
      const Block& block = *guard.get<Block>();
      seen = block[0];
      ASSERT_EQ(std::count(block.begin(), block.end(), seen), 8) << "torn";
    }
  });
}

TEST(AtomicValue, EachValueIsSwappedOutOnce) {
  constexpr unsigned each = 2'000;
  constexpr unsigned threads = 3;
  AtomicValue value;
  std::array<std::vector<unsigned>, threads> out;
  conformance::in_threads(threads, [&](unsigned index) {
    auto reader = value.attach();
    for (unsigned i = 0; i < each; ++i) {
      const auto guard = value.swap(reader, index * each + i);
      if (guard) out[index].push_back(*guard.get<unsigned>());
    }
  });
  std::vector<unsigned> all{*current<unsigned>(value)};
  for (const auto& part : out) all.insert(all.end(), part.begin(), part.end());
  std::sort(all.begin(), all.end());
  std::vector<unsigned> expected(threads * each);
  std::iota(expected.begin(), expected.end(), 0U);
  EXPECT_EQ(all, expected);
}

TEST(AtomicValue, CompareAndSwapLosesNoUpdate) {
  constexpr std::uint64_t each = 2'000;
  AtomicValue value;
  conformance::in_threads(3, [&](unsigned) {
    auto reader = value.attach();
    for (std::uint64_t i = 0; i < each;) {
      const auto seen = current<Block>(value);
      Block next = seen.value_or(Block{});
      for (std::uint64_t& word : next) ++word;
      const bool swapped = seen ? value.compare_and_swap(reader, *seen, next)
                                : value.compare_and_swap(reader, nullptr, next);
      if (swapped) ++i;
    }
  });
  EXPECT_EQ((*current<Block>(value))[7], 3 * each);
}

}  // namespace
}  // namespace limiterbench
