// Antialiased resize of colour planes straight to the output size: chroma is read at the size it is
// stored in. The weights of a halved axis are those of the full-size axis composed with the
// triangle filter (3/4 near, 1/4 far) by which libjpeg-turbo doubles chroma, so the result is that
// of doubling first, but for rounding.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "base/image_view.h"
#include "simd/planes.h"
#include "simd/resize.h"

namespace headrace::simd {

// Bytes of scratch that ResizePlanes may need at most. Saturates instead of overflowing.
uint64_t ResizePlanesScratchBytes(const PlanarPicture& source, SizePx target, Filter filter);

// Each plane of `source` to the plane of `target` with its number, all of one size and with one
// channel. Plane 0 is resized as Pillow does it with a box (left, top, left + width, top + height)
// of its view; where the box is the whole view, the result is Resize's, bit for bit. An axis of
// plane 0 whose box has the output's length and begins on a whole sample is not filtered, and then
// a halved axis is doubled only. `scratch` is 64-byte aligned.
void ResizePlanes(const PlanarPicture& source, Filter filter, const ImageView* target,
                  std::span<std::byte> scratch);

}  // namespace headrace::simd
