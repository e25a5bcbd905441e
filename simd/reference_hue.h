// The plain twins of simd/hue.h, pixel by pixel.
#pragma once

#include <cstdint>

#include "base/image_view.h"

namespace headrace::simd::reference {

// In Pillow's own steps and precisions.
void ShiftHue(const ConstImageView& source, uint8_t steps, const ImageView& target);
void ShiftHueFloat(const ConstImageView& source, float turns, const ImageView& target);

}  // namespace headrace::simd::reference
