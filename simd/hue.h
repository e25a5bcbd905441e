// Turning the hue of pixels. Pictures have 1 or 3 channels; one of 1 channel is copied. The target
// has the source's size; it may be the source's own pixels, or does not overlap them.
#pragma once

#include <cstdint>

#include "base/image_view.h"

namespace headrace::simd {

// As Pillow does it: to hue, saturation and value of 8 bits each, `steps` added to the hue modulo
// 256, and back. The circle has 255 steps. The round trip alone changes pixels, so 0 steps do too.
void ShiftHue(const ConstImageView& source, uint8_t steps, const ImageView& target);
// The steps that a shift in turns takes, [-1, 1]: truncated, modulo 256.
uint8_t HueSteps(double turns);

// In f32, where no shift is no change. With M and m the largest and the smallest value of a pixel,
// n = mid - m where hue grows from a primary colour and M - mid where it falls towards one, every
// operation rounded:
//   h = (k + n / (M - m)) * (1 / 6) + turns, less its floor;  k in 0..5: the sextant
//   w = h * 6 - floor(h * 6) if floor(h * 6) is odd, else 1 - (h * 6 - floor(h * 6))
//   s = (M - m) / M;  v = M * (255.999f / 255)
//   the values are v, v * (1 - s) and v * (1 - s * w), truncated
// `turns` in [-1, 1].
void ShiftHueFloat(const ConstImageView& source, float turns, const ImageView& target);

}  // namespace headrace::simd
