#include "simd/flip.h"

#include <algorithm>
#include <cstring>

#include "base/check.h"

#ifndef HEADRACE_SIMD_FLIP_ONCE_
#define HEADRACE_SIMD_FLIP_ONCE_
namespace headrace::simd {
enum class Rows : bool { kInOrder, kReversed };

// A picture whose rows become columns: target(y, x) is the pixel at first + x * down + y * across.
struct Exchanged {
  const uint8_t* first;
  ptrdiff_t down;    // to the next stored row, either way
  ptrdiff_t across;  // to the next stored pixel, either way

  const uint8_t* At(uint32_t y, uint32_t x) const {
    return first + static_cast<ptrdiff_t>(x) * down + static_cast<ptrdiff_t>(y) * across;
  }
};
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

// Columns [x, x_end) of rows [y, y_end) of the target, pixel by pixel.
template <size_t kChannels>
HWY_INLINE void ExchangePixels(const Exchanged& source, uint32_t y, uint32_t y_end, uint32_t x,
                               uint32_t x_end, const ImageView& target) {
  for (; y < y_end; ++y) {
    uint8_t* to = target.Row(y);
    for (uint32_t i = x; i < x_end; ++i) {
      std::memcpy(to + i * kChannels, source.At(y, i), kChannels);
    }
  }
}

#if HWY_TARGET != HWY_SCALAR
// 4x4 pixels of 3 or 4 channels, each in a 32-bit lane while they are transposed. For 3 channels a
// load takes 4 bytes more than it needs (before its pixels if they are reversed, else behind them)
// and a store writes 4 bytes too many, which the next block of the same rows overwrites.
template <size_t kChannels>
class ExchangeBlock {
 public:
  explicit ExchangeBlock(bool reversed)
      // From the first target row's pixel to where the load begins.
      : load_at_(reversed ? static_cast<ptrdiff_t>(kChannels) - 16 : 0) {
    alignas(16) uint8_t spread[16];
    alignas(16) uint8_t gather[16] = {};
    std::fill_n(spread, 16, uint8_t{0x80});
    for (size_t i = 0; i < 4; ++i) {
      for (size_t c = 0; c < kChannels; ++c) {
        const size_t pixel = reversed ? 16 - (i + 1) * kChannels : i * kChannels;
        spread[4 * i + c] = static_cast<uint8_t>(pixel + c);
        gather[i * kChannels + c] = static_cast<uint8_t>(4 * i + c);
      }
    }
    spread_ = hn::Load(d8_, spread);
    gather_ = hn::Load(d8_, gather);
  }

  HWY_INLINE void Run(const Exchanged& source, uint32_t y, uint32_t x,
                      const ImageView& target) const {
    const hn::FixedTag<int32_t, 4> d;
    hn::Vec<hn::FixedTag<int32_t, 4>> v[4];
    for (uint32_t i = 0; i < 4; ++i) {
      const auto bytes = hn::LoadU(d8_, source.At(y, x + i) + load_at_);
      v[i] = hn::BitCast(d, hn::TableLookupBytesOr0(bytes, spread_));
    }
    TransposeBlocks(d, v[0], v[1], v[2], v[3]);
    for (uint32_t i = 0; i < 4; ++i) {
      const auto bytes = hn::TableLookupBytes(hn::BitCast(d8_, v[i]), gather_);
      hn::StoreU(bytes, d8_, target.Row(y + i) + x * kChannels);
    }
  }

 private:
  static constexpr hn::FixedTag<uint8_t, 16> d8_{};
  ptrdiff_t load_at_;
  hn::Vec<hn::FixedTag<uint8_t, 16>> spread_;
  hn::Vec<hn::FixedTag<uint8_t, 16>> gather_;
};
#endif

// Tiles, so that the lines of both pictures that a tile touches stay in the first cache.
constexpr uint32_t kTilePx = 32;

template <size_t kChannels>
void ExchangeTiles(const Exchanged& source, const ImageView& target) {
#if HWY_TARGET != HWY_SCALAR
  // Rows and columns that blocks may cover: their loads and stores stay inside the rows.
  constexpr uint32_t kReach = kChannels == 3 ? 6 : 4;
  const ExchangeBlock<kChannels> block(source.across < 0);
#endif
  for (uint32_t tile_y = 0; tile_y < target.height; tile_y += kTilePx) {
    const uint32_t y_end = std::min(tile_y + kTilePx, target.height);
    for (uint32_t tile_x = 0; tile_x < target.width; tile_x += kTilePx) {
      const uint32_t x_end = std::min(tile_x + kTilePx, target.width);
      uint32_t y = tile_y;
#if HWY_TARGET != HWY_SCALAR
      for (; y + 4 <= y_end && y + kReach <= target.height; y += 4) {
        uint32_t x = tile_x;
        for (; x + 4 <= x_end && x + kReach <= target.width; x += 4) {
          block.Run(source, y, x, target);
        }
        ExchangePixels<kChannels>(source, y, y + 4, x, x_end, target);
      }
#endif
      ExchangePixels<kChannels>(source, y, y_end, tile_x, x_end, target);
    }
  }
}

void Exchange(const Exchanged& source, const ImageView& target) {
  switch (target.channels) {
    case 1: {
      // Blocks of bytes would need another shape; grey pictures that lie on their side are few.
      for (uint32_t y = 0; y < target.height; y += kTilePx) {
        const uint32_t y_end = std::min(y + kTilePx, target.height);
        for (uint32_t x = 0; x < target.width; x += kTilePx) {
          ExchangePixels<1>(source, y, y_end, x, std::min(x + kTilePx, target.width), target);
        }
      }
      break;
    }
    case 3: ExchangeTiles<3>(source, target); break;
    default: ExchangeTiles<4>(source, target); break;
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace headrace::simd
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace headrace::simd {
namespace {

HWY_EXPORT(FlipColumns);
HWY_EXPORT(Exchange);

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

Exchanged ExchangeRows(const ConstImageView& source, const Turn& turn) {
  const auto stride = static_cast<ptrdiff_t>(source.stride_bytes);
  const auto pixel = static_cast<ptrdiff_t>(source.channels);
  Exchanged exchanged = {source.data, stride, pixel};
  if (turn.rows == Rows::kReversed) {
    exchanged.first += (source.height - 1) * stride;
    exchanged.down = -stride;
  }
  if (turn.columns_reversed) {
    exchanged.first += (source.width - 1) * pixel;
    exchanged.across = -pixel;
  }
  return exchanged;
}

}  // namespace

void FlipHorizontal(const ConstImageView& source, const ImageView& target) {
  HR_DCHECK(AreAlike(source, target));
  HWY_DYNAMIC_DISPATCH(FlipColumns)(source, target, Rows::kInOrder);
}

void FlipVertical(const ConstImageView& source, const ImageView& target) {
  HR_DCHECK(AreAlike(source, target));
  CopyRows(source, target, Rows::kReversed);
}

void FlipVerticalInPlace(const ImageView& picture) {
  for (uint32_t y = 0; y < picture.height / 2; ++y) {
    uint8_t* row = picture.Row(y);
    std::swap_ranges(row, row + picture.row_bytes(), picture.Row(picture.height - 1 - y));
  }
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
  HWY_DYNAMIC_DISPATCH(Exchange)(ExchangeRows(source, turn), target);
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
