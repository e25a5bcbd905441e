#include "simd/colour.h"

#include <gtest/gtest.h>

#include <cmath>

#include "simd/reference_colour.h"
#include "tests/unit/simd/pictures.h"

namespace headrace::simd {
namespace {

// Some that are blended in whole numbers and some that are not (1.3, 0.42), halves, ends.
constexpr float kFactors[] = {0.0f,  1.0f, 0.5f,  1.5f,        0.1f,   0.9f,  1.9f, 1.3f,
                              0.42f, 2.0f, 3.37f, 1.00000012f, 100.0f, 5e30f, 0.25f};

class ColourOnTarget : public EveryTarget {
 protected:
  // Calls check(size, channels, padding, factor).
  template <class Check>
  void ForEachCase(const Check& check) const {
    const uint32_t step = has_one_lane() ? 17 : 1;
    size_t turn = 0;
    for (const uint32_t channels : {1u, 3u}) {
      for (uint32_t width = 1; width <= 4 * 64 + 3; width += step) {
        check(SizePx{width, 4}, channels, width % 5, kFactors[turn++ % std::size(kFactors)]);
        if (testing::Test::HasFatalFailure()) return;
      }
      for (const SizePx size : {SizePx{1, 1},
                                {1, 7},
                                {7, 1},
                                {2, 2},
                                {2, 90},
                                {90, 2},
                                {3, 3},
                                {17, 31},
                                {22, 3},
                                {23, 5},
                                {64, 40},
                                {224, 9}}) {
        for (const size_t padding : {size_t{0}, size_t{13}}) {
          check(size, channels, padding, kFactors[turn++ % std::size(kFactors)]);
          if (testing::Test::HasFatalFailure()) return;
        }
      }
    }
  }
};
HEADRACE_ON_EVERY_TARGET(ColourOnTarget);

TEST_P(ColourOnTarget, GrayscaleEqualsItsTwin) {
  ForEachCase([](SizePx size, uint32_t channels, size_t padding, float) {
    GuardedPicture source(size, channels, padding);
    FillTestPicture(source.view(), size.width);
    GuardedPicture got(size, channels, padding % 3);
    GuardedPicture wanted(size, channels);
    Grayscale(source.view(), got.view());
    reference::Grayscale(source.view(), wanted.view());
    ASSERT_EQ(got.Dense(), wanted.Dense()) << size.width << " x " << channels;
    ASSERT_TRUE(got.GuardsAreIntact());
    Grayscale(source.view(), source.view());
    ASSERT_EQ(source.Dense(), wanted.Dense()) << "in place: " << size.width << " x " << channels;
    ASSERT_TRUE(source.GuardsAreIntact());
  });
}

TEST_P(ColourOnTarget, ToGrayEqualsItsTwin) {
  ForEachCase([](SizePx size, uint32_t channels, size_t padding, float) {
    GuardedPicture source(size, channels, padding);
    FillTestPicture(source.view(), size.width);
    GuardedPicture got(size, 1, padding % 3);
    GuardedPicture wanted(size, 1);
    ToGray(source.view(), got.view());
    reference::ToGray(source.view(), wanted.view());
    ASSERT_EQ(got.Dense(), wanted.Dense()) << size.width << " x " << channels;
    ASSERT_TRUE(got.GuardsAreIntact());
  });
}

TEST_P(ColourOnTarget, SaturateEqualsItsTwin) {
  ForEachCase([](SizePx size, uint32_t channels, size_t padding, float factor) {
    GuardedPicture source(size, channels, padding);
    FillTestPicture(source.view(), size.width);
    GuardedPicture got(size, channels, padding % 3);
    GuardedPicture wanted(size, channels);
    Saturate(source.view(), factor, got.view());
    reference::Saturate(source.view(), factor, wanted.view());
    ASSERT_EQ(got.Dense(), wanted.Dense()) << size.width << " x " << channels << " " << factor;
    ASSERT_TRUE(got.GuardsAreIntact());
    Saturate(source.view(), factor, source.view());
    ASSERT_EQ(source.Dense(), wanted.Dense()) << "in place: " << size.width << " x " << channels;
    ASSERT_TRUE(source.GuardsAreIntact());
  });
}

TEST_P(ColourOnTarget, SharpenEqualsItsTwin) {
  ForEachCase([](SizePx size, uint32_t channels, size_t padding, float factor) {
    GuardedPicture source(size, channels, padding);
    FillTestPicture(source.view(), size.width);
    GuardedPicture got(size, channels, padding % 3);
    GuardedPicture wanted(size, channels);
    Sharpen(source.view(), factor, got.view());
    reference::Sharpen(source.view(), factor, wanted.view());
    ASSERT_EQ(got.Dense(), wanted.Dense())
        << size.width << "x" << size.height << " x " << channels << " " << factor;
    ASSERT_TRUE(got.GuardsAreIntact());
  });
}

// All pairs of a gray and a value that a factor can meet, as sharpening cannot show all.
TEST_P(ColourOnTarget, EveryPairIsBlendedAsFloatsAre) {
  // Pixels of gray d and a channel x: gray is about r 0.3, g 0.59, b 0.11, so g and r follow from d
  // for each b.
  GuardedPicture source({256, 256}, 3);
  for (uint32_t y = 0; y < 256; ++y) {
    for (uint32_t x = 0; x < 256; ++x) {
      uint8_t* pixel = source.view().Row(y) + 3 * x;
      pixel[0] = static_cast<uint8_t>(y);
      pixel[1] = static_cast<uint8_t>(x);
      pixel[2] = static_cast<uint8_t>(x * 7 + y * 13);
    }
  }
  std::mt19937 random(PropertySeed());
  std::uniform_real_distribution<float> near(0, 2);
  const int count = has_one_lane() ? 5 : 600;
  GuardedPicture got({256, 256}, 3);
  GuardedPicture wanted({256, 256}, 3);
  for (int i = 0; i < count; ++i) {
    // Decimal fractions and bins of policies are where products come near whole numbers.
    float factor = near(random);
    if (i % 3 == 0) factor = std::round(factor * 100) / 100;
    if (i % 3 == 1) factor = 1 + 0.9f * std::round((factor - 1) * 30) / 30;
    Saturate(source.view(), factor, got.view());
    reference::Saturate(source.view(), factor, wanted.view());
    ASSERT_EQ(got.Dense(), wanted.Dense()) << factor;
  }
}

TEST_P(ColourOnTarget, FactorOneChangesNothingAndZeroLeavesTheOtherPicture) {
  GuardedPicture source({70, 20}, 3);
  FillTestPicture(source.view(), 3);
  GuardedPicture out({70, 20}, 3);
  Saturate(source.view(), 1, out.view());
  EXPECT_EQ(out.Dense(), source.Dense());
  Sharpen(source.view(), 1, out.view());
  EXPECT_EQ(out.Dense(), source.Dense());
  GuardedPicture gray({70, 20}, 3);
  Saturate(source.view(), 0, out.view());
  Grayscale(source.view(), gray.view());
  EXPECT_EQ(out.Dense(), gray.Dense());
}

TEST(ColourTest, SmoothDividesByThirteenRoundingToNearest) {
  // (S + 6) div 13 is (2 S + 13) div 26 for all sums that occur.
  for (int sum = 0; sum <= 13 * 255; ++sum) {
    ASSERT_EQ((sum + 6) / 13, (2 * sum + 13) / 26) << sum;
    ASSERT_EQ((sum + 6) * 5042 >> 16, (sum + 6) / 13) << sum;
  }
}

}  // namespace
}  // namespace headrace::simd
