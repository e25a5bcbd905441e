#include "loader/sampler.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <vector>

namespace headrace::loader {
namespace {

std::vector<uint64_t> OrderOf(uint64_t size, uint64_t seed, uint32_t epoch) {
  const KeyedPermutation permutation(size, seed, epoch, 0, "order");
  std::vector<uint64_t> order(size);
  for (uint64_t i = 0; i < size; ++i) order[i] = permutation.At(i);
  return order;
}

TEST(KeyedPermutationTest, IsAPermutationOfEverySize) {
  for (uint64_t size : {1, 2, 3, 5, 16, 17, 200, 255, 256, 257, 1000, 4096, 65537, 100003}) {
    std::vector<uint64_t> order = OrderOf(size, 7, 3);
    std::sort(order.begin(), order.end());
    for (uint64_t i = 0; i < size; ++i) ASSERT_EQ(order[i], i) << "size " << size;
  }
}

TEST(KeyedPermutationTest, DependsOnSeedEpochUnitAndPurpose) {
  const auto base = OrderOf(100, 1, 1);
  EXPECT_NE(base, OrderOf(100, 2, 1));
  EXPECT_NE(base, OrderOf(100, 1, 2));
  const KeyedPermutation other(100, 1, 1, 0, "substitute");
  const KeyedPermutation unit(100, 1, 1, 9, "order");
  int same_other = 0;
  int same_unit = 0;
  for (uint64_t i = 0; i < 100; ++i) {
    same_other += other.At(i) == base[i];
    same_unit += unit.At(i) == base[i];
  }
  EXPECT_LT(same_other, 10);
  EXPECT_LT(same_unit, 10);
}

// Chi-square of where sample `first` (and the pair of neighbours) lands, over many epochs; 9
// degrees of freedom have their 1e-6 point at 45.1, 89 (ordered pairs of 10) at 164.
double ChiSquareOfPlaces(bool biased) {
  std::vector<double> count(10, 0);
  constexpr int kEpochs = 20000;
  for (int epoch = 0; epoch < kEpochs; ++epoch) {
    const auto order = OrderOf(10, 42, static_cast<uint32_t>(epoch));
    size_t place = std::find(order.begin(), order.end(), 3u) - order.begin();
    if (biased && epoch % 20 == 0) place = 0;  // the negative control
    ++count[place];
  }
  double chi = 0;
  for (const double c : count)
    chi += (c - kEpochs / 10.0) * (c - kEpochs / 10.0) / (kEpochs / 10.0);
  return chi;
}

TEST(KeyedPermutationTest, EverySampleIsEquallyLikelyAtEveryPosition) {
  EXPECT_LT(ChiSquareOfPlaces(false), 45.1);
  EXPECT_GT(ChiSquareOfPlaces(true), 45.1);
}

TEST(KeyedPermutationTest, NeighboursAreIndependent) {
  std::vector<double> count(100, 0);
  constexpr int kEpochs = 45000;
  for (int epoch = 0; epoch < kEpochs; ++epoch) {
    const auto order = OrderOf(10, 5, static_cast<uint32_t>(epoch));
    ++count[order[4] * 10 + order[5]];
  }
  double chi = 0;
  for (int a = 0; a < 10; ++a) {
    for (int b = 0; b < 10; ++b) {
      if (a == b) continue;
      const double expected = kEpochs / 90.0;
      chi += (count[a * 10 + b] - expected) * (count[a * 10 + b] - expected) / expected;
    }
  }
  EXPECT_LT(chi, 164);
}

struct Shape {
  uint64_t samples;
  uint32_t batch_size;
  uint32_t world_size;
};

TEST(SamplerTest, I01_AllRanksTogetherHoldEachPositionOnce) {
  for (const Shape shape : {Shape{100, 8, 1}, {100, 8, 3}, {96, 8, 3}, {7, 8, 2}, {1, 1, 4}}) {
    for (const Tail tail : {Tail::kDrop, Tail::kPad, Tail::kExact}) {
      std::multiset<uint64_t> seen;
      std::set<uint64_t> batch_counts;
      for (uint32_t rank = 0; rank < shape.world_size; ++rank) {
        const Sampler sampler(shape.samples, Shuffle::kFull, 1, shape.batch_size, rank,
                              shape.world_size, tail);
        batch_counts.insert(sampler.batches());
        for (uint64_t b = 0; b < sampler.batches(); ++b) {
          for (uint32_t i = 0; i < sampler.Count(b); ++i) seen.insert(sampler.FirstPosition(b) + i);
        }
      }
      const uint64_t step = uint64_t{shape.batch_size} * shape.world_size;
      const uint64_t expected = tail == Tail::kDrop ? shape.samples / step * step : shape.samples;
      EXPECT_EQ(seen.size(), expected);
      EXPECT_EQ(std::set<uint64_t>(seen.begin(), seen.end()).size(), expected);
      if (tail != Tail::kExact) {
        EXPECT_EQ(batch_counts.size(), 1u) << "ranks differ in batches";
      }
    }
  }
}

TEST(SamplerTest, NoShuffleIsTheIdentity) {
  const Sampler sampler(10, Shuffle::kNone, 1, 2, 0, 1, Tail::kDrop);
  const auto order = sampler.OrderOf(5);
  for (uint64_t i = 0; i < 10; ++i) EXPECT_EQ(order.IdAt(i), i);
}

}  // namespace
}  // namespace headrace::loader
