#include "simd/noise.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/rng.h"
#include "simd/poisson.h"
#include "simd/reference_noise.h"
#include "tests/unit/simd/pictures.h"

namespace headrace::simd {
namespace {

constexpr uint64_t kKey = 0xFEDCBA9876543210;
constexpr SizePx kSizes[] = {{1, 1},   {1, 7},   {7, 1},  {2, 2},   {2, 3},
                             {3, 3},   {17, 31}, {32, 5}, {700, 3}, {513, 2},
                             {172, 1}, {171, 1}, {64, 4}, {90, 41}, {1, 300}};

class NoiseOnTarget : public EveryTarget {
 protected:
  // `add(source, target)` and its twin agree, on loose rows, dense ones and in place.
  template <class Add, class Twin>
  void ExpectEqual(const Add& add, const Twin& twin) {
    uint32_t seed = 0;
    for (const SizePx size : kSizes) {
      if (has_one_lane() && size.width > 200) continue;
      for (const uint32_t channels : {1u, 3u}) {
        for (const size_t padding : {size_t{0}, size_t{5}}) {
          GuardedPicture source(size, channels, padding == 0 ? 0 : padding + 2);
          FillTestPicture(source.view(), seed++);
          GuardedPicture got(size, channels, padding);
          GuardedPicture wanted(size, channels);
          add(source.view(), got.view());
          twin(source.view(), wanted.view());
          ASSERT_EQ(got.Dense(), wanted.Dense())
              << size.width << "x" << size.height << "x" << channels << " padding " << padding;
          ASSERT_TRUE(got.GuardsAreIntact());
          add(source.view(), source.view());
          ASSERT_EQ(source.Dense(), wanted.Dense());
          ASSERT_TRUE(source.GuardsAreIntact());
        }
      }
    }
  }
};
HEADRACE_ON_EVERY_TARGET(NoiseOnTarget);

TEST_P(NoiseOnTarget, WordsAreThoseOfPhiloxFromAnywhere) {
  for (const uint64_t first :
       {uint64_t{0}, uint64_t{1}, uint64_t{6}, uint64_t{4'000'003}, (uint64_t{1} << 34) - 9}) {
    for (const size_t count : {1, 2, 3, 4, 15, 64, 65, 200, 1536, 1537, 4000}) {
      std::vector<uint32_t> words(count + 8, 0xABABABAB);
      MakeNoiseWords(kKey, first, std::span(words).first(count));
      for (size_t i = 0; i < count; ++i) {
        const uint64_t block = (first + i) / 4;
        const PhiloxBlock made =
            Philox4x32({static_cast<uint32_t>(block), static_cast<uint32_t>(block >> 32), 0, 0},
                       static_cast<uint32_t>(kKey), static_cast<uint32_t>(kKey >> 32));
        ASSERT_EQ(words[i], made[(first + i) % 4]) << first << " + " << i;
      }
      for (size_t i = count; i < words.size(); ++i) ASSERT_EQ(words[i], 0xABABABAB);
    }
  }
}

TEST_P(NoiseOnTarget, NormalsEqualTheirTwin) {
  std::vector<float> normals(has_one_lane() ? 5000 : 200000);
  MakeNormals(kKey, 3, normals);
  for (size_t i = 0; i < normals.size(); ++i) {
    ASSERT_EQ(normals[i], reference::NormalOfWord(reference::NoiseWord(kKey, 3 + i))) << i;
  }
}

TEST_P(NoiseOnTarget, GaussianEqualsItsTwin) {
  for (const bool per_channel : {true, false}) {
    for (const bool clip : {true, false}) {
      for (const bool trunc : {true, false}) {
        for (const double sigma : {0.0, 0.3, 100.0}) {
          const GaussianNoise noise = {.mean = sigma - 0.1,
                                       .sigma = sigma,
                                       .clip = clip,
                                       .per_channel = per_channel,
                                       .trunc = trunc};
          ExpectEqual(
              [&](auto source, auto target) { AddGaussianNoise(source, noise, kKey, target); },
              [&](auto source, auto target) {
                reference::AddGaussianNoise(source, noise, kKey, target);
              });
        }
      }
    }
  }
}

TEST_P(NoiseOnTarget, SpeckleEqualsItsTwin) {
  for (const double sigma : {0.0, 0.1, 0.6, 100.0}) {
    ExpectEqual(
        [&](auto source, auto target) { AddSpeckleNoise(source, 0.05, sigma, kKey, target); },
        [&](auto source, auto target) {
          reference::AddSpeckleNoise(source, 0.05, sigma, kKey, target);
        });
  }
}

TEST_P(NoiseOnTarget, SaltAndPepperEqualsItsTwin) {
  for (const bool per_channel : {true, false}) {
    for (const double amount : {0.0, 0.05, 0.5, 1.0}) {
      for (const double salt : {0.0, 0.3, 1.0}) {
        const SaltPepper noise = {amount, salt, per_channel};
        ExpectEqual(
            [&](auto source, auto target) { AddSaltPepperNoise(source, noise, kKey, target); },
            [&](auto source, auto target) {
              reference::AddSaltPepperNoise(source, noise, kKey, target);
            });
      }
    }
  }
}

TEST_P(NoiseOnTarget, PoissonEqualsItsTwin) {
  const auto table = std::make_unique<PoissonTable>();
  for (const double peak : {0.01, 3.0, 60.0, 255.0, 5000.0, 1e6}) {
    MakePoissonTable(peak, table.get());
    ExpectEqual([&](auto source, auto target) { AddPoissonNoise(source, *table, kKey, target); },
                [&](auto source, auto target) {
                  reference::AddPoissonNoise(source, *table, kKey, target);
                });
  }
}

TEST_P(NoiseOnTarget, FillEqualsItsTwin) {
  const NoiseColour colour = {{0.485, 0.456, 0.406}, {0.229, 0.224, 0.225}};
  ExpectEqual([&](auto, auto target) { FillWithNoise(colour, kKey, target); },
              [&](auto, auto target) { reference::FillWithNoise(colour, kKey, target); });
}

TEST(NoiseTest, NothingChangesWithoutNoise) {
  GuardedPicture source({40, 30}, 3);
  FillTestPicture(source.view(), 3);
  GuardedPicture out({40, 30}, 3);
  AddGaussianNoise(source.view(), {.sigma = 0}, kKey, out.view());
  EXPECT_EQ(out.Dense(), source.Dense());
  AddSpeckleNoise(source.view(), 0, 0, kKey, out.view());
  EXPECT_EQ(out.Dense(), source.Dense());
  AddSaltPepperNoise(source.view(), {.amount = 0}, kKey, out.view());
  EXPECT_EQ(out.Dense(), source.Dense());
}

TEST(NoiseTest, HalvesAreRoundedToEven) {
  // 255 mean is 0.5 exactly, so every sum is a half.
  const std::vector<uint8_t> in = {0, 1, 2, 3, 254, 255};
  std::vector<uint8_t> out(6);
  AddGaussianNoise({in.data(), 6, 1, 1, 6}, {.mean = 0.5 / 255, .sigma = 0}, kKey,
                   {out.data(), 6, 1, 1, 6});
  EXPECT_EQ(out, (std::vector<uint8_t>{0, 2, 2, 4, 254, 255}));
}

TEST(NoiseTest, ResultsAreCutOrWrapAsAsked) {
  const std::vector<uint8_t> in = {0, 100, 250};
  std::vector<uint8_t> out(3);
  AddGaussianNoise({in.data(), 3, 1, 1, 3}, {.mean = 10.0 / 255, .sigma = 0}, kKey,
                   {out.data(), 3, 1, 1, 3});
  EXPECT_EQ(out, (std::vector<uint8_t>{10, 110, 255}));
  AddGaussianNoise({in.data(), 3, 1, 1, 3}, {.mean = 10.0 / 255, .sigma = 0, .clip = false}, kKey,
                   {out.data(), 3, 1, 1, 3});
  EXPECT_EQ(out, (std::vector<uint8_t>{10, 110, 4}));
  AddGaussianNoise({in.data(), 3, 1, 1, 3}, {.mean = -10.0 / 255, .sigma = 0, .clip = false}, kKey,
                   {out.data(), 3, 1, 1, 3});
  EXPECT_EQ(out, (std::vector<uint8_t>{246, 90, 240}));
}

TEST(NoiseTest, TruncationCutsTheNoiseTowardsZero) {
  const std::vector<uint8_t> in = {100, 101, 102};
  std::vector<uint8_t> out(3);
  for (const double mean : {0.9, -0.9}) {
    AddGaussianNoise({in.data(), 3, 1, 1, 3}, {.mean = mean / 255, .sigma = 0, .trunc = true}, kKey,
                     {out.data(), 3, 1, 1, 3});
    EXPECT_EQ(out, in);
  }
}

TEST(NoiseTest, AnotherKeyIsAnotherField) {
  std::vector<float> first(1000), second(1000);
  MakeNormals(kKey, 0, first);
  for (const int bit : {0, 1, 31, 32, 63}) {
    MakeNormals(kKey ^ (uint64_t{1} << bit), 0, second);
    int equal = 0;
    for (size_t i = 0; i < first.size(); ++i) equal += first[i] == second[i];
    EXPECT_LT(equal, 3) << bit;
  }
}

}  // namespace
}  // namespace headrace::simd
