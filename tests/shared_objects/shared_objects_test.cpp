// One limiter, used by a program and by a plug-in that it loads, and a plug-in that is unloaded.
// The plug-ins' symbols are hidden and local, so that nothing of the headers is merged.
#include <gtest/gtest.h>

#include <dlfcn.h>
#include <malloc.h>

#include <limiterbench/registry.hpp>

#include <atomic>
#include <chrono>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>

#include "plugin.hpp"

namespace limiterbench::shared_objects {
namespace {

struct Close {
  void operator()(void* library) const noexcept { dlclose(library); }
};
using Library = std::unique_ptr<void, Close>;

Library load(const char* path) {
  Library library(dlopen(path, RTLD_NOW | RTLD_LOCAL));
  if (!library) throw std::runtime_error(dlerror());
  return library;
}

const Plugin& plugin_of(const Library& library) {
  using Entry = const Plugin* (*)();
  return *reinterpret_cast<Entry>(dlsym(library.get(), "limiterbench_plugin"))();
}

Config config_of(std::uint64_t version) {
  Config config{.version = version, .rules = {}, .checksum = 0};
  config.rules.fill({.limit = 1'000'000, .window = min_window + version, .backoff = {}});
  return config;
}

// Both sides of one limiter.
template <class L>
class Shared {
 public:
  explicit Shared(const Design& design) : design_(design) {}
  L& limiter() { return limiter_; }

  void publish(bool in_plugin, std::uint64_t version) {
    if (in_plugin) {
      design_.publish(&limiter_, config_of(version));
    } else {
      limiter_.publish(config_of(version));
    }
  }
  Config config(bool in_plugin, typename L::Handle& handle) {
    return in_plugin ? design_.config(&limiter_, &handle) : limiter_.config(handle);
  }
  Decision ask(bool in_plugin, typename L::Handle& handle) {
    return in_plugin ? design_.try_acquire(&limiter_, &handle, {})
                     : limiter_.try_acquire(handle, {});
  }

 private:
  const Design& design_;
  L limiter_{config_of(1)};
};

class SharedObjects : public testing::Test {
 protected:
  // What is freed is overwritten, so that its use shows in any build.
  static void SetUpTestSuite() { mallopt(M_PERTURB, 0xdd); }

  template <class F>
  void for_each_design(F f) {
    for_each_row([&]<class L>(std::type_identity<L>) {
      const Info info = L::info;
      SCOPED_TRACE(info.name);
      f.template operator()<L>(*plugin_.design(info.name), info);
    });
  }

  Library library_ = load(LIMITERBENCH_TEST_PLUGIN);
  const Plugin& plugin_ = plugin_of(library_);
};

TEST_F(SharedObjects, AskAndReloadOneLimiterByTurns) {
  for_each_design([]<class L>(const Design& design, const Info& info) {
    if (info.exactness == Exactness::none) return;
    Shared<L> shared(design);
    std::jthread([&] {
      auto handle = shared.limiter().attach();
      for (std::uint64_t version = 2; version < 300; ++version) {
        ASSERT_NO_THROW(shared.publish(version % 2 == 0, version));
        for (const bool in_plugin : {false, true}) {
          EXPECT_EQ(shared.config(in_plugin, handle).version, version);
          EXPECT_EQ(shared.ask(in_plugin, handle), Decision::admit(version));
        }
      }
    }).join();
  });
}

// A reader in one object, and reclamation in the other.
TEST_F(SharedObjects, ReadersKeepWhatTheOtherObjectReplaces) {
  for_each_design([]<class L>(const Design& design, const Info& info) {
    if (info.exactness == Exactness::none) return;
    // Each object's copy of xenium has readers of its own: see impls/peers/xenium.hpp.
    if (info.name.starts_with("xenium_")) return;
    // Built by clang, libcds has the same trouble: see impls/peers/libcds_hp.hpp.
    if (info.name == "libcds_hp") return;
    for (const bool reads_in_plugin : {false, true}) {
      Shared<L> shared(design);
      std::atomic<bool> done{false};
      std::jthread reader([&] {
        auto handle = shared.limiter().attach();
        std::uint64_t torn = 0;
        while (!done.load(std::memory_order_relaxed)) {
          if (!is_untorn(shared.config(reads_in_plugin, handle))) ++torn;
          static_cast<void>(shared.ask(reads_in_plugin, handle));
        }
        EXPECT_EQ(torn, 0U);
      });
      const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(100);
      for (std::uint64_t version = 2; std::chrono::steady_clock::now() < end; ++version)
        shared.publish(!reads_in_plugin, version);
      done.store(true, std::memory_order_relaxed);
    }
  });
}

TEST_F(SharedObjects, AnAtomicValueKnowsItsTypeInBoth) {
  AtomicValue value;
  auto reader = value.attach();
  plugin_.store(value, 1);
  {
    const auto guard = value.load(reader);
    ASSERT_NE(guard.get<int>(), nullptr);
    EXPECT_EQ(*guard.get<int>(), 1);
    EXPECT_EQ(guard.get<long>(), nullptr);
  }
  value.store(2);
  EXPECT_FALSE(plugin_.replace(value, reader, 1, 3));
  EXPECT_TRUE(plugin_.replace(value, reader, 2, 3));
  EXPECT_TRUE(value.compare_and_swap(reader, 3, 4));
  EXPECT_THROW(value.store(2L), std::logic_error);
  EXPECT_THROW(plugin_.store_unnamed(value), std::logic_error);
}

struct Unnamed {  // another type than the plug-in's, of the same name
  long value[2] = {};
};

TEST_F(SharedObjects, TypesInUnnamedNamespacesStayApart) {
  AtomicValue value;
  auto reader = value.attach();
  plugin_.store_unnamed(value);
  EXPECT_EQ(value.load(reader).get<Unnamed>(), nullptr);
  EXPECT_THROW(value.store(Unnamed{}), std::logic_error);
  EXPECT_NO_THROW(plugin_.store_unnamed(value));
}

// The thread that used the plug-in lives on, and is preempted.
TEST(Plugin, MayBeUnloadedByAThreadThatUsedIt) {
  using Clock = std::chrono::steady_clock;
  for (int round = 0; round < 100; ++round) {
    {
      const Library library = load(LIMITERBENCH_TEST_UNLOADED);
      using Use = unsigned (*)(unsigned);
      ASSERT_EQ(reinterpret_cast<Use>(dlsym(library.get(), "limiterbench_use"))(100), 300U);
    }
    ASSERT_EQ(dlopen(LIMITERBENCH_TEST_UNLOADED, RTLD_NOW | RTLD_NOLOAD), nullptr);
    for (const auto end = Clock::now() + std::chrono::milliseconds(10); Clock::now() < end;) {
    }
  }
}

}  // namespace
}  // namespace limiterbench::shared_objects
