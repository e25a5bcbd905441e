// Geometric warps of interleaved u8 pixels (channels 1 or 3): each target pixel is looked up at a
// place in the source. Bit-equal to Pillow's Image.transform, except WarpZoom.
//
// Places are in the pixel-edge frame: the centre of pixel (x, y) is (x + 0.5, y + 0.5). A target
// pixel whose place lies outside of the source gets `fill`, with a hard edge. Source and target may
// differ in size and do not overlap; sizes >= 1. Nothing here takes memory.
#pragma once

#include <array>
#include <cstdint>

#include "base/image_view.h"

namespace headrace::simd {

enum class Interpolation : uint8_t {
  kNearest,
  kBilinear,  // result truncated
  kBicubic,   // a = -1; result clamped and truncated
};

// Of a one-channel picture only the first counts.
using FillColour = std::array<uint8_t, 3>;

// From target to source: X = m[0] (x + .5) + m[1] (y + .5) + m[2], and Y by m[3..5].
using AffineMatrix = std::array<double, 6>;

// Pillow's Image.transform(AFFINE), whose nearest has arithmetic of its own: an accumulated walk
// when m[1] and m[3] are 0; else 16.16 fixed point; else, for places beyond 2^15, both accumulated.
void WarpAffine(const ConstImageView& source, const AffineMatrix& m, Interpolation interpolation,
                const FillColour& fill, const ImageView& target);

// X = (c[0] (x + .5) + c[1] (y + .5) + c[2]) / (c[6] (x + .5) + c[7] (y + .5) + 1), and Y by
// c[3..5] over the same.
using PerspectiveCoefficients = std::array<double, 8>;

// Pillow's Image.transform(PERSPECTIVE).
void WarpPerspective(const ConstImageView& source, const PerspectiveCoefficients& c,
                     Interpolation interpolation, const FillColour& fill, const ImageView& target);

// What stands for a place outside of the source, on each axis by itself.
enum class ZoomFill : uint8_t {
  kReflect,   // mirrored at the edges, which are repeated: period 2 n
  kConstant,  // the fill colour
  kWrap,      // period n
  kNearest,   // the outermost pixel
};

// Zooms about the middle: X = zoom_x (x + .5) + (W / 2)(1 - zoom_x), and Y likewise; above 1 the
// picture gets smaller. Source and target have the same size. Bilinear (rounded half to even from
// f64) or nearest; kBicubic is not taken.
struct Zoom {
  double x = 1;
  double y = 1;
  ZoomFill fill_mode = ZoomFill::kReflect;
};
void WarpZoom(const ConstImageView& source, const Zoom& zoom, Interpolation interpolation,
              const FillColour& fill, const ImageView& target);

}  // namespace headrace::simd
