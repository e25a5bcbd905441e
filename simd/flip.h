// Flips and turns of interleaved u8 pixels (channels 1, 3 or 4).
#pragma once

#include <cstdint>

#include "base/image_view.h"

namespace headrace::simd {

// target(y, x) = source(y, W-1-x). Same sizes; the two do not overlap.
void FlipHorizontal(const ConstImageView& source, const ImageView& target);

// target(y, x) = source(H-1-y, x). Same sizes; the two do not overlap.
void FlipVertical(const ConstImageView& source, const ImageView& target);
void FlipVerticalInPlace(const ImageView& picture);

// Makes a stored picture upright: applies EXIF orientation 1..8 (TIFF 6.0 tag 274; 1 copies).
// For 5..8 the target has width and height exchanged. The two do not overlap.
void Orient(const ConstImageView& source, uint8_t orientation, const ImageView& target);

// The size after Orient.
SizePx OrientedSize(SizePx stored, uint8_t orientation);
// The rectangle of the stored picture that becomes `upright` (a rectangle of the upright picture).
RectPx StoredRect(const RectPx& upright, SizePx stored, uint8_t orientation);

}  // namespace headrace::simd
