#include "loader/objects/move_object.h"

#include <algorithm>
#include <cmath>

#include "base/rects.h"
#include "loader/objects/object_groups.h"
#include "loader/objects/object_mover.h"
#include "loader/objects/raster.h"

namespace headrace::loader {
namespace {

// A side of the picture: kept is what has sign * (axis - place) <= 0.
struct Side {
  bool is_x;
  double place;
  double sign;

  double Beyond(PointF p) const { return sign * ((is_x ? p.x : p.y) - place); }
};

PointF CrossingOf(const Side& side, PointF a, PointF b) {
  const double beyond_a = side.Beyond(a);
  const double share = beyond_a / (beyond_a - side.Beyond(b));
  PointF crossing{a.x + share * (b.x - a.x), a.y + share * (b.y - a.y)};
  (side.is_x ? crossing.x : crossing.y) = side.place;
  return crossing;
}

// Appends to *points what the side leaves of `count` of them from `first` on (Sutherland and
// Hodgman).
void ClipAtSide(const Side& side, size_t first, size_t count, std::vector<PointF>* points) {
  for (size_t i = 0; i < count; ++i) {
    const PointF a = (*points)[first + i];
    const PointF b = (*points)[first + (i + 1 < count ? i + 1 : 0)];
    const bool keeps_a = side.Beyond(a) <= 0;
    const bool keeps_b = side.Beyond(b) <= 0;
    if (keeps_a) points->push_back(a);
    if (keeps_a != keeps_b) points->push_back(CrossingOf(side, a, b));
  }
}

// Appends the ring, moved and cut. Returns its new place; a count of 0 if nothing is left.
ObjectRing MoveRing(const Similarity& move, ObjectRing ring, ObjectList* list, bool* clipped) {
  std::vector<PointF>& points = list->points;
  const Side sides[] = {{true, 0, -1},
                        {true, static_cast<double>(list->size.width), 1},
                        {false, 0, -1},
                        {false, static_cast<double>(list->size.height), 1}};
  const size_t begin = points.size();
  for (uint32_t i = 0; i < ring.count; ++i) {
    points.push_back(move.Forward(points[ring.first + i]));
  }
  size_t first = begin;
  for (const Side& side : sides) {
    const size_t count = points.size() - first;
    const bool cuts = std::any_of(points.begin() + static_cast<ptrdiff_t>(first), points.end(),
                                  [&](PointF p) { return !(side.Beyond(p) <= 0); });
    if (!cuts) continue;
    *clipped = *clipped || std::any_of(points.begin() + static_cast<ptrdiff_t>(first), points.end(),
                                       [&](PointF p) { return !(side.Beyond(p) <= kTracePx); });
    ClipAtSide(side, first, count, &points);
    first += count;
  }
  const size_t count = points.size() - first >= 3 ? points.size() - first : 0;
  std::copy_n(points.begin() + static_cast<ptrdiff_t>(first), count,
              points.begin() + static_cast<ptrdiff_t>(begin));
  points.resize(begin + count);
  return {static_cast<uint32_t>(begin), static_cast<uint32_t>(count)};
}

void MoveRings(const Similarity& move, ObjectList* list, Object* object, bool* clipped) {
  const auto first = static_cast<uint32_t>(list->rings.size());
  bool ring_clipped = false;
  for (uint32_t i = 0; i < object->count; ++i) {
    const ObjectRing ring = MoveRing(move, list->rings[object->first + i], list, &ring_clipped);
    if (ring.count > 0) list->rings.push_back(ring);
  }
  object->first = first;
  object->count = static_cast<uint32_t>(list->rings.size()) - first;
  *clipped = ring_clipped;
}

void MoveMask(const Similarity& move, const TwoMasks& masks, ObjectList* list, Object* object,
              bool* clipped) {
  const RectPx from = BoundsOf(*list, *object);
  RectPx to;
  if (from.width > 0) {
    Rasterise(*list, *object, from, masks.first);
    to = ReachOf(move, from, list->size);
    const PointMap::Matrix back = move.BackMatrix();
    for (uint32_t y = 0; y < to.height; ++y) {
      uint8_t* row = masks.second.data() + size_t{y} * to.width;
      const double qy = to.y + y + 0.5;
      for (uint32_t x = 0; x < to.width; ++x) {
        const double qx = to.x + x + 0.5;
        const double px = back[0] * qx + back[1] * qy + back[2] - from.x;
        const double py = back[3] * qx + back[4] * qy + back[5] - from.y;
        const bool inside = px >= 0 && py >= 0 && px < from.width && py < from.height;
        row[x] = inside
                     ? masks.first[static_cast<size_t>(py) * from.width + static_cast<size_t>(px)]
                     : 0;
      }
    }
    *clipped = LeavesPicture(move.Map(), *list, *object, list->size);
  }
  object->first = static_cast<uint32_t>(list->runs.size());
  object->count = AppendRuns(list->size, to, masks.second, &list->runs);
}

}  // namespace

void MoveObject(const Similarity& move, const TwoMasks& masks, ObjectList* list, Object* object) {
  bool clipped = false;
  if (object->shape == ObjectShape::kMask) {
    MoveMask(move, masks, list, object, &clipped);
  } else {
    MoveRings(move, list, object, &clipped);
  }
  object->flags |= kObjectMoved;
  if (clipped) object->flags |= kObjectClipped;
}

uint64_t HideObject(const PasteOrder& order, const RectPx& region, std::span<uint8_t> mask,
                    ObjectList* list, Object* object) {
  const RectPx bounds = BoundsOf(*list, *object);
  if (bounds.width == 0 || !Overlap(bounds, region)) return 0;
  Rasterise(*list, *object, bounds, mask);
  const uint64_t area_px = ExtentOf(bounds, mask).area_px;
  bool lost = false;
  for (uint32_t y = 0; y < bounds.height; ++y) {
    uint8_t* row = mask.data() + size_t{y} * bounds.width;
    const uint16_t* last = order.last.data() + size_t{bounds.y + y} * list->size.width + bounds.x;
    uint8_t lost_here = 0;
    for (uint32_t x = 0; x < bounds.width; ++x) {
      const uint8_t hidden = last[x] > order.own ? row[x] : 0;
      lost_here |= hidden;
      row[x] ^= hidden;
    }
    lost = lost || lost_here != 0;
  }
  if (!lost) return 0;
  object->shape = ObjectShape::kMask;
  object->first = static_cast<uint32_t>(list->runs.size());
  object->count = AppendRuns(list->size, bounds, mask, &list->runs);
  object->flags |= kObjectOccluded;
  return area_px;
}

void DropIfHidden(double share, double whole_px, std::span<uint8_t> mask, const ObjectList& list,
                  Object* object) {
  uint64_t area = 0;
  if (object->shape == ObjectShape::kMask) {
    area = ExtentOfRuns(list.size, list.RunsOf(*object)).area_px;
  } else {
    const RectPx bounds = BoundsOf(list, *object);
    Rasterise(list, *object, bounds, mask);
    area = ExtentOf(bounds, mask).area_px;
  }
  const auto visible = static_cast<double>(area);
  if (visible < 1 || visible < share * whole_px) object->flags |= kObjectDropped;
}

}  // namespace headrace::loader
