// What docs/order.md promises of shuffle = "block".
#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <vector>

#include "loader/sampler.h"
#include "tests/support/allocation_counter.h"
#include "tests/support/run_dataset.h"

namespace headrace::loader {
namespace {

using testing::RunDataset;

constexpr uint64_t kSeed = 11;

Sampler SamplerOf(const RunDataset& dataset, uint32_t window, uint64_t seed = kSeed) {
  return {dataset.size(), Shuffle::kBlock, seed, 4, 0, 1, Tail::kExact, &dataset, window};
}

std::vector<uint64_t> IdsOf(const RunDataset& dataset, uint32_t window, uint32_t epoch,
                            uint64_t seed = kSeed) {
  const Sampler sampler = SamplerOf(dataset, window, seed);
  const Sampler::Order order = sampler.OrderOf(epoch);
  std::vector<uint64_t> ids;
  for (uint64_t position = 0; position < dataset.size(); ++position) {
    ids.push_back(order.IdAt(position));
  }
  return ids;
}

// With a window of one sample nothing moves: the stream of the runs as they are read.
std::vector<uint64_t> StreamOf(const RunDataset& dataset, uint32_t epoch) {
  return IdsOf(dataset, 1, epoch);
}

std::vector<uint64_t> Sorted(std::vector<uint64_t> values) {
  std::sort(values.begin(), values.end());
  return values;
}

const std::vector<uint64_t> kLengths = {100, 1, 0, 63, 250, 40, 0, 100, 7, 90};

TEST(BlockOrderTest, EverySampleComesExactlyOnce) {
  const RunDataset dataset(kLengths);
  for (const uint32_t window : {1u, 2u, 10u, 64u, 100u, 650u, 651u, 652u, 1u << 30}) {
    for (uint32_t epoch = 0; epoch < 20; ++epoch) {
      const auto ids = Sorted(IdsOf(dataset, window, epoch));
      for (uint64_t id = 0; id < dataset.size(); ++id) {
        ASSERT_EQ(ids[id], id) << "window " << window << " epoch " << epoch;
      }
    }
  }
}

TEST(BlockOrderTest, RunsAreReadWholeOneAfterTheOther) {
  const RunDataset dataset(kLengths);
  std::set<std::vector<uint64_t>> orders;
  for (uint32_t epoch = 0; epoch < 50; ++epoch) {
    const auto stream = StreamOf(dataset, epoch);
    std::vector<uint64_t> runs;
    for (uint64_t place = 0; place < stream.size(); ++place) {
      const uint64_t run = dataset.RunOf(stream[place]);
      if (runs.empty() || runs.back() != run) {
        EXPECT_EQ(stream[place], dataset.RunBegin(run));
        runs.push_back(run);
      } else {
        EXPECT_EQ(stream[place], stream[place - 1] + 1);
      }
    }
    EXPECT_EQ(Sorted(runs), (std::vector<uint64_t>{0, 1, 3, 4, 5, 7, 8, 9})) << "epoch " << epoch;
    orders.insert(runs);
  }
  EXPECT_GT(orders.size(), 45u) << "the order of the runs hardly changes over epochs";
  EXPECT_NE(StreamOf(dataset, 0), IdsOf(dataset, 1, 0, kSeed + 1));
}

TEST(BlockOrderTest, ASampleMovesInsideItsWindowOnly) {
  const RunDataset dataset(kLengths);
  for (const uint32_t window : {10u, 64u, 200u}) {
    for (uint32_t epoch = 0; epoch < 10; ++epoch) {
      const auto stream = StreamOf(dataset, epoch);
      const auto ids = IdsOf(dataset, window, epoch);
      for (size_t first = 0; first < ids.size(); first += window) {
        const size_t end = std::min(first + window, ids.size());
        const auto part = [&](const std::vector<uint64_t>& all) {
          return std::vector<uint64_t>(all.begin() + static_cast<ptrdiff_t>(first),
                                       all.begin() + static_cast<ptrdiff_t>(end));
        };
        ASSERT_EQ(Sorted(part(ids)), Sorted(part(stream)));
        if (end - first >= 10) {
          EXPECT_NE(part(ids), part(stream)) << "is not shuffled at all";
        }
      }
    }
  }
}

TEST(BlockOrderTest, AWindowTouchesAsManyRunsAsItsLengthAllows) {
  const RunDataset dataset(std::vector<uint64_t>(40, 25));
  constexpr uint32_t kWindow = 60;
  for (uint32_t epoch = 0; epoch < 20; ++epoch) {
    const auto ids = IdsOf(dataset, kWindow, epoch);
    for (size_t first = 0; first < ids.size(); first += kWindow) {
      std::set<uint64_t> runs;
      for (size_t i = first; i < std::min(first + kWindow, ids.size()); ++i) {
        runs.insert(dataset.RunOf(ids[i]));
      }
      EXPECT_LE(runs.size(), (kWindow - 2) / 25 + 2);
    }
  }
}

// Of two windows and two epochs no two are permuted alike.
TEST(BlockOrderTest, WindowsAndEpochsArePermutedApart) {
  const RunDataset dataset({400});
  std::set<std::vector<uint64_t>> seen;
  for (uint32_t epoch = 0; epoch < 5; ++epoch) {
    const auto ids = IdsOf(dataset, 40, epoch);
    for (uint64_t window = 0; window < 10; ++window) {
      std::vector<uint64_t> places;
      for (uint64_t i = 0; i < 40; ++i) places.push_back(ids[window * 40 + i] - window * 40);
      seen.insert(places);
    }
  }
  EXPECT_EQ(seen.size(), 50u);
}

TEST(BlockOrderTest, AnEpochBeginsWithoutAllocating) {
  const RunDataset dataset(std::vector<uint64_t>(1000, 10));
  const Sampler sampler = SamplerOf(dataset, 64);
  Sampler::Order order(sampler);
  const uint64_t before = testing::AllocationCount();
  uint64_t sum = 0;
  for (uint32_t epoch = 0; epoch < 10; ++epoch) {
    order.Begin(epoch);
    for (uint64_t position = 0; position < dataset.size(); position += 97) {
      sum += order.IdAt(position);
    }
  }
  EXPECT_EQ(testing::AllocationCount(), before);
  EXPECT_GT(sum, 0u);
  EXPECT_EQ(Sampler::OrderBytes(Shuffle::kBlock, dataset), 1001 * sizeof(uint64_t));
  EXPECT_EQ(Sampler::OrderBytes(Shuffle::kFull, dataset), 0u);
}

TEST(BlockOrderTest, FullShuffleOfTenBillionNeedsNoTable) {
  constexpr uint64_t kSamples = 10'000'000'000;
  const uint64_t before = testing::AllocationCount();
  const Sampler sampler(kSamples, Shuffle::kFull, kSeed, 256, 5, 1000, Tail::kDrop);
  Sampler::Order order(sampler);
  order.Begin(3);
  EXPECT_EQ(sampler.batches(), kSamples / 256'000);
  uint64_t low = 0;
  for (uint64_t position = 0; position < kSamples; position += kSamples / 1000) {
    const uint64_t id = order.IdAt(position);
    ASSERT_LT(id, kSamples);
    low += id < kSamples / 2 ? 1 : 0;
  }
  EXPECT_EQ(testing::AllocationCount(), before);
  EXPECT_GT(low, 400u);
  EXPECT_LT(low, 600u);
}

}  // namespace
}  // namespace headrace::loader
