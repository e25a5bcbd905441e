#include "loader/pipeline/delivery.h"

#include <gtest/gtest.h>

#include <optional>
#include <thread>
#include <vector>

namespace headrace::loader {
namespace {

// Publishes and says which buffer came back, if one did.
std::optional<uint32_t> Publish(Delivery& delivery, uint32_t generation, uint32_t sequence,
                                uint32_t buffer) {
  std::optional<uint32_t> back;
  delivery.Publish(generation, sequence, buffer, [&back](uint32_t index) {
    EXPECT_FALSE(back);
    back = index;
  });
  return back;
}

TEST(DeliveryTest, HandsOutBatchesInSequenceWhateverTheOrderTheyCameIn) {
  Delivery delivery(4);
  const uint32_t generation = delivery.generation();
  EXPECT_FALSE(Publish(delivery, generation, 1, 7));
  EXPECT_FALSE(delivery.TryTake(0));
  EXPECT_FALSE(Publish(delivery, generation, 0, 5));
  EXPECT_EQ(delivery.TryTake(0), 5u);
  EXPECT_FALSE(delivery.TryTake(0));
  EXPECT_EQ(delivery.TryTake(1), 7u);
}

TEST(DeliveryTest, ANewGenerationGivesBackWhatWasNotTaken) {
  Delivery delivery(4);
  const uint32_t old_generation = delivery.generation();
  EXPECT_FALSE(Publish(delivery, old_generation, 0, 1));
  EXPECT_FALSE(Publish(delivery, old_generation, 1, 2));
  std::vector<uint32_t> back;
  delivery.BeginGeneration([&](uint32_t buffer) { back.push_back(buffer); });
  EXPECT_EQ(back, (std::vector<uint32_t>{1, 2}));
  EXPECT_FALSE(delivery.TryTake(0));
  // A straggler of the old generation comes back to whoever publishes it, and does not push out a
  // batch of the new one that lies in the same slot.
  EXPECT_FALSE(Publish(delivery, delivery.generation(), 2, 3));
  EXPECT_EQ(Publish(delivery, old_generation, 2, 0), 0u);
  EXPECT_EQ(delivery.TryTake(2), 3u);
}

TEST(DeliveryTest, NoBufferIsLostWhenGenerationsAndPublishersRace) {
  constexpr uint32_t kBuffers = 4;
  Delivery delivery(kBuffers);
  std::atomic<int> out{0};  // buffers that somebody holds or a slot has
  std::atomic<bool> stop{false};
  std::vector<std::atomic<bool>> busy(kBuffers);
  std::vector<std::thread> threads;
  for (uint32_t i = 0; i < 2; ++i) {
    threads.emplace_back([&, i] {
      uint32_t sequence = i;
      while (!stop) {
        const uint32_t buffer = i * 2 + sequence % 2;
        if (busy[buffer].exchange(true)) continue;
        ++out;
        delivery.Publish(delivery.generation(), sequence % 2 + i * 2, buffer, [&](uint32_t stale) {
          --out;
          busy[stale] = false;
        });
        ++sequence;
      }
    });
  }
  for (int round = 0; round < 3000; ++round) {
    delivery.BeginGeneration([&](uint32_t buffer) {
      --out;
      busy[buffer] = false;
    });
  }
  stop = true;
  for (auto& thread : threads) thread.join();
  delivery.BeginGeneration([&](uint32_t) { --out; });
  EXPECT_EQ(out, 0);
}

}  // namespace
}  // namespace headrace::loader
