// BravoLock: when its readers leave the mutex alone.
#include <gtest/gtest.h>

#include <limiterbench/primitives/bravo_lock.hpp>

#include <cstdint>
#include <mutex>
#include <optional>
#include <thread>

namespace limiterbench {
namespace {

bool reads_by_the_table(BravoLock& lock) { return BravoLock::SharedGuard(lock).is_in_table(); }

TEST(BravoLock, TheFirstReadBeginsTheBias) {
  BravoLock lock;
  EXPECT_FALSE(reads_by_the_table(lock));
  for (int i = 0; i < 100; ++i) EXPECT_TRUE(reads_by_the_table(lock));
}

TEST(BravoLock, ReadersThatMeetOnASlotShareTheLock) {
  BravoLock lock(1);
  reads_by_the_table(lock);
  const BravoLock::SharedGuard first(lock);
  EXPECT_TRUE(first.is_in_table());
  EXPECT_FALSE(reads_by_the_table(lock));
}

TEST(BravoLock, AWriteSendsTheNextReadsToTheMutex) {
  constexpr unsigned slots = 3;
  BravoLock lock(slots);
  reads_by_the_table(lock);
  for (int round = 0; round < 3; ++round) {
    { const std::lock_guard write(lock); }
    // The last of them begins the bias.
    for (std::int64_t i = 0; i <= BravoLock::inhibited_per_look * slots; ++i)
      EXPECT_FALSE(reads_by_the_table(lock));
    EXPECT_TRUE(reads_by_the_table(lock));
  }
}

// Without bias there is nothing to revoke: the second write does not begin the count anew.
TEST(BravoLock, AWriteWithoutBiasCostsNoReader) {
  BravoLock lock(1);
  reads_by_the_table(lock);
  { const std::lock_guard write(lock); }
  for (std::int64_t i = 0; i < BravoLock::inhibited_per_look; ++i) reads_by_the_table(lock);
  { const std::lock_guard write(lock); }
  EXPECT_FALSE(reads_by_the_table(lock));
  EXPECT_TRUE(reads_by_the_table(lock));
}

TEST(BravoLock, AWriterWaitsForTheReadersOfTheTable) {
  for (int round = 0; round < 200; ++round) {
    BravoLock lock;
    int value = 0;
    reads_by_the_table(lock);
    std::optional<BravoLock::SharedGuard> reader(std::in_place, lock);
    std::jthread writer([&] {
      const std::lock_guard write(lock);
      value = 1;
    });
    std::this_thread::yield();
    EXPECT_EQ(value, 0);
    reader.reset();
  }
}

}  // namespace
}  // namespace limiterbench
