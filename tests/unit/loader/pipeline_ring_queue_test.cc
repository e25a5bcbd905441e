#include <gtest/gtest.h>

#include <cstdint>
#include <random>

#include "loader/pipeline/ring_queue.h"
#include "tests/support/mutex_pipeline.h"

namespace headrace::loader {
namespace {

TEST(RingQueueTest, GivesItemsInTheOrderOfPushes) {
  RingQueue<int> queue(8);
  for (int i = 0; i < 8; ++i) ASSERT_TRUE(queue.TryPush(i));
  for (int i = 0; i < 8; ++i) {
    int value = -1;
    ASSERT_TRUE(queue.TryPop(&value));
    EXPECT_EQ(value, i);
  }
}

TEST(RingQueueTest, RefusesAPushWhenFullAndTakesItAfterAPop) {
  RingQueue<int> queue(2);
  ASSERT_TRUE(queue.TryPush(1));
  ASSERT_TRUE(queue.TryPush(2));
  EXPECT_FALSE(queue.TryPush(3));
  int value = 0;
  ASSERT_TRUE(queue.TryPop(&value));
  EXPECT_TRUE(queue.TryPush(3));
  EXPECT_FALSE(queue.TryPush(4));
}

TEST(RingQueueTest, LeavesTheValueAloneWhenEmpty) {
  RingQueue<int> queue(2);
  int value = 42;
  EXPECT_FALSE(queue.TryPop(&value));
  EXPECT_EQ(value, 42);
}

TEST(RingQueueTest, HasTheCapacityItWasGiven) {
  EXPECT_EQ(RingQueue<int>(2).capacity(), 2u);
  EXPECT_EQ(RingQueue<int>(1024).capacity(), 1024u);
}

#ifdef NDEBUG
TEST(RingQueueTest, RoundsAWrongCapacityUpInRelease) {
  EXPECT_EQ(RingQueue<int>(0).capacity(), 2u);
  EXPECT_EQ(RingQueue<int>(1).capacity(), 2u);
  EXPECT_EQ(RingQueue<int>(5).capacity(), 8u);
}
#endif

TEST(RingQueueTest, CarriesSmallStructs) {
  struct Item {
    uint16_t buffer;
    uint8_t band;
  };
  RingQueue<Item> queue(4);
  ASSERT_TRUE(queue.TryPush({.buffer = 65535, .band = 7}));
  Item item{};
  ASSERT_TRUE(queue.TryPop(&item));
  EXPECT_EQ(item.buffer, 65535);
  EXPECT_EQ(item.band, 7);
}

TEST(RingQueueTest, KeepsAllBitsOfAValue) {
  RingQueue<uint32_t> queue(2);
  for (const uint32_t pushed : {0u, 1u, 0x80000000u, 0xffffffffu}) {
    ASSERT_TRUE(queue.TryPush(pushed));
    uint32_t value = 5;
    ASSERT_TRUE(queue.TryPop(&value));
    EXPECT_EQ(value, pushed);
  }
}

// Any sequence of operations gives what a deque under a mutex gives, through many rounds of the
// ring.
TEST(RingQueueTest, EqualsItsMutexTwinOnRandomSequences) {
  for (const size_t capacity : {2u, 4u, 16u}) {
    std::mt19937 random(static_cast<uint32_t>(capacity));
    RingQueue<uint32_t> queue(capacity);
    test::MutexRing<uint32_t> twin(capacity);
    for (uint32_t step = 0; step < 50'000; ++step) {
      // Drifts from empty to full and back.
      const bool push = random() % 100 < (step / 64 % 2 == 0 ? 65u : 35u);
      if (push) {
        ASSERT_EQ(queue.TryPush(step), twin.TryPush(step)) << "step " << step;
      } else {
        uint32_t value = 0;
        uint32_t expected = 0;
        ASSERT_EQ(queue.TryPop(&value), twin.TryPop(&expected)) << "step " << step;
        ASSERT_EQ(value, expected) << "step " << step;
      }
      ASSERT_EQ(queue.ApproxSize(), twin.ApproxSize()) << "step " << step;
      ASSERT_EQ(queue.Empty(), twin.ApproxSize() == 0) << "step " << step;
    }
  }
}

}  // namespace
}  // namespace headrace::loader
