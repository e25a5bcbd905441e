// Resize that copies the nearest pixel.
#pragma once

#include <cstdint>

#include "base/image_view.h"
#include "simd/resize.h"

namespace headrace::simd {

// Which source pixel stands for target pixel i, with scale = source side / target side.
enum class NearestRule : uint8_t {
  kCentre,  // Pillow: where the pixel's centre falls; (i + .5) scale, summed up in f64
  kCorner,  // torch's "nearest": floor(i scale), in f32
};

// source -> target; channels 1 or 3, equal in both. With Mirror::kYes the result equals flipping
// the source horizontally and then resizing it. The two do not overlap; sizes >= 1.
void ResizeNearest(const ConstImageView& source, const ImageView& target, NearestRule rule,
                   Mirror mirror);

}  // namespace headrace::simd
