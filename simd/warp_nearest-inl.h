// Nearest: offsets of the pixels of a part of a row, and copying them. Once per target.
#if defined(HEADRACE_SIMD_WARP_NEAREST_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef HEADRACE_SIMD_WARP_NEAREST_INL_H_
#undef HEADRACE_SIMD_WARP_NEAREST_INL_H_
#else
#define HEADRACE_SIMD_WARP_NEAREST_INL_H_
#endif

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>

#include "hwy/highway.h"
#include "simd/warp_exact.h"
#include "simd/warp_rows-inl.h"

HWY_BEFORE_NAMESPACE();
namespace headrace::simd {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// ------------------------------------------------------------------ columns and rows apart

// target(x, y) = source(across(x), down(y)) for walks whose Next() gives one index after the other,
// -1 for the fill colour. Indices that are not -1 stand together.
template <size_t kChannels, class Across, class Down>
void CopyGridOf(const ConstImageView& source, Across across, const Down& down,
                const FillPattern& fill, const ImageView& target) {
  constexpr uint32_t kStripPx = 512;
  int32_t offsets[kStripPx];
  for (uint32_t x = 0; x < target.width; x += kStripPx) {
    const uint32_t width = std::min(target.width - x, kStripPx);
    Columns inside = {width, 0};
    bool is_copy = true;  // the pixels stand side by side
    bool reach = true;    // and have a pixel behind them
    for (uint32_t i = 0; i < width; ++i) {
      const int32_t column = across.Next();
      offsets[i] = column * static_cast<int32_t>(kChannels);
      if (column < 0) continue;
      is_copy &= inside.end == 0 || offsets[i] == offsets[i - 1] + static_cast<int32_t>(kChannels);
      reach &= static_cast<uint32_t>(column) + 1 < source.width;
      inside.begin = std::min(inside.begin, i);
      inside.end = i + 1;
    }
    Down walk = down;
    int32_t row_before = -1;
    for (uint32_t y = 0; y < target.height; ++y) {
      uint8_t* to = target.Row(y) + size_t{x} * kChannels;
      const int32_t row = walk.Next();
      if (row >= 0 && row == row_before) {
        std::memcpy(to, target.Row(y - 1) + size_t{x} * kChannels, width * kChannels);
        continue;
      }
      row_before = row;
      if (row < 0 || inside.begin >= inside.end) {
        fill.Run(to, 0, width);
        continue;
      }
      const uint8_t* from = source.Row(static_cast<uint32_t>(row));
      const size_t count = inside.end - inside.begin;
      uint8_t* middle = to + size_t{inside.begin} * kChannels;
      fill.Run(to, 0, inside.begin);
      if (is_copy) {
        std::memcpy(middle, from + offsets[inside.begin], count * kChannels);
      } else if (reach || row + 1 < static_cast<int64_t>(source.height)) {
        CopyPixels<kChannels, Reach::kFour>(from, offsets + inside.begin, count, middle);
      } else {
        CopyPixels<kChannels, Reach::kExact>(from, offsets + inside.begin, count, middle);
      }
      fill.Run(to, inside.end, width);
    }
  }
}

template <class Across, class Down>
void CopyGrid(const ConstImageView& source, const Across& across, const Down& down,
              const FillColour& fill, const ImageView& target) {
  const FillPattern pattern(fill, source.channels);
  if (source.channels == 1) {
    CopyGridOf<1>(source, across, down, pattern, target);
  } else {
    CopyGridOf<3>(source, across, down, pattern, target);
  }
}

#if HWY_TARGET != HWY_SCALAR

// ------------------------------------------------------------------ fixed point

// One coordinate of FixedAffine, in 64 bits.
class FixedLine {
 public:
  int64_t start;
  int64_t per_column;
  int64_t per_row;
  int64_t step = per_column < 0 ? -per_column : per_column;
  double per_step = 1.0 / static_cast<double>(step);

  FixedLine(int32_t start_at, int32_t column, int32_t row)
      : start(start_at), per_column(column), per_row(row) {}
  HWY_INLINE int64_t At(uint32_t x, uint32_t y) const {
    return start + per_column * x + per_row * y;
  }
  // Whether 32 bits hold every place of the target, so that nothing wraps around.
  bool Fits(SizePx target) const {
    const auto fits = [](int64_t v) {
      return v >= std::numeric_limits<int32_t>::min() && v <= std::numeric_limits<int32_t>::max();
    };
    const uint32_t w = target.width - 1;
    const uint32_t h = target.height - 1;
    return fits(At(0, 0)) && fits(At(w, 0)) && fits(At(0, h)) && fits(At(w, h));
  }
  // The columns of a target row whose index is in [0, size).
  HWY_INLINE Columns Inside(uint32_t y, uint32_t size_px, uint32_t width) const {
    const int64_t first = At(0, y);
    const int64_t limit = int64_t{size_px} << 16;
    if (per_column == 0) return first >= 0 && first < limit ? Columns{0, width} : Columns{0, 0};
    // Columns from `begin` on have left the side that they come from, from `end` on they are beyond
    // the other.
    const int64_t enter = per_column > 0 ? -first : first - limit + 1;
    const int64_t leave = per_column > 0 ? limit - first : first + 1;
    return {FirstAt(enter, width), FirstAt(leave, width)};
  }

 private:
  // The first column at which |per_column| * column >= way, at most `width`.
  HWY_INLINE uint32_t FirstAt(int64_t way, uint32_t width) const {
    const double guess = static_cast<double>(way) * per_step;
    if (!(guess > 0)) return 0;
    if (guess >= width + 1.0) return width;
    // Off by one at most.
    auto column = static_cast<int64_t>(guess);
    column += step * column < way ? 1 : 0;
    column -= column > 0 && step * (column - 1) >= way ? 1 : 0;
    return static_cast<uint32_t>(std::min<int64_t>(column, width));
  }
};

// The map is FixedAffine::Fits, lines fit, and the source has less than 2^31 bytes.
template <size_t kChannels>
void NearestFixedOf(const ConstImageView& source, const FixedLine& line_x, const FixedLine& line_y,
                    const FillPattern& fill, const ImageView& target) {
  const D32 d;
  const auto stride = static_cast<int32_t>(source.stride_bytes);
  const auto last_offset = static_cast<int32_t>(BytesSpanned(source)) - 4;
  const bool is_shift = line_x.per_column == 65536 && line_y.per_column == 0;
  const V32 lane = hn::Iota(d, 0);
  const V32 lanes_x = hn::Mul(lane, hn::Set(d, static_cast<int32_t>(line_x.per_column)));
  const V32 lanes_y = hn::Mul(lane, hn::Set(d, static_cast<int32_t>(line_y.per_column)));
  const V32 step_x = hn::Mul(hn::Set(d, static_cast<int32_t>(kLanes)),
                             hn::Set(d, static_cast<int32_t>(line_x.per_column)));
  const V32 step_y = hn::Mul(hn::Set(d, static_cast<int32_t>(kLanes)),
                             hn::Set(d, static_cast<int32_t>(line_y.per_column)));
  constexpr uint32_t kPartPx = 512;
  HWY_ALIGN int32_t offsets[kPartPx];
  for (uint32_t y = 0; y < target.height; ++y) {
    uint8_t* row = target.Row(y);
    const Columns inside = Common(line_x.Inside(y, source.width, target.width),
                                  line_y.Inside(y, source.height, target.width));
    fill.Run(row, 0, inside.begin);
    if (is_shift) {
      if (inside.begin < inside.end) {
        const auto from_x = static_cast<uint32_t>(line_x.At(inside.begin, y) >> 16);
        const auto from_y = static_cast<uint32_t>(line_y.At(inside.begin, y) >> 16);
        std::memcpy(row + size_t{inside.begin} * kChannels,
                    source.Row(from_y) + size_t{from_x} * kChannels,
                    size_t{inside.end - inside.begin} * kChannels);
      }
    } else {
      auto at_x = static_cast<uint32_t>(line_x.At(inside.begin, y));
      auto at_y = static_cast<uint32_t>(line_y.At(inside.begin, y));
      for (uint32_t x = inside.begin; x < inside.end; x += kPartPx) {
        const uint32_t count = std::min(inside.end - x, kPartPx);
        V32 last = hn::Zero(d);
        V32 from_x = hn::Add(hn::Set(d, static_cast<int32_t>(at_x)), lanes_x);
        V32 from_y = hn::Add(hn::Set(d, static_cast<int32_t>(at_y)), lanes_y);
        for (uint32_t i = 0; i < count; i += kLanes) {
          const V32 column = hn::ShiftRight<16>(from_x);
          const V32 line = hn::ShiftRight<16>(from_y);
          from_x = hn::Add(from_x, step_x);
          from_y = hn::Add(from_y, step_y);
          const V32 across = kChannels == 1 ? column : hn::Add(hn::Add(column, column), column);
          const V32 offset = hn::Add(hn::Mul(line, hn::Set(d, stride)), across);
          last = hn::Max(last, offset);
          hn::Store(offset, d, offsets + i);
        }
        at_x += static_cast<uint32_t>(line_x.per_column) * kPartPx;
        at_y += static_cast<uint32_t>(line_y.per_column) * kPartPx;
        uint8_t* to = row + size_t{x} * kChannels;
        // Lanes behind the part that is inside make the careful way more likely, no more.
        if (hn::GetLane(hn::MaxOfLanes(d, last)) <= last_offset) {
          CopyPixels<kChannels, Reach::kFour>(source.data, offsets, count, to);
        } else {
          CopyPixels<kChannels, Reach::kExact>(source.data, offsets, count, to);
        }
      }
    }
    fill.Run(row, inside.end, target.width);
  }
}

#endif  // HWY_TARGET != HWY_SCALAR

}  // namespace HWY_NAMESPACE
}  // namespace headrace::simd
HWY_AFTER_NAMESPACE();

#endif  // HEADRACE_SIMD_WARP_NEAREST_INL_H_
