#include "loader/objects/object_groups.h"

#include <algorithm>

#include "base/rects.h"
#include "loader/objects/raster.h"

namespace headrace::loader {
namespace {

bool MayMove(const Object& object, CrowdMoves crowd) {
  return (object.flags & kObjectDropped) == 0 && (!object.crowd || crowd == CrowdMoves::kYes);
}

// Puts `object` where the smallest was, if it is larger.
void KeepLargest(const MovableObject& object, std::span<MovableObject> kept) {
  MovableObject* smallest = &kept[0];
  for (MovableObject& other : kept) {
    if (other.area_px < smallest->area_px ||
        (other.area_px == smallest->area_px && other.object > smallest->object)) {
      smallest = &other;
    }
  }
  if (object.area_px > smallest->area_px) *smallest = object;
}

uint32_t RootOf(std::span<MovableObject> objects, uint32_t i) {
  while (objects[i].group != i) i = objects[i].group;
  return i;
}

// Leaves in `group` the number of the group by its first member.
void FindGroups(std::span<MovableObject> objects) {
  const auto count = static_cast<uint32_t>(objects.size());
  for (uint32_t i = 0; i < count; ++i) objects[i].group = i;
  for (uint32_t i = 1; i < count; ++i) {
    for (uint32_t k = 0; k < i; ++k) {
      if (!Overlap(objects[i].box, objects[k].box)) continue;
      const uint32_t a = RootOf(objects, i);
      const uint32_t b = RootOf(objects, k);
      objects[std::max(a, b)].group = std::min(a, b);  // a root is its group's first member
    }
  }
  // A root comes before its members, so theirs has its number already.
  uint32_t groups = 0;
  for (uint32_t i = 0; i < count; ++i) {
    const uint32_t parent = objects[i].group;
    objects[i].group = parent == i ? groups++ : objects[parent].group;
  }
}

}  // namespace

uint32_t FindMovable(const ObjectList& list, CrowdMoves crowd, std::span<uint8_t> mask,
                     std::span<MovableObject> room) {
  uint32_t count = 0;
  for (uint32_t i = 0; i < list.objects.size(); ++i) {
    const Object& object = list.objects[i];
    if (!MayMove(object, crowd)) continue;
    const RectPx bounds = BoundsOf(list, object);
    if (uint64_t{bounds.width} * bounds.height < kMovableAreaPxMin) continue;
    Rasterise(list, object, bounds, mask);
    const MaskExtent extent = ExtentOf(bounds, mask);
    if (extent.area_px < kMovableAreaPxMin) continue;
    const MovableObject movable{.object = i, .box = extent.box, .area_px = extent.area_px};
    if (count < room.size()) {
      room[count++] = movable;
    } else {
      KeepLargest(movable, room);
    }
  }
  const std::span<MovableObject> objects = room.first(count);
  const auto by_place = [](const MovableObject& a, const MovableObject& b) {
    return a.object < b.object;
  };
  std::sort(objects.begin(), objects.end(), by_place);
  FindGroups(objects);
  std::sort(objects.begin(), objects.end(), [](const MovableObject& a, const MovableObject& b) {
    return a.group != b.group ? a.group < b.group : a.object < b.object;
  });
  return count;
}

}  // namespace headrace::loader
