// ObjectMover: carries the objects of a picture along with its pixels.
//
// Outlines are moved point by point and cut at the edges of the picture; masks are looked up pixel
// by pixel (the pixel centre's place before the move) and written as runs again. Owner: a worker,
// beside the ObjectList that it moves. Thread: that one. Cost: outlines by their points; masks by
// the pixels of their window before and after. Nothing is allocated once its memory has seen the
// largest sample; whatever the masks' sizes, that is two planes of kPlaneBytesMax and what goes by
// points and runs.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/image_view.h"
#include "loader/augment/draw_list.h"
#include "loader/augment/point_map.h"
#include "loader/objects/object_list.h"

namespace headrace::loader {

class ObjectMover {
 public:
  // A larger window is not drawn but looked up in the runs, and what it becomes is made in bands.
  static constexpr size_t kPlaneBytesMax = size_t{1} << 20;

  // Moves the objects of *list by `map` into a picture of size `out`. Objects that are not in it
  // any more get kObjectDropped, those that are partly outside kObjectClipped.
  void Move(const PointMap& map, SizePx out, ObjectList* list);

  // Cuts off what outlines have outside of the picture.
  void ClipToPicture(ObjectList* list);

 private:
  void MoveOutline(const PointMap& map, const ObjectList& from, Object* object);
  void MoveMask(const PointMap& map, const ObjectList& from, Object* object);
  // What ring_ becomes; false: not every point of it is anywhere.
  bool MapRing(const PointMap& map);
  // Cuts ring_ at the edges of next_; true: something was outside by more than a trace.
  bool ClipRing();
  // Cuts ring_, before it is moved, at what the edges of next_ were.
  void ClipBefore(const PointMap& map);
  // Keeps of ring_ what has a x + b y + c >= 0.
  void ClipHalfPlane(double a, double b, double c);
  void DrawBefore(SizePx picture, std::span<const uint32_t> runs, const RectPx& window);
  void IndexColumns(SizePx picture, std::span<const uint32_t> runs, const RectPx& window);
  template <class ColumnOf>
  uint64_t LookUp(const PointMap& map, const RectPx& window, const RectPx& after,
                  ColumnOf&& column_of);
  template <class ColumnOf>
  uint32_t AppendMoved(const PointMap& map, const RectPx& window, const RectPx& after,
                       ColumnOf&& column_of);
  RectPx Needed(const PointMap& map, const RectPx& window) const;
  // Where the pixels of `window` come to lie; empty: nowhere in next_.
  RectPx WindowAfter(const PointMap& map, const RectPx& window) const;

  ObjectList next_;
  std::vector<PointF> ring_;
  std::vector<PointF> cut_;
  std::vector<uint8_t> before_;
  std::vector<uint8_t> after_;
  std::vector<uint32_t> lines_;     // where each row of a mask came from
  std::vector<uint64_t> run_ends_;  // of a mask that is not drawn
  std::vector<uint32_t> column_runs_;
};

// Objects on their way through a list of draws, and what moves them.
struct FollowedObjects {
  ObjectList list;
  ObjectMover mover;

  // `draw` is done to the picture, by an op that does not move objects by itself.
  void Follow(const OpDraw& draw);
};

// A place that far outside is rounding, not a part that is cut off.
inline constexpr double kTracePx = 0.5;
// Whether a pixel of a mask has its centre outside of a picture of size `out` after the move.
bool LeavesPicture(const PointMap& map, const ObjectList& from, const Object& mask, SizePx out);

}  // namespace headrace::loader
