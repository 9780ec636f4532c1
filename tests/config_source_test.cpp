// Every source of configurations on its own, away from any counter: a reader sees whole rules,
// never an older one than it could have seen before, and keeps the one it holds.
#include <gtest/gtest.h>

#include <limiterbench/config/atomic_value.hpp>
#include <limiterbench/config/hazard_pointer.hpp>
#include <limiterbench/config/left_right.hpp>
#include <limiterbench/config/ring.hpp>
#include <limiterbench/config/seqlock.hpp>
#include <limiterbench/config/shared_lock.hpp>
#include <limiterbench/primitives/bravo_lock.hpp>
#include <limiterbench/primitives/go_rwmutex.hpp>

#include <atomic>
#include <cstdint>
#include <memory>
#include <thread>
#include <type_traits>

#include "conformance.hpp"
#include "threads.hpp"

namespace limiterbench {
namespace {

// Every field of every rule follows from the version, so that a rule mixed from two shows.
Rule rule_of(std::uint64_t version, std::size_t traffic_class) {
  const std::uint64_t n = version * class_count + traffic_class;
  return {n % max_limit, min_window + n % max_window, {n, 1 + n % max_multiplier, 2 * n}};
}

Config config_of(std::uint64_t version) {
  Config config{.version = version, .rules = {}, .checksum = 0};
  for (std::size_t i = 0; i < class_count; ++i) config.rules[i] = rule_of(version, i);
  return config;
}

template <class Source>
class ConfigSource : public testing::Test {
 protected:
  void publish_next() {
    const std::uint64_t version = latest_.rules[0].version + 1;
    latest_ = succeed(latest_, config_of(version));
    source_->publish(latest_);
    published_.store(version, std::memory_order_release);
  }

  // What a reader sees while publish_next() goes on, until it sees the version `last`.
  void read_rules_until(std::uint64_t last) {
    auto reader = source_->attach();
    std::uint64_t newest = 0;
    for (std::uint32_t traffic_class = 0; newest < last;) {
      const std::uint64_t least = published_.load(std::memory_order_acquire);
      traffic_class = (traffic_class + 1) % class_count;
      const auto guard = source_->read(reader, traffic_class);
      const PublishedRule& rule = *guard;
      ASSERT_EQ(rule.rule, rule_of(rule.version, traffic_class)) << "torn";
      ASSERT_EQ(rule.version, rule.sequence) << "torn";
      ASSERT_LE(newest, rule.version) << "went back";
      ASSERT_LE(least, rule.version) << "older than what was published before";
      newest = rule.version;
    }
  }
  void read_configs_until(std::uint64_t last) {
    auto reader = source_->attach();
    for (std::uint64_t newest = 0; newest < last;) {
      const std::uint64_t least = published_.load(std::memory_order_acquire);
      const Config config = source_->config(reader);
      ASSERT_TRUE(is_untorn(config));
      ASSERT_LE(newest, config.version) << "went back";
      ASSERT_LE(least, config.version) << "older than what was published before";
      newest = config.version;
    }
  }

  Published latest_ = succeed(Published{}, config_of(1));
  std::unique_ptr<Source> source_ = std::make_unique<Source>(latest_);
  std::atomic<std::uint64_t> published_{1};
};

// One shard for all CPUs: the readers of left_right meet on it.
class OneShard : public LeftRightSource {
 public:
  explicit OneShard(const Published& published) : LeftRightSource(published, 1) {}
};

// Not std::shared_mutex, which prefers readers and would never let the publisher in.
using Sources =
    testing::Types<SharedLockSource<GoRwMutex>, SharedLockSource<BravoLock, BravoLock::SharedGuard>,
                   HazardPointerSource, AtomicValueSource, SeqlockSource, RingSource<2>,
                   RingSource<8>, LeftRightSource, OneShard>;
TYPED_TEST_SUITE(ConfigSource, Sources);

TYPED_TEST(ConfigSource, ReadersSeeWholeRulesInOrder) {
  const std::uint64_t last = 2'000 * conformance::work;
  conformance::in_threads(3, [&](unsigned index) {
    if (index == 1) return this->read_rules_until(last);
    if (index == 2) return this->read_configs_until(last);
    while (this->latest_.rules[0].version < last) this->publish_next();
  });
}

// Whatever the number of publications that a reader sleeps through, up to a multiple of the ring's
// slots and beyond.
TYPED_TEST(ConfigSource, AReaderThatSleptSeesTheLatest) {
  auto reader = this->source_->attach();
  for (std::uint64_t asleep = 1; asleep < 100; ++asleep) {
    for (std::uint64_t i = 0; i < asleep; ++i) this->publish_next();
    const std::uint64_t version = this->latest_.rules[0].version;
    EXPECT_EQ((*this->source_->read(reader, 5)).version, version);
    EXPECT_EQ(this->source_->config(reader), conformance::in_force(config_of(version)));
  }
}

// Without those that keep publish() out while they are read.
using Snapshots = testing::Types<HazardPointerSource, AtomicValueSource, SeqlockSource,
                                 RingSource<2>, LeftRightSource, OneShard>;
template <class Source>
class ConfigSnapshot : public ConfigSource<Source> {};
TYPED_TEST_SUITE(ConfigSnapshot, Snapshots);

// publish() may wait for the guard, but not before readers see what it publishes.
TYPED_TEST(ConfigSnapshot, AGuardKeepsItsRuleWhileLaterReadersSeeTheNext) {
  auto reader = this->source_->attach();
  auto later = this->source_->attach();
  std::jthread publisher;
  const auto guard = this->source_->read(reader, 3);
  publisher = std::jthread([&] {
    for (int i = 0; i < 5; ++i) this->publish_next();
  });
  while ((*this->source_->read(later, 3)).version < 2) std::this_thread::yield();
  EXPECT_EQ((*guard).version, 1U);
  EXPECT_EQ((*guard).rule, rule_of(1, 3));
}

}  // namespace
}  // namespace limiterbench
