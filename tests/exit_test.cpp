// A limiter asked while a thread or the program ends, and in a forked child. Each in a process of
// its own, with an alarm: what goes wrong there hangs.
#include <gtest/gtest.h>

#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

#include <limiterbench/registry.hpp>

#include <cstdlib>
#include <functional>
#include <memory>
#include <string_view>
#include <thread>
#include <vector>

#include "conformance.hpp"
#include "threads.hpp"

namespace limiterbench {
namespace {

Config config_of(std::uint64_t version) {
  return conformance::uniform(version,
                              {.limit = 1'000'000, .window = 1'000'000'000, .backoff = {}});
}

// More than any design retires before it waits for its readers.
template <class L>
void reload(L& limiter) {
  for (std::uint64_t version = 2; version < 300; ++version) limiter.publish(config_of(version));
}

// One instance of std::thread's code for all designs.
void in_a_thread(const std::function<void()>& run) { std::thread(run).join(); }

void expect(bool holds) {
  if (!holds) std::_Exit(1);
}

// One limiter and one handle for each thread, asked by whoever outlives the handle's thread state.
template <class L>
struct Late {
  static L& limiter() {
    static auto* const limiter = new L(config_of(1));
    return *limiter;
  }
  static void ask() { expect(limiter().try_acquire(*handle, {}).admitted()); }

  // Never destroyed: the thread asks until it is gone. It goes with a test's process, and is kept
  // in a list until then, or LeakSanitizer would report it.
  static void attach() {
    static auto* const all = new std::vector<typename L::Handle*>;
    handle = all->emplace_back(new typename L::Handle(limiter().attach()));
  }
  static inline thread_local typename L::Handle* handle = nullptr;
};

template <class L>
void ask_as_a_thread_local_object_ends() {
  struct Logger {
    ~Logger() { Late<L>::ask(); }
    bool used = false;
  };
  for (int i = 0; i < 3; ++i) {
    in_a_thread([] {
      static thread_local Logger logger;
      logger.used = true;
      Late<L>::attach();
      // What the design keeps for this thread is newer than `logger`, and gone before it.
      Late<L>::ask();
    });
    reload(Late<L>::limiter());
  }
}

template <class L>
void ask_as_a_key_is_destroyed() {
  using Handle = typename L::Handle;
  static pthread_key_t key;
  pthread_key_create(&key, [](void* value) {
    Handle* const handle = static_cast<Handle*>(value);
    expect(Late<L>::limiter().try_acquire(*handle, {}).admitted());
    delete handle;
  });
  for (int i = 0; i < 3; ++i) {
    in_a_thread([] {
      auto* const handle = new Handle(Late<L>::limiter().attach());
      static_cast<void>(Late<L>::limiter().try_acquire(*handle, {}));
      pthread_setspecific(key, handle);
    });
    reload(Late<L>::limiter());
  }
}

template <class L>
void ask_as_static_objects_end() {
  struct Service {
    L limiter{config_of(1)};
    typename L::Handle handle{limiter.attach()};
    ~Service() {
      expect(limiter.try_acquire(handle, {}).admitted());
      reload(limiter);
    }
  };
  static Service service;
  expect(service.limiter.try_acquire(service.handle, {}).admitted());
}

// The parent's other threads, none of them inside the limiter, are not in the child.
template <class L>
void ask_in_a_forked_child() {
  L limiter(config_of(1));
  auto handle = limiter.attach();
  const auto use = [&](const auto& made) { static_cast<void>(made); };
  const conformance::Idle first(
      [&] { return std::make_shared<typename L::Handle>(limiter.attach()); }, use);
  const pid_t child = fork();
  if (child == 0) {
    reload(limiter);
    expect(limiter.try_acquire(handle, {}).admitted());
    in_a_thread([&] {
      auto later = limiter.attach();
      expect(limiter.try_acquire(later, {}).admitted());
    });
    std::_Exit(0);
  }
  int status = 0;
  expect(waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

// Threads of a pool, which use one limiter after another.
template <class L>
void outlive_limiters() {
  in_a_thread([] {
    for (int i = 0; i < 5; ++i) {
      L limiter(config_of(1));
      auto handle = limiter.attach();
      expect(limiter.try_acquire(handle, {}).admitted());
      reload(limiter);
    }
  });
}

// Not a template: expanding the death test for each design would take the compiler most of its
// time.
void expect_clean_exit(std::string_view name, void (*run)()) {
  SCOPED_TRACE(name);
  EXPECT_EXIT(
      {
        alarm(60);
        run();
        std::exit(0);
      },
      testing::ExitedWithCode(0), "");
}

// F: a lambda without captures, called for each design in a process of its own.
template <class F>
void for_each_design(F) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  for_each_row([]<class L>(std::type_identity<L>) {
    expect_clean_exit(Info(L::info).name, [] { F().template operator()<L>(); });
  });
}

TEST(Exit, ThreadLocalObjectsMayAsk) {
  for_each_design([]<class L>() {
    // xenium uses the ended thread's record, which is gone: see impls/peers/xenium.hpp.
    if (Info(L::info).name.starts_with("xenium_")) return;
    ask_as_a_thread_local_object_ends<L>();
  });
}
TEST(Exit, DestructorsOfKeysMayAsk) {
  for_each_design([]<class L>() { ask_as_a_key_is_destroyed<L>(); });
}
TEST(Exit, StaticObjectsMayAsk) {
  for_each_design([]<class L>() { ask_as_static_objects_end<L>(); });
}
TEST(Exit, ForkedChildrenMayAsk) {
  if (LIMITERBENCH_TSAN) GTEST_SKIP() << "ThreadSanitizer follows no thread of a forked child";
  for_each_design([]<class L>() { ask_in_a_forked_child<L>(); });
}
TEST(Exit, ThreadsMayOutliveLimiters) {
  for_each_design([]<class L>() { outlive_limiters<L>(); });
}

#if LIMITERBENCH_WITH_URCU
// A service that uses the library itself, registered before it attaches.
TEST(Exit, AServiceMayRegisterWithUrcuFirst) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  expect_clean_exit("urcu", [] {
    urcu_memb limiter(config_of(1));
    urcu_qsbr other(config_of(1));
    in_a_thread([&] {
      urcu_memb_register_thread();
      urcu_qsbr_register_thread();
      auto handle = limiter.attach();
      auto other_handle = other.attach();
      urcu_memb_read_lock();
      expect(limiter.try_acquire(handle, {}).admitted());
      urcu_memb_read_unlock();
      expect(urcu_qsbr_read_ongoing() != 0);
      expect(other.try_acquire(other_handle, {}).admitted());
      expect(urcu_qsbr_read_ongoing() != 0);  // still online: what the service reads stays
      urcu_memb_unregister_thread();
      urcu_qsbr_unregister_thread();
      expect(limiter.try_acquire(handle, {}).admitted());
      expect(other.try_acquire(other_handle, {}).admitted());
    });
    reload(limiter);
    reload(other);
  });
}
#endif

}  // namespace
}  // namespace limiterbench
