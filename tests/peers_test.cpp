// What other people's reclamation must do for us: keep what a reader holds, whichever thread that
// reader has come to, and let go of the rest.
#include <gtest/gtest.h>

#include <malloc.h>

#include <limiterbench/config/hazard_pointer.hpp>
#include <limiterbench/registry.hpp>

#include <atomic>
#include <cstdint>
#include <thread>

namespace limiterbench {
namespace {

Published published_as(const Published& previous, std::uint64_t version) {
  Config config{.version = version, .rules = {}, .checksum = 0};
  config.rules.fill({.limit = version, .window = min_window + version, .backoff = {}});
  return succeed(previous, config);
}

template <class Source>
class ReclaimingSource : public testing::Test {
 protected:
  static constexpr std::uint64_t reloads = 300;

  // What is freed is overwritten, so that its use shows in any build.
  static void SetUpTestSuite() { mallopt(M_PERTURB, 0xdd); }

  void publish_all() {
    for (std::uint64_t version = 2; version <= reloads; ++version) {
      latest_ = published_as(latest_, version);
      source_.publish(latest_);
      published_.store(version, std::memory_order_release);
    }
  }
  // Until all is published, or as much as a source publishes that waits for its readers, and a
  // while longer: one that frees too early needs that while to show it.
  void wait_for_publisher() const {
    for (int spare = 1'000; spare > 0;) {
      const std::uint64_t published = published_.load(std::memory_order_acquire);
      if (published == reloads) return;
      if (published >= 60) --spare;
      std::this_thread::yield();
    }
  }

  Published latest_ = published_as(Published{}, 1);
  Source source_{latest_};
  std::atomic<std::uint64_t> published_{1};
};

using Sources = testing::Types<HazardPointerSource
#if LIMITERBENCH_WITH_URCU
                               ,
                               GracePeriodSource<UrcuQsbrDomain>, GracePeriodSource<UrcuMembDomain>
#endif
#if LIMITERBENCH_WITH_CK
                               ,
                               GracePeriodSource<CkEpochDomain>
#endif
#if LIMITERBENCH_WITH_XENIUM
                               ,
                               XeniumSource<xenium::reclamation::hazard_pointer<>>,
                               XeniumSource<xenium::reclamation::epoch_based<>>
#endif
#if LIMITERBENCH_WITH_LIBCDS
                               ,
                               LibcdsHazardSource
#endif
                               >;
TYPED_TEST_SUITE(ReclaimingSource, Sources);

TYPED_TEST(ReclaimingSource, AGuardKeepsItsRule) {
  auto reader = this->source_.attach();
  std::jthread publisher;
  const auto guard = this->source_.read(reader, 3);
  publisher = std::jthread([this] { this->publish_all(); });
  this->wait_for_publisher();
  EXPECT_EQ((*guard).version, 1U);
  EXPECT_EQ((*guard).rule.limit, 1U);
  EXPECT_EQ((*guard).rule.window, min_window + 1);
}

TYPED_TEST(ReclaimingSource, AGuardKeepsItsRuleOnAThreadThatDidNotAttach) {
  auto reader = this->source_.attach();
  std::jthread publisher;
  std::jthread([&] {
    const auto guard = this->source_.read(reader, 3);
    publisher = std::jthread([this] { this->publish_all(); });
    this->wait_for_publisher();
    EXPECT_EQ((*guard).version, 1U);
    EXPECT_EQ((*guard).rule.limit, 1U);
  }).join();
}

TYPED_TEST(ReclaimingSource, AReaderWithoutAGuardKeepsNothing) {
  auto reader = this->source_.attach();
  { const auto guard = this->source_.read(reader, 3); }
  for (int i = 0; i < 10; ++i) std::jthread([this] { this->publish_all(); }).join();
  EXPECT_LT(this->source_.footprint().retired, 1'100 * sizeof(Published));
}

}  // namespace
}  // namespace limiterbench
