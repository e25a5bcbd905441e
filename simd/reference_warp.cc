#include "simd/reference_warp.h"

#include <cmath>
#include <cstring>
#include <vector>

#include "simd/nearest_walk.h"
#include "simd/warp_exact.h"

namespace headrace::simd::reference {
namespace {

void CopyPixel(const ConstImageView& source, int32_t x, int32_t y, uint8_t* pixel) {
  if (x < 0 || y < 0) return;
  std::memcpy(pixel,
              source.Row(static_cast<uint32_t>(y)) + static_cast<size_t>(x) * source.channels,
              source.channels);
}

// pixel(x, y, to) for every pixel of the target, which holds the fill colour before.
template <class Pixel>
void ForEach(const FillColour& fill, const ImageView& target, const Pixel& pixel) {
  for (uint32_t y = 0; y < target.height; ++y) {
    for (uint32_t x = 0; x < target.width; ++x) {
      uint8_t* to = target.Row(y) + size_t{x} * target.channels;
      std::memcpy(to, fill.data(), target.channels);
      pixel(x, y, to);
    }
  }
}

void NearestScaled(const ConstImageView& source, const AffineMatrix& m, const FillColour& fill,
                   const ImageView& target) {
  std::vector<int32_t> columns(target.width);
  std::vector<int32_t> rows(target.height);
  CentreWalk walk_x(m[0], m[2], source.width);
  for (int32_t& column : columns) column = walk_x.Next();
  CentreWalk walk_y(m[4], m[5], source.height);
  for (int32_t& row : rows) row = walk_y.Next();
  ForEach(fill, target,
          [&](uint32_t x, uint32_t y, uint8_t* to) { CopyPixel(source, columns[x], rows[y], to); });
}

int32_t IndexOfFixed(uint32_t v, uint32_t size_px) {
  const int32_t index = static_cast<int32_t>(v) >> 16;
  return index >= 0 && static_cast<uint32_t>(index) < size_px ? index : -1;
}

// Sums wrap around, as they do in two's complement.
void NearestFixed(const ConstImageView& source, const FixedAffine& m, const FillColour& fill,
                  const ImageView& target) {
  const auto at = [](int32_t start, int32_t per_column, int32_t per_row, uint32_t x, uint32_t y) {
    return static_cast<uint32_t>(start) + static_cast<uint32_t>(per_column) * x +
           static_cast<uint32_t>(per_row) * y;
  };
  ForEach(fill, target, [&](uint32_t x, uint32_t y, uint8_t* to) {
    CopyPixel(source, IndexOfFixed(at(m.x0, m.x_per_column, m.x_per_row, x, y), source.width),
              IndexOfFixed(at(m.y0, m.y_per_column, m.y_per_row, x, y), source.height), to);
  });
}

void NearestAccumulated(const ConstImageView& source, const AffineMatrix& m, const FillColour& fill,
                        const ImageView& target) {
  double row_x = m[2] + m[1] * 0.5 + m[0] * 0.5;
  double row_y = m[5] + m[4] * 0.5 + m[3] * 0.5;
  double at_x = row_x;
  double at_y = row_y;
  ForEach(fill, target, [&](uint32_t x, uint32_t, uint8_t* to) {
    CopyPixel(source, PixelAt(at_x, source.width), PixelAt(at_y, source.height), to);
    at_x += m[0];
    at_y += m[3];
    if (x + 1 < target.width) return;
    at_x = row_x += m[1];
    at_y = row_y += m[4];
  });
}

}  // namespace

void WarpAffine(const ConstImageView& source, const AffineMatrix& m, Interpolation interpolation,
                const FillColour& fill, const ImageView& target) {
  if (interpolation == Interpolation::kNearest) {
    if (m[1] == 0 && m[3] == 0) return NearestScaled(source, m, fill, target);
    if (!FixedAffine::Fits(m, target.size())) return NearestAccumulated(source, m, fill, target);
    return NearestFixed(source, FixedAffine(m), fill, target);
  }
  ForEach(fill, target, [&](uint32_t x, uint32_t y, uint8_t* to) {
    const Place place = PlaceOf(m, x, y);
    if (IsInside(place, source.size())) ExactPixel(source, interpolation, place, to);
  });
}

void PerspectivePixels(const ConstImageView& source, const PerspectiveCoefficients& c,
                       Interpolation interpolation, const FillColour& fill, const RectPx& part,
                       const ImageView& target) {
  ForEach(fill, target, [&](uint32_t x, uint32_t y, uint8_t* to) {
    const Place place = PlaceOf(c, part.x + x, part.y + y);
    if (interpolation == Interpolation::kNearest) {
      return CopyPixel(source, PixelAt(place.x, source.width), PixelAt(place.y, source.height), to);
    }
    if (IsInside(place, source.size())) ExactPixel(source, interpolation, place, to);
  });
}

void WarpPerspective(const ConstImageView& source, const PerspectiveCoefficients& c,
                     Interpolation interpolation, const FillColour& fill, const ImageView& target) {
  PerspectivePixels(source, c, interpolation, fill, {0, 0, target.width, target.height}, target);
}

void WarpZoom(const ConstImageView& source, const Zoom& zoom, Interpolation interpolation,
              const FillColour& fill, const ImageView& target) {
  const ZoomAxis across = {zoom.x, source.width, zoom.fill_mode};
  const ZoomAxis down = {zoom.y, source.height, zoom.fill_mode};
  ForEach(fill, target, [&](uint32_t x, uint32_t y, uint8_t* to) {
    const Place place = {across.At(x), down.At(y)};
    if (interpolation == Interpolation::kNearest) {
      CopyPixel(source, PixelAt(place.x, source.width), PixelAt(place.y, source.height), to);
    } else if (IsInside(place, source.size())) {
      ExactRoundedBilinear(source, place, to);
    }
  });
}

void ResizeNearest(const ConstImageView& source, const ImageView& target, NearestRule rule,
                   Mirror mirror) {
  ResizeWalk walk_y(rule, source.height, target.height);
  for (uint32_t y = 0; y < target.height; ++y) {
    const int32_t row = walk_y.Next();
    ResizeWalk walk_x(rule, source.width, target.width);
    for (uint32_t x = 0; x < target.width; ++x) {
      int32_t column = walk_x.Next();
      if (mirror == Mirror::kYes) column = static_cast<int32_t>(source.width) - 1 - column;
      CopyPixel(source, column, row, target.Row(y) + size_t{x} * target.channels);
    }
  }
}

}  // namespace headrace::simd::reference
