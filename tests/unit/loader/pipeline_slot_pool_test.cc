#include <gtest/gtest.h>

#include <cstdint>
#include <random>
#include <vector>

#include "loader/pipeline/count_down.h"
#include "loader/pipeline/slot_pool.h"
#include "loader/pipeline/stop_flag.h"
#include "tests/support/mutex_pipeline.h"

namespace headrace::loader {
namespace {

TEST(SlotPoolTest, HandsOutEachIndexOnceFromZeroUp) {
  SlotPool<> pool(3);
  for (uint32_t expected = 0; expected < 3; ++expected) {
    uint32_t index = 99;
    ASSERT_TRUE(pool.TryAcquire(&index));
    EXPECT_EQ(index, expected);
  }
  uint32_t index = 99;
  EXPECT_FALSE(pool.TryAcquire(&index));
  EXPECT_EQ(index, 99u);
}

TEST(SlotPoolTest, GivesTheWarmestSlotFirst) {
  SlotPool<> pool(4);
  uint32_t index = 0;
  for (int i = 0; i < 4; ++i) ASSERT_TRUE(pool.TryAcquire(&index));
  pool.Release(2);
  pool.Release(0);
  ASSERT_TRUE(pool.TryAcquire(&index));
  EXPECT_EQ(index, 0u);
  ASSERT_TRUE(pool.TryAcquire(&index));
  EXPECT_EQ(index, 2u);
}

TEST(SlotPoolTest, WorksAtItsLargestCount) {
  SlotPool<> pool(SlotPool<>::kSlotsMax);
  EXPECT_EQ(pool.ApproxFree(), SlotPool<>::kSlotsMax);
  std::vector<bool> seen(SlotPool<>::kSlotsMax);
  uint32_t index = 0;
  while (pool.TryAcquire(&index)) {
    ASSERT_LT(index, SlotPool<>::kSlotsMax);
    ASSERT_FALSE(seen[index]);
    seen[index] = true;
  }
  EXPECT_EQ(pool.ApproxFree(), 0u);
  for (uint32_t i = 0; i < SlotPool<>::kSlotsMax; ++i) pool.Release(i);
  EXPECT_EQ(pool.ApproxFree(), SlotPool<>::kSlotsMax);
  ASSERT_TRUE(pool.TryAcquire(&index));
  EXPECT_EQ(index, SlotPool<>::kSlotsMax - 1);
}

TEST(SlotPoolTest, EqualsItsMutexTwinOnRandomSequences) {
  std::mt19937 random(3);
  constexpr uint32_t kCount = 7;
  SlotPool<> pool(kCount);
  test::MutexSlotPool twin(kCount);
  std::vector<uint32_t> held;
  for (uint32_t step = 0; step < 50'000; ++step) {
    if (random() % 2 == 0) {
      uint32_t index = 0;
      uint32_t expected = 0;
      const bool got = pool.TryAcquire(&index);
      ASSERT_EQ(got, twin.TryAcquire(&expected)) << "step " << step;
      ASSERT_EQ(index, expected) << "step " << step;
      if (got) held.push_back(index);
    } else if (!held.empty()) {
      const size_t which = random() % held.size();
      pool.Release(held[which]);
      twin.Release(held[which]);
      held[which] = held.back();
      held.pop_back();
    }
    ASSERT_EQ(pool.ApproxFree(), twin.ApproxFree()) << "step " << step;
  }
}

TEST(CountDownTest, IsTrueForTheLastArrivalOnlyAndAgainAfterReset) {
  CountDown<> count_down;
  for (const uint32_t count : {1u, 3u, 64u}) {
    count_down.Reset(count);
    for (uint32_t i = 1; i < count; ++i) {
      EXPECT_FALSE(count_down.Arrive());
      EXPECT_EQ(count_down.Remaining(), count - i);
    }
    EXPECT_TRUE(count_down.Arrive());
    EXPECT_EQ(count_down.Remaining(), 0u);
  }
}

TEST(StopFlagTest, SaysWhoWasFirst) {
  StopFlag<> stop;
  EXPECT_FALSE(stop.Requested());
  EXPECT_TRUE(stop.Request());
  EXPECT_TRUE(stop.Requested());
  EXPECT_FALSE(stop.Request());
  EXPECT_TRUE(stop.Requested());
}

}  // namespace
}  // namespace headrace::loader
