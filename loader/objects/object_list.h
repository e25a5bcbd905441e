// ObjectList: the objects of one picture (instance annotations) as the ops move them.
//
// What: outlines or masks in the coordinates of the picture as it is now, with what the data set
// says of each. Owner: a worker, which uses one again for every sample; the vectors keep their
// memory, so that nothing is allocated once they have seen the largest sample. Coordinates as
// point_map.h has them.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/image_view.h"
#include "loader/augment/point_map.h"

namespace headrace::loader {

enum class ObjectShape : uint8_t {
  kBox,       // one ring around a box, which is all that the annotation had
  kPolygons,  // rings; even-odd in each, the union over them
  kMask,      // column-major run lengths over the whole picture, beginning with background (COCO)
};

// Of Object::flags, and of hr_targets.
enum ObjectFlag : uint8_t {
  kObjectMoved = 1,     // instaboost or object_zoom put it elsewhere
  kObjectClipped = 2,   // a part lies outside the picture
  kObjectOccluded = 4,  // a part is hidden: by another object that was pasted over it, by a mix
  kObjectDropped = 8,   // too little is left of it: not among the targets
};

struct Object {
  int64_t id = 0;      // of the annotation
  int32_t label = -1;  // index in the data set's classes
  bool crowd = false;
  uint8_t flags = 0;
  ObjectShape shape = ObjectShape::kPolygons;
  // Its rings, or for kMask its run lengths, in the list's pools.
  uint32_t first = 0;
  uint32_t count = 0;
};

struct ObjectRing {
  uint32_t first = 0;  // in `points`
  uint32_t count = 0;
};

struct ObjectList {
  SizePx size;  // of the picture
  std::vector<Object> objects;
  std::vector<ObjectRing> rings;
  std::vector<PointF> points;
  std::vector<uint32_t> runs;

  void Clear(SizePx picture) {
    size = picture;
    objects.clear();
    rings.clear();
    points.clear();
    runs.clear();
  }
  std::span<const ObjectRing> RingsOf(const Object& object) const {
    return std::span(rings).subspan(object.first, object.count);
  }
  std::span<const PointF> PointsOf(const ObjectRing& ring) const {
    return std::span(points).subspan(ring.first, ring.count);
  }
  std::span<const uint32_t> RunsOf(const Object& object) const {
    return std::span(runs).subspan(object.first, object.count);
  }
};

}  // namespace headrace::loader
