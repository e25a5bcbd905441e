#include "simd/flip.h"

#include <gtest/gtest.h>

#include <array>

#include "simd/reference.h"
#include "tests/unit/simd/pictures.h"

namespace headrace::simd {
namespace {

class FlipOnTarget : public EveryTarget {};
HEADRACE_ON_EVERY_TARGET(FlipOnTarget);

TEST_P(FlipOnTarget, FlipHorizontalEqualsItsTwinAtEveryWidth) {
  for (const uint32_t channels : {1u, 3u, 4u}) {
    for (uint32_t width = 1; width <= 4 * 64 + 3; ++width) {
      const SizePx size = {width, 2};
      GuardedPicture source(size, channels, width % 5);
      FillTestPicture(source.view(), width);
      GuardedPicture got(size, channels, 7);
      GuardedPicture wanted(size, channels);
      FlipHorizontal(source.view(), got.view());
      reference::FlipHorizontal(source.view(), wanted.view());
      ASSERT_EQ(got.Dense(), wanted.Dense()) << width << " x " << channels;
      ASSERT_TRUE(got.GuardsAreIntact()) << width << " x " << channels;
    }
  }
}

TEST_P(FlipOnTarget, OrientEqualsItsTwin) {
  for (const SizePx size : {SizePx{1, 1}, {1, 9}, {9, 1}, {31, 33}, {70, 45}, {64, 32}}) {
    for (const uint32_t channels : {1u, 3u, 4u}) {
      for (uint8_t orientation = 0; orientation <= 9; ++orientation) {
        GuardedPicture source(size, channels, 3);
        FillTestPicture(source.view(), 6);
        const SizePx upright = OrientedSize(size, orientation);
        GuardedPicture got(upright, channels, 5);
        GuardedPicture wanted(upright, channels);
        Orient(source.view(), orientation, got.view());
        reference::Orient(source.view(), orientation, wanted.view());
        ASSERT_EQ(got.Dense(), wanted.Dense()) << int{orientation} << " " << size.width;
        ASSERT_TRUE(got.GuardsAreIntact());
      }
    }
  }
}

// TIFF 6.0: what the first stored row and column are of the upright picture. The stored picture is
//   1 2 3
//   4 5 6
TEST(FlipTest, OrientationsTurnAsTheTiffStandardSays) {
  const std::array<uint8_t, 6> stored = {1, 2, 3, 4, 5, 6};
  const std::array<std::array<uint8_t, 6>, 9> upright = {{{},
                                                          {1, 2, 3, 4, 5, 6},
                                                          {3, 2, 1, 6, 5, 4},
                                                          {6, 5, 4, 3, 2, 1},
                                                          {4, 5, 6, 1, 2, 3},
                                                          {1, 4, 2, 5, 3, 6},
                                                          {4, 1, 5, 2, 6, 3},
                                                          {6, 3, 5, 2, 4, 1},
                                                          {3, 6, 2, 5, 1, 4}}};
  for (uint8_t orientation = 1; orientation <= 8; ++orientation) {
    std::array<uint8_t, 6> out = {};
    const SizePx size = OrientedSize({3, 2}, orientation);
    EXPECT_EQ(size, orientation < 5 ? (SizePx{3, 2}) : (SizePx{2, 3}));
    Orient({stored.data(), 3, 2, 1, 3}, orientation,
           {out.data(), size.width, size.height, 1, size.width});
    EXPECT_EQ(out, upright[orientation]) << int{orientation};
  }
}

TEST(FlipTest, StoredRectCutsWhatTheUprightRectangleShows) {
  const SizePx stored = {13, 8};
  GuardedPicture source(stored, 1);
  FillTestPicture(source.view(), 3);
  for (uint8_t orientation = 1; orientation <= 8; ++orientation) {
    const SizePx upright = OrientedSize(stored, orientation);
    GuardedPicture whole(upright, 1);
    Orient(source.view(), orientation, whole.view());
    const RectPx rect = {2, 1, upright.width - 5, upright.height - 2};
    GuardedPicture part(rect.size(), 1);
    const RectPx cut = StoredRect(rect, stored, orientation);
    Orient(source.view().Crop(cut), orientation, part.view());
    for (uint32_t y = 0; y < rect.height; ++y) {
      for (uint32_t x = 0; x < rect.width; ++x) {
        ASSERT_EQ(part.view().Row(y)[x], whole.view().Row(rect.y + y)[rect.x + x])
            << int{orientation} << " at " << x << "," << y;
      }
    }
  }
}

}  // namespace
}  // namespace headrace::simd
