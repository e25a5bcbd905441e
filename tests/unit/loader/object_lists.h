// Objects for tests, and a plain twin of the raster: every pixel asks every edge.
#pragma once

#include <cmath>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <vector>

#include "base/rng.h"
#include "loader/objects/object_list.h"
#include "loader/objects/raster.h"

namespace headrace::loader {

using Ring = std::vector<PointF>;

inline Object* AddOutline(ObjectList* list, const std::vector<Ring>& rings,
                          ObjectShape shape = ObjectShape::kPolygons) {
  Object object;
  object.id = static_cast<int64_t>(list->objects.size()) + 100;
  object.label = static_cast<int32_t>(list->objects.size() % 3);
  object.shape = shape;
  object.first = static_cast<uint32_t>(list->rings.size());
  object.count = static_cast<uint32_t>(rings.size());
  for (const Ring& ring : rings) {
    list->rings.push_back(
        {static_cast<uint32_t>(list->points.size()), static_cast<uint32_t>(ring.size())});
    list->points.insert(list->points.end(), ring.begin(), ring.end());
  }
  list->objects.push_back(object);
  return &list->objects.back();
}

// By the coordinates: what the rings enclose, each by itself.
inline double ShoelaceOf(const ObjectList& list, const Object& object) {
  double area = 0;
  for (const ObjectRing& ring : list.RingsOf(object)) {
    const auto points = list.PointsOf(ring);
    double twice = 0;
    for (size_t i = 0; i < points.size(); ++i) {
      const PointF& a = points[i];
      const PointF& b = points[(i + 1) % points.size()];
      twice += a.x * b.y - a.y * b.x;
    }
    area += std::abs(twice) / 2;
  }
  return area;
}

inline Ring BoxRing(double left, double top, double width, double height) {
  return {{left, top}, {left + width, top}, {left + width, top + height}, {left, top + height}};
}

inline Object* AddRuns(ObjectList* list, std::span<const uint32_t> runs) {
  Object object;
  object.id = static_cast<int64_t>(list->objects.size()) + 100;
  object.shape = ObjectShape::kMask;
  object.first = static_cast<uint32_t>(list->runs.size());
  object.count = static_cast<uint32_t>(runs.size());
  list->runs.insert(list->runs.end(), runs.begin(), runs.end());
  list->objects.push_back(object);
  return &list->objects.back();
}

inline bool IsInside(std::span<const PointF> ring, PointF p) {
  bool inside = false;
  for (size_t i = 0; i < ring.size(); ++i) {
    PointF a = ring[i];
    PointF b = ring[(i + 1) % ring.size()];
    if (a.y > b.y) std::swap(a, b);
    if (a.y <= p.y && p.y < b.y && a.x + (p.y - a.y) * ((b.x - a.x) / (b.y - a.y)) <= p.x) {
      inside = !inside;
    }
  }
  return inside;
}

// The whole picture's mask by the definition.
inline std::vector<uint8_t> PlainMask(const ObjectList& list, const Object& object) {
  const SizePx size = list.size;
  std::vector<uint8_t> mask(size_t{size.width} * size.height);
  if (object.shape == ObjectShape::kMask) {
    size_t place = 0;
    uint8_t value = 0;
    for (const uint32_t run : list.RunsOf(object)) {
      for (uint32_t i = 0; i < run; ++i, ++place) {
        mask[place % size.height * size.width + place / size.height] = value;
      }
      value ^= 1;
    }
    return mask;
  }
  for (const ObjectRing& ring : list.RingsOf(object)) {
    if (ring.count < 3) continue;
    for (uint32_t y = 0; y < size.height; ++y) {
      for (uint32_t x = 0; x < size.width; ++x) {
        if (IsInside(list.PointsOf(ring), {x + 0.5, y + 0.5})) mask[size_t{y} * size.width + x] = 1;
      }
    }
  }
  return mask;
}

inline RectPx WholeOf(SizePx size) { return {0, 0, size.width, size.height}; }

inline std::vector<uint8_t> RasterOf(const ObjectList& list, const Object& object,
                                     const RectPx& window) {
  std::vector<uint8_t> mask(size_t{window.width} * window.height, 7);
  Rasterise(list, object, window, mask);
  return mask;
}
inline std::vector<uint8_t> RasterOf(const ObjectList& list, const Object& object) {
  return RasterOf(list, object, WholeOf(list.size));
}

// A ring that may cross itself and leave the picture.
inline Ring RandomRing(SizePx size, RandomStream* stream) {
  Ring ring(3 + stream->NextBelow(9));
  for (PointF& p : ring) {
    p = {stream->NextUniform(-0.3, 1.3) * size.width, stream->NextUniform(-0.3, 1.3) * size.height};
    // On the grid of pixel centres now and then.
    if (stream->NextBelow(4) == 0) p = {std::floor(p.x) + 0.5, std::floor(p.y) + 0.5};
  }
  return ring;
}

}  // namespace headrace::loader
