// Which part of a picture object_zoom zooms to, and how. Pure parts; any thread; nothing is
// allocated.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "base/image_view.h"
#include "base/rng.h"
#include "loader/augment/point_map.h"
#include "loader/config.h"

namespace headrace::loader {

// In pixels of the picture, from edge to edge.
struct ZoomBox {
  double x = 0;
  double y = 0;
  double width = 0;
  double height = 0;
  PointF centre() const { return {x + width / 2, y + height / 2}; }
};

// The box from the .1 to the .9 quantile of a saliency map (kSaliencySide squared) along each axis.
// Nothing if it says too little: if its mean is less than 1.6 times the map's, or it is smaller
// than .04 or larger than .8 of the picture.
std::optional<ZoomBox> BoxOfSaliency(std::span<const float> map, SizePx picture);

// A crop in which the box has a drawn share of the area, with a drawn aspect. Per axis it has at
// least .9 of what it can have of the box. Four draws.
RectPx DrawZoomCrop(const ZoomBox& box, const Range& share, const Range& ratio, SizePx picture,
                    RandomStream* stream);

// The largest crop whose aspect lies within `ratio`, as near to the place as the picture lets it.
RectPx LargestCrop(PointF place, const Range& ratio, SizePx picture);

// What a magnifying glass shows: PointMap::Lens on pixels.
struct Lens {
  PointF centre;
  double radius = 0;
  double power = 1;  // from 1: nothing changes
};
Lens LensOn(const ZoomBox& box, double power);
// `target` holds a copy of `source` (RGB); what the lens changes is written to it, bilinear with
// fractions of 1/256.
void LookThrough(const Lens& lens, const ConstImageView& source, const ImageView& target);

}  // namespace headrace::loader
