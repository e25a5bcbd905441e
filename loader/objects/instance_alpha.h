// Soft masks for cutting objects out: what a mask grows to, how opaque its pixels are.
//
// Masks are dense bytes of a window (raster.h). Beyond a window its outermost pixels go on, so that
// an object that is cut by the picture's side has no edge there. Any thread; allocates nothing.
#pragma once

#include <cstdint>
#include <span>

#include "base/image_view.h"
#include "loader/augment/point_map.h"

namespace headrace::loader {

// Every pixel within `pixels` of the mask joins it, also diagonally. `spare`: as large as the mask.
void GrowMask(SizePx size, uint32_t pixels, std::span<uint8_t> mask, std::span<uint8_t> spare);

// An object of which only a box is known is an ellipse: centre and half axes, which need not be
// upright.
struct Ellipse {
  PointF centre;
  PointF half_a;
  PointF half_b;
};
Ellipse EllipseOf(std::span<const PointF> box_ring);  // four points, in turn
Ellipse EllipseOf(const RectPx& box);
// Adds the pixels whose centres lie in it to a mask of `window`.
void AddEllipse(const Ellipse& ellipse, const RectPx& window, std::span<uint8_t> mask);

// Bytes of an alpha plane: the window with a ring of transparent pixels around it.
constexpr uint64_t AlphaBytes(SizePx size) {
  return (uint64_t{size.width} + 2) * (uint64_t{size.height} + 2);
}
// 255 inside, 0 outside; the edge is first drawn in by a pixel, then softened `feather` times by
// the mean of 3x3 pixels. feather = 0: the mask itself. `spare_a` and `spare_b`: as large as the
// mask; `row`: size.width + 2.
void MakeAlpha(SizePx size, std::span<const uint8_t> mask, uint32_t feather,
               std::span<uint8_t> spare_a, std::span<uint8_t> spare_b, std::span<uint16_t> row,
               std::span<uint8_t> alpha);
// Raises an alpha plane of `window` to the ellipse's: opaque up to 0.85 of its radius, none from
// 1.15 on.
void RaiseToEllipse(const Ellipse& ellipse, const RectPx& window, std::span<uint8_t> alpha);

}  // namespace headrace::loader
