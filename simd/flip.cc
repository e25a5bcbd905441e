#include "simd/flip.h"

#include <algorithm>
#include <cstring>

#include "base/check.h"

#ifndef HEADRACE_SIMD_FLIP_ONCE_
#define HEADRACE_SIMD_FLIP_ONCE_
namespace headrace::simd {
enum class Rows : bool { kInOrder, kReversed };
}  // namespace headrace::simd
#endif

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "simd/flip.cc"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"
#include "simd/rows-inl.h"

HWY_BEFORE_NAMESPACE();
namespace headrace::simd {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

void FlipColumns(const ConstImageView& source, const ImageView& target, Rows order) {
  for (uint32_t y = 0; y < source.height; ++y) {
    const uint8_t* from = source.Row(y);
    uint8_t* to = target.Row(order == Rows::kInOrder ? y : source.height - 1 - y);
    switch (source.channels) {
      case 1: ReverseRow<1>(from, to, source.width); break;
      case 3: ReverseRow<3>(from, to, source.width); break;
      default: ReverseRow<4>(from, to, source.width); break;
    }
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace headrace::simd
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace headrace::simd {
namespace {

HWY_EXPORT(FlipColumns);

// An orientation as three independent moves: rows and columns of the stored picture are read in
// reverse, and then exchanged. (TIFF 6.0 tag 274 names where the stored row 0 and column 0 are.)
struct Turn {
  bool exchange;
  bool columns_reversed;
  Rows rows;
};

Turn TurnOf(uint8_t orientation) {
  switch (orientation) {
    case 2: return {false, true, Rows::kInOrder};
    case 3: return {false, true, Rows::kReversed};
    case 4: return {false, false, Rows::kReversed};
    case 5: return {true, false, Rows::kInOrder};
    case 6: return {true, false, Rows::kReversed};
    case 7: return {true, true, Rows::kReversed};
    case 8: return {true, true, Rows::kInOrder};
    default: return {false, false, Rows::kInOrder};
  }
}

void CopyRows(const ConstImageView& source, const ImageView& target, Rows order) {
  for (uint32_t y = 0; y < source.height; ++y) {
    std::memcpy(target.Row(y), source.Row(order == Rows::kInOrder ? y : source.height - 1 - y),
                source.row_bytes());
  }
}

// Square tiles, so that the lines of both pictures that a tile touches stay in the first cache.
constexpr uint32_t kTilePx = 32;

template <size_t kChannels>
void Exchange(const ConstImageView& source, Turn turn, const ImageView& target) {
  const ptrdiff_t down = turn.rows == Rows::kReversed ? -static_cast<ptrdiff_t>(source.stride_bytes)
                                            : static_cast<ptrdiff_t>(source.stride_bytes);
  for (uint32_t tile_y = 0; tile_y < target.height; tile_y += kTilePx) {
    const uint32_t y_end = std::min(tile_y + kTilePx, target.height);
    for (uint32_t tile_x = 0; tile_x < target.width; tile_x += kTilePx) {
      const uint32_t count = std::min(kTilePx, target.width - tile_x);
      const uint32_t first_row = turn.rows == Rows::kReversed ? source.height - 1 - tile_x : tile_x;
      for (uint32_t y = tile_y; y < y_end; ++y) {
        const uint32_t column = turn.columns_reversed ? source.width - 1 - y : y;
        const uint8_t* from = source.Row(first_row) + size_t{column} * kChannels;
        uint8_t* to = target.Row(y) + size_t{tile_x} * kChannels;
        for (uint32_t i = 0; i < count; ++i) {
          std::memcpy(to + i * kChannels, from + static_cast<ptrdiff_t>(i) * down, kChannels);
        }
      }
    }
  }
}

}  // namespace

void FlipHorizontal(const ConstImageView& source, const ImageView& target) {
  HR_DCHECK(source.size() == target.size() && source.channels == target.channels);
  HWY_DYNAMIC_DISPATCH(FlipColumns)(source, target, Rows::kInOrder);
}

void Orient(const ConstImageView& source, uint8_t orientation, const ImageView& target) {
  HR_DCHECK(target.size() == OrientedSize(source.size(), orientation));
  HR_DCHECK(source.channels == target.channels);
  const Turn turn = TurnOf(orientation);
  if (!turn.exchange) {
    if (turn.columns_reversed) {
      HWY_DYNAMIC_DISPATCH(FlipColumns)(source, target, turn.rows);
    } else {
      CopyRows(source, target, turn.rows);
    }
    return;
  }
  switch (source.channels) {
    case 1: Exchange<1>(source, turn, target); break;
    case 3: Exchange<3>(source, turn, target); break;
    default: Exchange<4>(source, turn, target); break;
  }
}

SizePx OrientedSize(SizePx stored, uint8_t orientation) {
  return TurnOf(orientation).exchange ? SizePx{stored.height, stored.width} : stored;
}

RectPx StoredRect(const RectPx& upright, SizePx stored, uint8_t orientation) {
  const Turn turn = TurnOf(orientation);
  RectPx rect = upright;
  if (turn.exchange) rect = {upright.y, upright.x, upright.height, upright.width};
  if (turn.columns_reversed) rect.x = stored.width - (rect.x + rect.width);
  if (turn.rows == Rows::kReversed) rect.y = stored.height - (rect.y + rect.height);
  return rect;
}

}  // namespace headrace::simd
#endif  // HWY_ONCE
