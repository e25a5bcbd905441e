#include "simd/hue.h"

#include <gtest/gtest.h>

#include <array>

#include "simd/reference_hue.h"
#include "tests/unit/simd/pictures.h"

namespace headrace::simd {
namespace {

class HueOnTarget : public EveryTarget {
 protected:
  // Calls check(size, channels, padding).
  template <class Check>
  void ForEachShape(const Check& check) const {
    const uint32_t step = has_one_lane() ? 17 : 1;
    for (const uint32_t channels : {1u, 3u}) {
      for (uint32_t width = 1; width <= 2 * 64 + 3; width += step) {
        check(SizePx{width, 2}, channels, width % 5);
        if (testing::Test::HasFatalFailure()) return;
      }
      for (const SizePx size : {SizePx{1, 1}, {1, 7}, {7, 1}, {3, 3}, {17, 31}, {224, 9}}) {
        for (const size_t padding : {size_t{0}, size_t{13}}) {
          check(size, channels, padding);
          if (testing::Test::HasFatalFailure()) return;
        }
      }
    }
  }
};
HEADRACE_ON_EVERY_TARGET(HueOnTarget);

// All colours of one red, as a picture.
void FillColours(uint32_t red, const ImageView& view) {
  for (uint32_t y = 0; y < 256; ++y) {
    uint8_t* row = view.Row(y);
    for (uint32_t x = 0; x < 256; ++x) {
      row[3 * x] = static_cast<uint8_t>(red);
      row[3 * x + 1] = static_cast<uint8_t>(y);
      row[3 * x + 2] = static_cast<uint8_t>(x);
    }
  }
}

TEST_P(HueOnTarget, ShiftHueEqualsItsTwin) {
  ForEachShape([](SizePx size, uint32_t channels, size_t padding) {
    const auto steps = static_cast<uint8_t>(size.width * 37);
    GuardedPicture source(size, channels, padding);
    FillTestPicture(source.view(), size.width);
    GuardedPicture got(size, channels, padding % 3);
    GuardedPicture wanted(size, channels);
    ShiftHue(source.view(), steps, got.view());
    reference::ShiftHue(source.view(), steps, wanted.view());
    ASSERT_EQ(got.Dense(), wanted.Dense()) << size.width << " x " << channels;
    ASSERT_TRUE(got.GuardsAreIntact());
    ShiftHue(source.view(), steps, source.view());
    ASSERT_EQ(source.Dense(), wanted.Dense()) << "in place: " << size.width << " x " << channels;
    ASSERT_TRUE(source.GuardsAreIntact());
  });
}

// Every colour, each with another shift than its neighbours of other reds have. HEADRACE_HUE_SHIFTS
// asks for more shifts of each: 256 are all there are, and take minutes.
TEST_P(HueOnTarget, ShiftHueIsPillowsForEveryColour) {
  if (has_one_lane()) GTEST_SKIP() << "it is the twin";
  const char* asked = std::getenv("HEADRACE_HUE_SHIFTS");
  const uint32_t shifts = asked != nullptr ? static_cast<uint32_t>(std::atoi(asked)) : 1;
  GuardedPicture source({256, 256}, 3);
  GuardedPicture got({256, 256}, 3);
  GuardedPicture wanted({256, 256}, 3);
  for (uint32_t red = 0; red < 256; ++red) {
    FillColours(red, source.view());
    for (uint32_t i = 0; i < shifts; ++i) {
      const auto steps = static_cast<uint8_t>(red * 91 + i);
      ShiftHue(source.view(), steps, got.view());
      reference::ShiftHue(source.view(), steps, wanted.view());
      ASSERT_EQ(got.Dense(), wanted.Dense()) << "red " << red << " steps " << int{steps};
    }
  }
}

// Every hue, saturation and value on the way back. A colour that has them need not exist, so shifts
// of pictures cannot show all; with all hues of a few saturations and values they show the hues.
TEST_P(HueOnTarget, EveryShiftOfManyColoursIsPillows) {
  GuardedPicture source({256, 16}, 3);
  GuardedPicture got({256, 16}, 3);
  GuardedPicture wanted({256, 16}, 3);
  for (uint32_t steps = 0; steps < 256; steps += has_one_lane() ? 85 : 1) {
    FillTestPicture(source.view(), 3 * steps);
    ShiftHue(source.view(), static_cast<uint8_t>(steps), got.view());
    reference::ShiftHue(source.view(), static_cast<uint8_t>(steps), wanted.view());
    ASSERT_EQ(got.Dense(), wanted.Dense()) << steps;
  }
}

TEST_P(HueOnTarget, ShiftHueFloatEqualsItsTwin) {
  ForEachShape([](SizePx size, uint32_t channels, size_t padding) {
    const float turns = static_cast<float>(size.width % 41) / 40 - 0.5f;
    GuardedPicture source(size, channels, padding);
    FillTestPicture(source.view(), size.width);
    GuardedPicture got(size, channels, padding % 3);
    GuardedPicture wanted(size, channels);
    ShiftHueFloat(source.view(), turns, got.view());
    reference::ShiftHueFloat(source.view(), turns, wanted.view());
    ASSERT_EQ(got.Dense(), wanted.Dense()) << size.width << " x " << channels;
    ASSERT_TRUE(got.GuardsAreIntact());
    ShiftHueFloat(source.view(), turns, source.view());
    ASSERT_EQ(source.Dense(), wanted.Dense()) << "in place: " << size.width << " x " << channels;
  });
}

TEST_P(HueOnTarget, ShiftHueFloatEqualsItsTwinForManyColours) {
  GuardedPicture source({256, 256}, 3);
  GuardedPicture got({256, 256}, 3);
  GuardedPicture wanted({256, 256}, 3);
  for (uint32_t red = 0; red < 256; red += has_one_lane() ? 100 : 5) {
    FillColours(red, source.view());
    const float turns = static_cast<float>(red) / 255 - 0.5f;
    ShiftHueFloat(source.view(), turns, got.view());
    reference::ShiftHueFloat(source.view(), turns, wanted.view());
    ASSERT_EQ(got.Dense(), wanted.Dense()) << "red " << red;
  }
}

TEST_P(HueOnTarget, ShiftHueFloatByNothingChangesNoColour) {
  if (has_one_lane()) GTEST_SKIP() << "slow";
  GuardedPicture source({256, 256}, 3);
  GuardedPicture got({256, 256}, 3);
  for (uint32_t red = 0; red < 256; ++red) {
    FillColours(red, source.view());
    ShiftHueFloat(source.view(), 0, got.view());
    ASSERT_EQ(got.Dense(), source.Dense()) << "red " << red;
  }
}

TEST(HueTest, StepsAreTruncatedAndWrap) {
  EXPECT_EQ(HueSteps(0), 0);
  EXPECT_EQ(HueSteps(0.5), 127);
  EXPECT_EQ(HueSteps(-0.5), 256 - 127);
  EXPECT_EQ(HueSteps(0.0039), 0);
  EXPECT_EQ(HueSteps(-0.0039), 0);
  EXPECT_EQ(HueSteps(1), 255);
}

TEST(HueTest, AThirdOfATurnMovesPrimaries) {
  std::array<uint8_t, 9> colours = {255, 0, 0, 0, 255, 0, 0, 0, 255};
  ShiftHue({colours.data(), 3, 1, 3, 9}, 85, {colours.data(), 3, 1, 3, 9});
  EXPECT_EQ(colours, (std::array<uint8_t, 9>{0, 255, 0, 0, 0, 255, 255, 0, 0}));
  ShiftHueFloat({colours.data(), 3, 1, 3, 9}, 1.0f / 3, {colours.data(), 3, 1, 3, 9});
  EXPECT_EQ(colours, (std::array<uint8_t, 9>{0, 0, 255, 255, 0, 0, 0, 255, 0}));
}

}  // namespace
}  // namespace headrace::simd
