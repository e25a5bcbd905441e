// Fills holes of a picture from what is around them: push-pull (Gortler et al., "The Lumigraph",
// SIGGRAPH 1996), a pyramid of weighted means down and smooth interpolation up.
//
// Level 0 has weight 0 in holes and 1 elsewhere. Down: sums of 2x2 of colours times weights and of
// weights, both divided by the weight where that exceeds 1; until no weight is 0 or one pixel is
// left. Up: c + (1 - w) times the next level, bilinear. f32, in a fixed order. Any thread;
// allocates nothing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "base/image_view.h"

namespace headrace::loader {

// A picture of floats with weights: what is known of a pixel is c / w. Planes of width * height.
struct WeightedPlanes {
  SizePx size;
  std::span<float> colours[3];  // times the weight
  std::span<float> weights;
};

// Floats that FillPlanes needs beside a picture of `size`: those of all levels above it.
uint64_t PyramidFloats(SizePx size);
// Replaces the colours by those of a picture without holes, where the weight is below 1. False when
// there is no weight anywhere: nothing is changed.
bool FillPlanes(const WeightedPlanes& planes, std::span<float> pyramid);

// Where a hole gets its pixels from: its box grown by half of the longer side, at least 16 pixels,
// within the picture.
RectPx FillRegionOf(const RectPx& hole_box, SizePx picture);

// Floats of scratch for FillHole in a picture of `size`.
uint64_t FillHoleFloats(SizePx size);
// `marks`: a byte a pixel of the picture, which is RGB; pixels with (mark & mask) == value are the
// hole, and lie in `box`. They are filled from the rest of FillRegionOf(box). If that is all hole:
// with 114. Pixels of the hole that have a bit of `hidden` are not written, because something will
// lie over them, but they are unknown like the rest.
struct HoleMarks {
  const uint8_t* marks = nullptr;
  uint8_t mask = 0;
  uint8_t value = 0;
  uint8_t hidden = 0;
};
// The smallest box that holds the hole within `region`; `width` of the picture.
RectPx BoxOfHole(const HoleMarks& hole, const RectPx& region, uint32_t width);
void FillHole(const ImageView& picture, const HoleMarks& hole, const RectPx& box,
              std::span<float> scratch);

}  // namespace headrace::loader
