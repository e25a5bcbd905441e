#include "codecs/jpeg_geometry.h"

#include <algorithm>

#include "base/checked_math.h"

namespace headrace::codecs {
namespace {

uint32_t DivideUp(uint64_t a, uint64_t b) { return static_cast<uint32_t>((a + b - 1) / b); }

// Samples [first, end) of one axis.
struct Range {
  uint32_t first;
  uint32_t end;
};

// Of a plane that has half as many: those below, and one on each side that doubling looks at.
Range Halved(Range range, uint32_t size) {
  const uint32_t first = range.first / 2;
  const uint32_t last = (range.end - 1) / 2;
  return {first > 0 ? first - 1 : 0, std::min(last + 2, size)};
}

// Chroma that is halved keeps more of its size: reducing luma undoes the halving.
uint32_t BlockPx(const JpegFrame& frame, uint32_t c, uint32_t luma_block_px) {
  uint32_t px = luma_block_px;
  const auto divides = [luma_block_px](uint32_t most, uint32_t factor, uint32_t px_tried) {
    return most * luma_block_px % (factor * px_tried) == 0;
  };
  while (px < kJpegBlockPx && divides(frame.across_max, frame.component[c].across, px * 2) &&
         divides(frame.down_max, frame.component[c].down, px * 2)) {
    px *= 2;
  }
  return px;
}

simd::PlaneGrid GridOf(bool halved, uint32_t luma_first, uint32_t first) {
  if (!halved) return {};
  return {.shift = 1, .offset = luma_first - 2 * first};
}

// A grid seen from the other end. `luma` and `samples`: of plane 0's view and of this one's.
simd::PlaneGrid Reversed(const simd::PlaneGrid& grid, uint32_t luma, uint32_t samples) {
  if (grid.shift == 0) return grid;
  return {.shift = 1, .offset = 2 * samples - luma - grid.offset};
}

}  // namespace

JpegGeometry MakeJpegGeometry(const JpegFrame& frame, const RectPx& region, uint32_t reduction) {
  JpegGeometry geometry;
  geometry.components = frame.components;
  geometry.reduction = reduction;
  const Range columns = {region.x / reduction,
                         DivideUp(uint64_t{region.x} + region.width, reduction)};
  const Range rows = {region.y / reduction,
                      DivideUp(uint64_t{region.y} + region.height, reduction)};
  geometry.mcus = {UINT32_MAX, UINT32_MAX, 0, 0};
  const uint32_t luma_px = kJpegBlockPx / reduction;
  for (uint32_t c = 0; c < frame.components; ++c) {
    const JpegComponent& component = frame.component[c];
    JpegPlanePart& plane = geometry.plane[c];
    plane.block_px = BlockPx(frame, c, luma_px);
    plane.size = {DivideUp(uint64_t{frame.size.width} * component.across * plane.block_px,
                           uint64_t{frame.across_max} * kJpegBlockPx),
                  DivideUp(uint64_t{frame.size.height} * component.down * plane.block_px,
                           uint64_t{frame.down_max} * kJpegBlockPx)};
    plane.halved_across = component.across * plane.block_px < frame.across_max * luma_px;
    plane.halved_down = component.down * plane.block_px < frame.down_max * luma_px;
    const Range x = plane.halved_across ? Halved(columns, plane.size.width) : columns;
    const Range y = plane.halved_down ? Halved(rows, plane.size.height) : rows;
    plane.samples = {x.first, y.first, x.end - x.first, y.end - y.first};
    const uint32_t width = geometry.McuWidth(frame, c);
    const uint32_t height = geometry.McuHeight(frame, c);
    geometry.mcus.left = std::min(geometry.mcus.left, x.first / width);
    geometry.mcus.top = std::min(geometry.mcus.top, y.first / height);
    geometry.mcus.right = std::max(geometry.mcus.right, DivideUp(x.end, width));
    geometry.mcus.bottom = std::max(geometry.mcus.bottom, DivideUp(y.end, height));
  }
  return geometry;
}

bool HalvesRowsAlone(const JpegFrame& frame) {
  for (uint32_t c = 0; c < frame.components; ++c) {
    const JpegComponent& component = frame.component[c];
    if (component.down < frame.down_max && component.across == frame.across_max) return true;
  }
  return false;
}

simd::PlanarPicture MakePlanarPicture(const JpegGeometry& geometry, const RectPx& region,
                                      const ConstImageView* views) {
  simd::PlanarPicture picture;
  picture.count = geometry.components;
  const RectPx& luma = geometry.plane[0].samples;
  for (uint32_t c = 0; c < geometry.components; ++c) {
    const JpegPlanePart& plane = geometry.plane[c];
    picture.plane[c] = views[c];
    picture.across[c] = GridOf(plane.halved_across, luma.x, plane.samples.x);
    picture.down[c] = GridOf(plane.halved_down, luma.y, plane.samples.y);
  }
  // A power of two: exact.
  const double scale = 1.0 / geometry.reduction;
  picture.left = region.x * scale - luma.x;
  picture.top = region.y * scale - luma.y;
  picture.width = region.width * scale;
  picture.height = region.height * scale;
  return picture;
}

simd::PlanarPicture OrientPlanar(const simd::PlanarPicture& stored, uint8_t orientation,
                                 const ConstImageView* oriented) {
  simd::PlanarPicture picture = stored;
  // TIFF's numbers: 2, 3, 6 and 7 reverse what becomes columns, 3, 4, 7 and 8 what becomes rows;
  // 5 to 8 exchange the two first.
  if (orientation >= 5) {
    std::swap(picture.left, picture.top);
    std::swap(picture.width, picture.height);
    for (uint32_t c = 0; c < picture.count; ++c) std::swap(picture.across[c], picture.down[c]);
  }
  for (uint32_t c = 0; c < picture.count; ++c) picture.plane[c] = oriented[c];
  const ConstImageView& luma = picture.plane[0];
  if (orientation == 2 || orientation == 3 || orientation == 6 || orientation == 7) {
    picture.left = luma.width - (picture.left + picture.width);
    for (uint32_t c = 0; c < picture.count; ++c) {
      picture.across[c] = Reversed(picture.across[c], luma.width, picture.plane[c].width);
    }
  }
  if (orientation == 3 || orientation == 4 || orientation == 7 || orientation == 8) {
    picture.top = luma.height - (picture.top + picture.height);
    for (uint32_t c = 0; c < picture.count; ++c) {
      picture.down[c] = Reversed(picture.down[c], luma.height, picture.plane[c].height);
    }
  }
  return picture;
}

}  // namespace headrace::codecs
