// Pictures of coefficients for the tests of the coefficient record.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <vector>

#include "codec_fixture.h"
#include "codecs/coef_layout.h"
#include "codecs/coef_record.h"
#include "codecs/jpeg_coefficients.h"

namespace headrace::codecs {

inline void ExpectSameImage(const JpegCoefficientImage& a, const JpegCoefficientImage& b) {
  EXPECT_EQ(a.size, b.size);
  EXPECT_EQ(a.colour, b.colour);
  EXPECT_EQ(a.segments == b.segments, true);
  ASSERT_EQ(a.components, b.components);
  for (uint32_t c = 0; c < a.components; ++c) {
    const JpegCoefficientImage::Plane& x = a.plane[c];
    const JpegCoefficientImage::Plane& y = b.plane[c];
    EXPECT_EQ(x.across, y.across);
    EXPECT_EQ(x.down, y.down);
    EXPECT_EQ(x.blocks_across, y.blocks_across);
    EXPECT_EQ(x.blocks_down, y.blocks_down);
    EXPECT_TRUE(std::equal(x.quantisers, x.quantisers + kJpegCoefficients, y.quantisers));
    ASSERT_EQ(x.coefficients == y.coefficients, true) << "plane " << c;
  }
}

// Planes of the right size without coefficients.
inline JpegCoefficientImage EmptyImage(SizePx size, JpegColour colour, uint32_t across,
                                       uint32_t down) {
  JpegCoefficientImage image;
  image.size = size;
  image.colour = colour;
  image.components = colour == JpegColour::kGrey ? 1 : 3;
  const auto blocks = [](uint32_t pixels, uint32_t factor) {
    return ((pixels + factor - 1) / factor + 7) / 8;
  };
  for (uint32_t c = 0; c < image.components; ++c) {
    JpegCoefficientImage::Plane& plane = image.plane[c];
    plane.across = c == 0 ? across : 1;
    plane.down = c == 0 ? down : 1;
    plane.blocks_across = blocks(size.width, c == 0 ? 1 : across);
    plane.blocks_down = blocks(size.height, c == 0 ? 1 : down);
    plane.coefficients.resize(size_t{plane.blocks_across} * plane.blocks_down * 64);
    for (size_t k = 0; k < 64; ++k) {
      plane.quantisers[k] = static_cast<uint16_t>(1 + k + (c > 0 ? 3 : 0));
    }
  }
  return image;
}

// Coefficients of any size, most of them none.
inline void FillAtRandom(std::mt19937& random, uint32_t one_in, JpegCoefficientImage* image) {
  constexpr int kLimits[] = {1, 7, 9, 127, 130, 2047, 32767};
  for (uint32_t c = 0; c < image->components; ++c) {
    for (int16_t& value : image->plane[c].coefficients) {
      if (random() % one_in != 0) continue;
      const int limit = kLimits[random() % 7];
      value = static_cast<int16_t>(static_cast<int>(random() % (2u * limit + 1)) - limit);
      if (random() % 512 == 0) value = INT16_MIN;
    }
  }
}

}  // namespace headrace::codecs
