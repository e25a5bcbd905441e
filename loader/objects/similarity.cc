#include "loader/objects/similarity.h"

#include <algorithm>
#include <cmath>

#include "base/real_math.h"

namespace headrace::loader {
namespace {

constexpr double kPi = 3.14159265358979323846;

// Whole pixels of [0, size) that [low, high] touches.
void CutSpan(double low, double high, uint32_t size, uint32_t* first, uint32_t* length) {
  const double limit = size;
  const double begin = std::min(std::max(std::floor(low), 0.0), limit);
  const double end = std::min(std::max(std::ceil(high), 0.0), limit);
  *first = static_cast<uint32_t>(begin);
  *length = end > begin ? static_cast<uint32_t>(end - begin) : 0;
}

}  // namespace

void Similarity::Turn(double degrees) {
  if (degrees == 0) return;
  const double angle = degrees * kPi / 180;
  sine = RealSin(angle);
  cosine = RealCos(angle);
}

PointF Similarity::Forward(PointF p) const {
  const double x = flip_x ? centre.x - p.x : p.x - centre.x;
  const double y = flip_y ? centre.y - p.y : p.y - centre.y;
  return {centre.x + shift.x + scale * (cosine * x - sine * y),
          centre.y + shift.y + scale * (sine * x + cosine * y)};
}

PointMap::Matrix Similarity::BackMatrix() const {
  const double size_x = (flip_x ? -1 : 1) / scale;
  const double size_y = (flip_y ? -1 : 1) / scale;
  const double xx = size_x * cosine;
  const double xy = size_x * sine;
  const double yx = -(size_y * sine);
  const double yy = size_y * cosine;
  const PointF middle{centre.x + shift.x, centre.y + shift.y};
  return {xx, xy, centre.x - xx * middle.x - xy * middle.y,
          yx, yy, centre.y - yx * middle.x - yy * middle.y,
          0,  0,  1};
}

RectPx ReachOf(const Similarity& move, const RectPx& rect, SizePx picture) {
  const double left = static_cast<double>(rect.x) - 1;
  const double top = static_cast<double>(rect.y) - 1;
  const double right = static_cast<double>(rect.x) + rect.width + 1;
  const double bottom = static_cast<double>(rect.y) + rect.height + 1;
  const PointF corners[] = {move.Forward({left, top}), move.Forward({right, top}),
                            move.Forward({right, bottom}), move.Forward({left, bottom})};
  PointF low = corners[0];
  PointF high = corners[0];
  for (const PointF& corner : corners) {
    low = {std::min(low.x, corner.x), std::min(low.y, corner.y)};
    high = {std::max(high.x, corner.x), std::max(high.y, corner.y)};
  }
  RectPx reach;
  CutSpan(low.x, high.x, picture.width, &reach.x, &reach.width);
  CutSpan(low.y, high.y, picture.height, &reach.y, &reach.height);
  return reach.width == 0 || reach.height == 0 ? RectPx{} : reach;
}

}  // namespace headrace::loader
