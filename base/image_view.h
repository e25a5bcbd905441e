// Views of interleaved 8-bit pixels: a pointer, a size and the distance between rows.
//
// A view owns nothing. Rows are `width_px * channels` bytes; `stride_bytes` may be larger. A crop
// is pointer arithmetic (Crop), so regions cost nothing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace headrace {

struct SizePx {
  uint32_t width = 0;
  uint32_t height = 0;
  friend bool operator==(const SizePx&, const SizePx&) = default;
};

// A rectangle in pixels: columns [x, x + width), rows [y, y + height).
struct RectPx {
  uint32_t x = 0;
  uint32_t y = 0;
  uint32_t width = 0;
  uint32_t height = 0;
  friend bool operator==(const RectPx&, const RectPx&) = default;
  SizePx size() const { return {width, height}; }
};

template <class Byte>
struct BasicImageView {
  Byte* data = nullptr;
  uint32_t width = 0;
  uint32_t height = 0;
  uint32_t channels = 0;
  size_t stride_bytes = 0;

  Byte* Row(uint32_t y) const { return data + y * stride_bytes; }
  size_t row_bytes() const { return size_t{width} * channels; }
  SizePx size() const { return {width, height}; }
  // `rect` must lie inside.
  BasicImageView Crop(const RectPx& rect) const {
    return {data + rect.y * stride_bytes + size_t{rect.x} * channels, rect.width, rect.height,
            channels, stride_bytes};
  }
  // A writable view is also a readable one.
  operator BasicImageView<const Byte>() const {  // NOLINT: implicit on purpose
    return {data, width, height, channels, stride_bytes};
  }
};

using ImageView = BasicImageView<uint8_t>;
using ConstImageView = BasicImageView<const uint8_t>;

// Whether two views have as many rows, columns and channels.
inline bool AreAlike(const ConstImageView& a, const ConstImageView& b) {
  return a.size() == b.size() && a.channels == b.channels;
}

// Row by row; the two are alike. Nothing to do when they are the same pixels.
inline void CopyPixels(const ConstImageView& source, const ImageView& target) {
  if (source.data == target.data) return;
  for (uint32_t y = 0; y < source.height; ++y) {
    std::memcpy(target.Row(y), source.Row(y), source.row_bytes());
  }
}

}  // namespace headrace
