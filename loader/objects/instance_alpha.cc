#include "loader/objects/instance_alpha.h"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace headrace::loader {
namespace {

constexpr double kOpaqueTo = 0.85;
constexpr double kClearFrom = 1.15;

// The square of a point's distance from the centre, 1 on the ellipse.
class EllipseRadius {
 public:
  explicit EllipseRadius(const Ellipse& e) : e_(e) {
    const double determinant = e.half_a.x * e.half_b.y - e.half_a.y * e.half_b.x;
    inverse_ = determinant == 0 ? 0 : 1 / determinant;
  }
  bool is_flat() const { return inverse_ == 0; }
  double Squared(double x, double y) const {
    const double dx = x - e_.centre.x;
    const double dy = y - e_.centre.y;
    const double a = (dx * e_.half_b.y - dy * e_.half_b.x) * inverse_;
    const double b = (dy * e_.half_a.x - dx * e_.half_a.y) * inverse_;
    return a * a + b * b;
  }

 private:
  Ellipse e_;
  double inverse_;
};

// out = the smallest of 3x3 pixels.
void Erode(SizePx size, const uint8_t* in, uint16_t* row, uint8_t* out) {
  const size_t w = size.width;
  for (uint32_t y = 0; y < size.height; ++y) {
    const uint8_t* middle = in + y * w;
    const uint8_t* above = y == 0 ? middle : middle - w;
    const uint8_t* below = y + 1 == size.height ? middle : middle + w;
    for (size_t x = 0; x < w; ++x) row[x + 1] = std::min({above[x], middle[x], below[x]});
    row[0] = row[1];
    row[w + 1] = row[w];
    uint8_t* target = out + y * w;
    for (size_t x = 0; x < w; ++x) {
      target[x] = static_cast<uint8_t>(std::min({row[x], row[x + 1], row[x + 2]}));
    }
  }
}

// out = the mean of 3x3 pixels, rounded; a ninth is never half way.
void Mean(SizePx size, const uint8_t* in, uint16_t* row, uint8_t* out) {
  const size_t w = size.width;
  for (uint32_t y = 0; y < size.height; ++y) {
    const uint8_t* middle = in + y * w;
    const uint8_t* above = y == 0 ? middle : middle - w;
    const uint8_t* below = y + 1 == size.height ? middle : middle + w;
    for (size_t x = 0; x < w; ++x) {
      row[x + 1] = static_cast<uint16_t>(above[x] + middle[x] + below[x]);
    }
    row[0] = row[1];
    row[w + 1] = row[w];
    uint8_t* target = out + y * w;
    for (size_t x = 0; x < w; ++x) {
      const auto sum = static_cast<uint16_t>(row[x] + row[x + 1] + row[x + 2] + 4);
      target[x] = static_cast<uint8_t>(sum / 9);
    }
  }
}

}  // namespace

void GrowMask(SizePx size, uint32_t pixels, std::span<uint8_t> mask, std::span<uint8_t> spare) {
  if (pixels == 0) return;
  const size_t w = size.width;
  const size_t reach_x = std::min<size_t>(pixels, w - 1);
  for (uint32_t y = 0; y < size.height; ++y) {
    const uint32_t first = y - std::min(y, pixels);
    const uint32_t last = std::min(size.height - 1, y + pixels);
    uint8_t* target = spare.data() + y * w;
    std::memcpy(target, mask.data() + first * w, w);
    for (uint32_t from = first + 1; from <= last; ++from) {
      const uint8_t* row = mask.data() + from * w;
      for (size_t x = 0; x < w; ++x) target[x] |= row[x];
    }
  }
  for (uint32_t y = 0; y < size.height; ++y) {
    const uint8_t* row = spare.data() + y * w;
    uint8_t* target = mask.data() + y * w;
    std::memcpy(target, row, w);
    for (size_t k = 1; k <= reach_x; ++k) {
      for (size_t x = 0; x < w - k; ++x) target[x] |= row[x + k];
      for (size_t x = 0; x < w - k; ++x) target[x + k] |= row[x];
    }
  }
}

Ellipse EllipseOf(std::span<const PointF> box_ring) {
  const PointF& a = box_ring[0];
  const PointF& b = box_ring[1];
  const PointF& c = box_ring[2];
  const PointF& d = box_ring[3];
  return {.centre = {(a.x + b.x + c.x + d.x) / 4, (a.y + b.y + c.y + d.y) / 4},
          .half_a = {(b.x - a.x) / 2, (b.y - a.y) / 2},
          .half_b = {(d.x - a.x) / 2, (d.y - a.y) / 2}};
}

Ellipse EllipseOf(const RectPx& box) {
  return {.centre = {box.x + box.width / 2.0, box.y + box.height / 2.0},
          .half_a = {box.width / 2.0, 0},
          .half_b = {0, box.height / 2.0}};
}

void AddEllipse(const Ellipse& ellipse, const RectPx& window, std::span<uint8_t> mask) {
  const EllipseRadius radius(ellipse);
  if (radius.is_flat()) return;
  for (uint32_t y = 0; y < window.height; ++y) {
    uint8_t* row = mask.data() + size_t{y} * window.width;
    for (uint32_t x = 0; x < window.width; ++x) {
      if (radius.Squared(window.x + x + 0.5, window.y + y + 0.5) <= 1) row[x] = 1;
    }
  }
}

void MakeAlpha(SizePx size, std::span<const uint8_t> mask, uint32_t feather,
               std::span<uint8_t> spare_a, std::span<uint8_t> spare_b, std::span<uint16_t> row,
               std::span<uint8_t> alpha) {
  const size_t w = size.width;
  uint8_t* now = spare_a.data();
  uint8_t* next = spare_b.data();
  if (feather == 0) {
    std::memcpy(now, mask.data(), w * size.height);
  } else {
    Erode(size, mask.data(), row.data(), now);
  }
  for (size_t i = 0; i < w * size.height; ++i) now[i] = static_cast<uint8_t>(now[i] * 255);
  for (uint32_t pass = 0; pass < feather; ++pass) {
    Mean(size, now, row.data(), next);
    std::swap(now, next);
  }
  const size_t stride = w + 2;
  std::memset(alpha.data(), 0, stride);
  for (uint32_t y = 0; y < size.height; ++y) {
    uint8_t* target = alpha.data() + (y + 1) * stride;
    target[0] = 0;
    std::memcpy(target + 1, now + y * w, w);
    target[w + 1] = 0;
  }
  std::memset(alpha.data() + (size.height + 1) * stride, 0, stride);
}

void RaiseToEllipse(const Ellipse& ellipse, const RectPx& window, std::span<uint8_t> alpha) {
  const EllipseRadius radius(ellipse);
  if (radius.is_flat()) return;
  for (uint32_t y = 0; y < window.height; ++y) {
    uint8_t* row = alpha.data() + (size_t{y} + 1) * (size_t{window.width} + 2) + 1;
    for (uint32_t x = 0; x < window.width; ++x) {
      const double squared = radius.Squared(window.x + x + 0.5, window.y + y + 0.5);
      if (squared >= kClearFrom * kClearFrom) continue;
      const double t = std::min(
          1.0, std::max(0.0, (kClearFrom - std::sqrt(squared)) / (kClearFrom - kOpaqueTo)));
      const auto value = static_cast<uint8_t>(std::nearbyint(255 * (t * t * (3 - 2 * t))));
      row[x] = std::max(row[x], value);
    }
  }
}

}  // namespace headrace::loader
