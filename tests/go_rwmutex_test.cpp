// GoRwMutex: exclusion, and Go's fairness: a pending writer keeps readers out, and the readers that
// queued behind a writer come before the next one.
#include <gtest/gtest.h>

#include <limiterbench/primitives/go_rwmutex.hpp>

#include <atomic>
#include <cstdint>
#include <mutex>
#include <shared_mutex>
#include <thread>
#include <vector>

#include "threads.hpp"

namespace limiterbench {
namespace {

constexpr int rounds = 20'000;

TEST(GoRwMutex, ExcludesWritersFromEachOtherAndFromReaders) {
  GoRwMutex mutex;
  std::uint64_t first = 0;
  std::uint64_t second = 0;
  std::atomic<int> torn{0};
  conformance::in_threads(4, [&](unsigned index) {
    for (int i = 0; i < rounds; ++i) {
      if (index < 2) {
        const std::lock_guard lock(mutex);
        ++first;
        ++second;
      } else {
        const std::shared_lock lock(mutex);
        if (first != second) ++torn;
      }
    }
  });
  EXPECT_EQ(torn, 0);
  EXPECT_EQ(first, 2U * rounds);
}

// Returns once a writer waits for the readers that hold `mutex`.
void await_pending_writer(GoRwMutex& mutex) {
  while (mutex.try_lock_shared()) {
    mutex.unlock_shared();
    std::this_thread::yield();
  }
}

TEST(GoRwMutex, ReadersShare) {
  GoRwMutex mutex;
  mutex.lock_shared();
  EXPECT_TRUE(mutex.try_lock_shared());
  mutex.unlock_shared();
  mutex.unlock_shared();
  mutex.lock();
  EXPECT_FALSE(mutex.try_lock_shared());
  mutex.unlock();
  EXPECT_TRUE(mutex.try_lock_shared());
  mutex.unlock_shared();
}

TEST(GoRwMutex, ATriedReaderSeesWhatTheLastWriterWrote) {
  GoRwMutex mutex;
  int value = 0;
  std::jthread writer([&] {
    for (int i = 1; i <= 1'000; ++i) {
      const std::lock_guard lock(mutex);
      value = i;
    }
  });
  for (int seen = 0; seen < 1'000;) {
    if (!mutex.try_lock_shared()) continue;
    EXPECT_LE(seen, value);
    seen = value;
    mutex.unlock_shared();
  }
}

// All readers leave while the writer waits; each one's reads must come before its write.
TEST(GoRwMutex, AWriterComesAfterEveryReaderThatItFound) {
  for (int round = 0; round < 200; ++round) {
    GoRwMutex mutex;
    int value = 0;
    std::atomic<int> inside{0};
    std::atomic<bool> leave{false};
    std::vector<std::jthread> threads;
    for (int i = 0; i < 3; ++i) {
      threads.emplace_back([&] {
        const std::shared_lock lock(mutex);
        ++inside;
        while (!leave.load()) std::this_thread::yield();
        EXPECT_EQ(value, 0);
      });
    }
    while (inside.load() < 3) std::this_thread::yield();
    threads.emplace_back([&] {
      const std::lock_guard lock(mutex);
      value = 1;
    });
    await_pending_writer(mutex);
    leave = true;
  }
}

TEST(GoRwMutex, APendingWriterComesBeforeLaterReaders) {
  for (int round = 0; round < 200; ++round) {
    GoRwMutex mutex;
    bool written = false;
    mutex.lock_shared();
    std::jthread writer([&] {
      const std::lock_guard lock(mutex);
      written = true;
    });
    await_pending_writer(mutex);
    std::jthread reader([&] {
      const std::shared_lock lock(mutex);
      EXPECT_TRUE(written);
    });
    EXPECT_FALSE(written);
    mutex.unlock_shared();
  }
}

TEST(GoRwMutex, EveryReaderThatQueuedIsWoken) {
  for (int round = 0; round < 200; ++round) {
    GoRwMutex mutex;
    mutex.lock();
    std::atomic<int> inside{0};
    std::vector<std::jthread> readers;
    for (int i = 0; i < 3; ++i) {
      readers.emplace_back([&] {
        const std::shared_lock lock(mutex);
        ++inside;
        // All three hold it at once, or this never ends.
        while (inside.load() < 3) std::this_thread::yield();
      });
    }
    mutex.unlock();
  }
}

}  // namespace
}  // namespace limiterbench
