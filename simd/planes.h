// A picture as its colour planes: what a JPEG holds before chroma is brought to full size and
// colours are converted.
#pragma once

#include <cstdint>

#include "base/image_view.h"

namespace headrace::simd {

// How a plane's samples lie under those of plane 0, on one axis. Sample x of plane 0 (counted from
// its view) lies over sample (x + offset) >> shift of this plane (counted from its view); it is the
// left or upper one of its pair when x + offset is even. Views may begin before and end after what
// is shown, so that neighbours are there; beyond a view's ends its outermost sample counts.
struct PlaneGrid {
  uint8_t shift = 0;  // 1: half as many samples
  uint32_t offset = 0;
};

inline constexpr uint32_t kPlanesMax = 3;

// One plane (grey) or three (Y, Cb, Cr as JFIF defines them).
struct PlanarPicture {
  uint32_t count = 1;
  ConstImageView plane[3];  // one channel each
  PlaneGrid across[3];      // of plane[0]: shift 0, offset 0
  PlaneGrid down[3];
  // What is shown, in samples of plane[0] from its view's start. Fractions come from planes that
  // were decoded at half, quarter or eighth size. Lies inside plane[0].
  double left = 0;
  double top = 0;
  double width = 0;
  double height = 0;
};

}  // namespace headrace::simd
