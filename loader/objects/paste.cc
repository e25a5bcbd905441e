#include "loader/objects/paste.h"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace headrace::loader {
namespace {

constexpr int kFractionBits = 32;
constexpr int64_t kOne = int64_t{1} << kFractionBits;
constexpr int kWeightBits = 8;
constexpr uint32_t kWeightOne = 1u << kWeightBits;
// Half of the last bit that a weight has.
constexpr int64_t kHalfWeight = int64_t{1} << (kFractionBits - kWeightBits - 1);
// Farther away there is nothing to see; so that places fit.
constexpr double kFar = 1 << 30;

int64_t Fixed(double value) {
  return static_cast<int64_t>(
      std::nearbyint(std::clamp(value, -kFar, kFar) * static_cast<double>(kOne)));
}

uint32_t WeightAt(int64_t place) {
  return static_cast<uint32_t>(place >> (kFractionBits - kWeightBits)) & (kWeightOne - 1);
}

// Places of a row of target pixels in the source, as indices of pixels with fractions.
struct RowWalk {
  int64_t u;
  int64_t v;
  int64_t step_u;
  int64_t step_v;

  void Skip(int64_t pixels) {
    u += pixels * step_u;
    v += pixels * step_v;
  }
  void Next() {
    u += step_u;
    v += step_v;
  }
};

// Of the row `y`, beginning with the column `x`; `origin` is the source's pixel that has index 0.
RowWalk WalkOf(const PointMap::Matrix& back, uint32_t x, uint32_t y, PointF origin) {
  const double qx = x + 0.5;
  const double qy = y + 0.5;
  const double px = back[0] * qx + back[1] * qy + back[2];
  const double py = back[3] * qx + back[4] * qy + back[5];
  return {Fixed(px - 0.5 - origin.x) + kHalfWeight, Fixed(py - 0.5 - origin.y) + kHalfWeight,
          Fixed(back[0]), Fixed(back[3])};
}

int64_t FloorDiv(int64_t a, int64_t b) {
  const int64_t quotient = a / b;
  return quotient - (a % b != 0 && (a < 0) != (b < 0) ? 1 : 0);
}

// Cuts [*first, *end) to the i with 0 <= start + i step < limit.
void ClipSteps(int64_t start, int64_t step, int64_t limit, int64_t* first, int64_t* end) {
  if (step == 0) {
    if (start < 0 || start >= limit) *end = *first;
    return;
  }
  if (step < 0) {  // the same range from its other side
    start = limit - 1 - start;
    step = -step;
  }
  *first = std::max(*first, -FloorDiv(start, step));      // least i with start + i step >= 0
  *end = std::min(*end, -FloorDiv(start - limit, step));  // least i with ... >= limit
  *end = std::max(*first, *end);
}

uint32_t Mixed(uint32_t top_left, uint32_t top_right, uint32_t bottom_left, uint32_t bottom_right,
               uint32_t fu, uint32_t fv) {
  const uint32_t top = top_left * (kWeightOne - fu) + top_right * fu;
  const uint32_t bottom = bottom_left * (kWeightOne - fu) + bottom_right * fu;
  return (top * (kWeightOne - fv) + bottom * fv + (1u << 15)) >> 16;
}

}  // namespace

void WarpAlpha(const Similarity& move, const RectPx& window, std::span<const uint8_t> alpha,
               const RectPx& target, std::span<uint8_t> out) {
  const PointMap::Matrix back = move.BackMatrix();
  // The plane has a ring of nothing around the window, so its pixel 0 is one before.
  const PointF origin{static_cast<double>(window.x) - 1, static_cast<double>(window.y) - 1};
  const size_t stride = size_t{window.width} + 2;
  const int64_t limit_u = (int64_t{window.width} + 1) << kFractionBits;
  const int64_t limit_v = (int64_t{window.height} + 1) << kFractionBits;
  for (uint32_t y = 0; y < target.height; ++y) {
    uint8_t* row = out.data() + size_t{y} * target.width;
    RowWalk walk = WalkOf(back, target.x, target.y + y, origin);
    int64_t first = 0;
    int64_t end = target.width;
    ClipSteps(walk.u, walk.step_u, limit_u, &first, &end);
    ClipSteps(walk.v, walk.step_v, limit_v, &first, &end);
    if (first >= end) {
      std::memset(row, 0, target.width);
      continue;
    }
    std::memset(row, 0, static_cast<size_t>(first));
    walk.Skip(first);
    for (int64_t x = first; x < end; ++x, walk.Next()) {
      const uint8_t* place = alpha.data() + static_cast<size_t>(walk.v >> kFractionBits) * stride +
                             static_cast<size_t>(walk.u >> kFractionBits);
      row[x] = static_cast<uint8_t>(Mixed(place[0], place[1], place[stride], place[stride + 1],
                                          WeightAt(walk.u), WeightAt(walk.v)));
    }
    std::memset(row + end, 0, static_cast<size_t>(target.width - end));
  }
}

void Paste(const ConstImageView& source, const Similarity& move, const RectPx& target,
           std::span<const uint8_t> alpha, const ImageView& picture) {
  const PointMap::Matrix back = move.BackMatrix();
  const int64_t last_x = int64_t{source.width} - 1;
  const int64_t last_y = int64_t{source.height} - 1;
  for (uint32_t y = 0; y < target.height; ++y) {
    const uint8_t* alphas = alpha.data() + size_t{y} * target.width;
    uint8_t* pixel = picture.Row(target.y + y) + size_t{3} * target.x;
    RowWalk walk = WalkOf(back, target.x, target.y + y, {});
    for (uint32_t x = 0; x < target.width; ++x, pixel += 3, walk.Next()) {
      const uint32_t a = alphas[x];
      if (a == 0) continue;
      const int64_t u = walk.u >> kFractionBits;
      const int64_t v = walk.v >> kFractionBits;
      const uint8_t* above = source.Row(static_cast<uint32_t>(std::clamp<int64_t>(v, 0, last_y)));
      const uint8_t* below =
          source.Row(static_cast<uint32_t>(std::clamp<int64_t>(v + 1, 0, last_y)));
      const size_t left = 3 * static_cast<size_t>(std::clamp<int64_t>(u, 0, last_x));
      const size_t right = 3 * static_cast<size_t>(std::clamp<int64_t>(u + 1, 0, last_x));
      const uint32_t fu = WeightAt(walk.u);
      const uint32_t fv = WeightAt(walk.v);
      for (size_t c = 0; c < 3; ++c) {
        const uint32_t value =
            Mixed(above[left + c], above[right + c], below[left + c], below[right + c], fu, fv);
        pixel[c] = static_cast<uint8_t>((value * a + pixel[c] * (255 - a) + 127) / 255);
      }
    }
  }
}

}  // namespace headrace::loader
