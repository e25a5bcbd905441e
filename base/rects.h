// Rectangles of pixels with each other. An empty one (no width or no height) holds nothing.
#pragma once

#include <algorithm>
#include <cstdint>

#include "base/image_view.h"

namespace headrace {

// The smallest rectangle that holds both.
inline RectPx UnionOf(const RectPx& a, const RectPx& b) {
  if (a.width == 0 || a.height == 0) return b;
  if (b.width == 0 || b.height == 0) return a;
  const uint32_t x = std::min(a.x, b.x);
  const uint32_t y = std::min(a.y, b.y);
  return {x, y, std::max(a.x + a.width, b.x + b.width) - x,
          std::max(a.y + a.height, b.y + b.height) - y};
}

// The pixels of both: 0 x 0 when there are none.
inline RectPx Common(const RectPx& a, const RectPx& b) {
  const uint32_t left = std::max(a.x, b.x);
  const uint32_t top = std::max(a.y, b.y);
  const uint32_t right = std::min(a.x + a.width, b.x + b.width);
  const uint32_t bottom = std::min(a.y + a.height, b.y + b.height);
  if (left >= right || top >= bottom) return {};
  return {left, top, right - left, bottom - top};
}

// Whether they share a pixel, both not being empty.
inline bool Overlap(const RectPx& a, const RectPx& b) {
  return a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;
}

}  // namespace headrace
