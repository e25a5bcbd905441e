#include "loader/objects/sample_targets.h"

#include <algorithm>

#include "loader/objects/coco_rle.h"
#include "loader/objects/raster.h"

namespace headrace::loader {
namespace {

std::array<float, 4> BoxOf(const RectPx& rect) {
  return {static_cast<float>(rect.x), static_cast<float>(rect.y),
          static_cast<float>(rect.x + rect.width), static_cast<float>(rect.y + rect.height)};
}

// Around the corners of an object that was given as a box: finer than its pixels.
std::array<float, 4> BoxAround(const ObjectList& list, const Object& object) {
  PointF low = {static_cast<double>(list.size.width), static_cast<double>(list.size.height)};
  PointF high = {0, 0};
  for (const ObjectRing& ring : list.RingsOf(object)) {
    for (const PointF& p : list.PointsOf(ring)) {
      low = {std::min(low.x, p.x), std::min(low.y, p.y)};
      high = {std::max(high.x, p.x), std::max(high.y, p.y)};
    }
  }
  return {static_cast<float>(low.x), static_cast<float>(low.y), static_cast<float>(high.x),
          static_cast<float>(high.y)};
}

}  // namespace

void TargetMaker::Make(const ObjectList& list, SampleTargets* out) {
  out->Clear();
  for (const Object& object : list.objects) {
    if ((object.flags & kObjectDropped) != 0) continue;
    Target target;
    MaskExtent extent;
    runs_.clear();
    if (object.shape == ObjectShape::kMask) {
      const auto runs = list.RunsOf(object);
      extent = ExtentOfRuns(list.size, runs);
      runs_.assign(runs.begin(), runs.end());
    } else {
      const RectPx window = BoundsOf(list, object);
      mask_.resize(size_t{window.width} * window.height);
      Rasterise(list, object, window, mask_);
      extent = ExtentOf(window, mask_);
      if (extent.area_px > 0) AppendRuns(list.size, window, mask_, &runs_);
    }
    if (extent.area_px == 0) continue;
    target.id = object.id;
    target.label = object.label;
    target.crowd = object.crowd;
    target.flags = object.flags;
    target.bounds = extent.box;
    target.box = object.shape == ObjectShape::kBox ? BoxAround(list, object) : BoxOf(extent.box);
    target.area_px = static_cast<uint32_t>(extent.area_px);
    target.text_first = static_cast<uint32_t>(out->text.size());
    EncodeRle(runs_, &out->text);
    target.text_bytes = static_cast<uint32_t>(out->text.size()) - target.text_first;
    out->targets.push_back(target);
  }
}

}  // namespace headrace::loader
