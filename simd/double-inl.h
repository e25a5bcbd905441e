// Rows of a plane brought to full size, as libjpeg-turbo's "fancy" upsampling does it: 3/4 of the
// nearer sample and 1/4 of the farther on each halved axis. Once per target.
//
// Where two results are equally near, libjpeg-turbo rounds to alternate sides, and to which side
// depends on what is halved:
//   across         (3 near + far + 1 or 2) / 4          1 left, 2 right of the pair
//   down           (3 near + far + 1 or 2) / 4          1 upper, 2 lower of the pair
//   both           (3 near + far + 8 or 7) / 16         8 left, 7 right; near and far are the sums
//                                                       3 near + far of the two rows
#if defined(HEADRACE_SIMD_DOUBLE_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef HEADRACE_SIMD_DOUBLE_INL_H_
#undef HEADRACE_SIMD_DOUBLE_INL_H_
#else
#define HEADRACE_SIMD_DOUBLE_INL_H_
#endif

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "base/image_view.h"
#include "hwy/highway.h"
#include "simd/planes.h"
#include "simd/rows-inl.h"
#include "simd/ycc_scratch.h"

HWY_BEFORE_NAMESPACE();
namespace headrace::simd {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

#if HWY_TARGET != HWY_SCALAR

using DU16 = hn::FixedTag<uint16_t, kVectorBytes / 2>;
using VU16 = hn::Vec<DU16>;
constexpr size_t kLanes16 = kVectorBytes / 2;
static_assert(kVectorBytes <= kDoubleOverrun, "what loops write too many has its place in scratch");

// Calls step(i) for vectors of kStep elements that cover [0, count): the last may overlap the one
// before it. What is left is rest(i), one by one, if there is no whole vector.
template <size_t kStep, class Step, class Rest>
HWY_INLINE void Cover(size_t count, const Step& step, const Rest& rest) {
  size_t i = 0;
  for (; i + kStep <= count; i += kStep) step(i);
  if (i == count) return;
  if (count >= kStep) return step(count - kStep);
  for (; i < count; ++i) rest(i);
}

// ------------------------------------------------------------------ down

// Two rows of samples to one of 16-bit sums, 3 near + far.
HWY_INLINE void SumRows(const uint8_t* near, const uint8_t* far, size_t count,
                        uint16_t* HWY_RESTRICT out) {
  const hn::FixedTag<uint8_t, kLanes16> d8;
  const DU16 d;
  Cover<kLanes16>(
      count,
      [&](size_t i) HWY_ATTR {
        const VU16 n = hn::PromoteTo(d, hn::LoadU(d8, near + i));
        const VU16 f = hn::PromoteTo(d, hn::LoadU(d8, far + i));
        hn::StoreU(hn::Add(hn::Add(hn::Add(n, n), n), f), d, out + i);
      },
      [&](size_t i) { out[i] = static_cast<uint16_t>(3 * near[i] + far[i]); });
}

// One row of samples as 16-bit numbers.
HWY_INLINE void WidenRow(const uint8_t* in, size_t count, uint16_t* HWY_RESTRICT out) {
  const hn::FixedTag<uint8_t, kLanes16> d8;
  const DU16 d;
  Cover<kLanes16>(
      count,
      [&](size_t i) HWY_ATTR { hn::StoreU(hn::PromoteTo(d, hn::LoadU(d8, in + i)), d, out + i); },
      [&](size_t i) { out[i] = in[i]; });
}

// (3 near + far + bias) / 4 in bytes: the average of `near` with the average of both, of which one
// is rounded up and one down, in an order that depends on the bias.
enum class Bias : uint8_t { kOne, kTwo };
template <Bias kBias>
HWY_INLINE void BlendRows(const uint8_t* near, const uint8_t* far, size_t count,
                          uint8_t* HWY_RESTRICT out) {
  const D8 d;
  const V8 one = hn::Set(d, 1);
  const auto down = [one](V8 a, V8 b) HWY_ATTR {
    return hn::Sub(hn::AverageRound(a, b), hn::And(hn::Xor(a, b), one));
  };
  Cover<kVectorBytes>(
      count,
      [&](size_t i) HWY_ATTR {
        const V8 n = hn::LoadU(d, near + i);
        const V8 f = hn::LoadU(d, far + i);
        const V8 blend =
            kBias == Bias::kOne ? down(n, hn::AverageRound(n, f)) : hn::AverageRound(n, down(n, f));
        hn::StoreU(blend, d, out + i);
      },
      [&](size_t i) {
        out[i] = static_cast<uint8_t>((3 * near[i] + far[i] + (kBias == Bias::kOne ? 1 : 2)) >> 2);
      });
}

// ------------------------------------------------------------------ across

// Makes two samples of each of `count` numbers, in[0] onwards; in[-1] and in[count] are there.
// Reads and writes up to kDoubleOverrun bytes too many.
template <int kShift, uint16_t kLeftBias, uint16_t kRightBias>
HWY_INLINE void DoubleRow(const uint16_t* in, size_t count, uint8_t* HWY_RESTRICT out) {
  const DU16 d;
  const VU16 left_bias = hn::Set(d, kLeftBias);
  const VU16 right_bias = hn::Set(d, kRightBias);
  for (size_t i = 0; i < count; i += kLanes16) {
    const VU16 near = hn::LoadU(d, in + i);
    const VU16 three = hn::Add(hn::Add(near, near), near);
    const VU16 left = hn::Add(hn::Add(three, left_bias), hn::LoadU(d, in + i - 1));
    const VU16 right = hn::Add(hn::Add(three, right_bias), hn::LoadU(d, in + i + 1));
    // The lower byte of a lane comes first in memory.
    const VU16 pairs =
        hn::Or(hn::ShiftRight<kShift>(left), hn::ShiftLeft<8>(hn::ShiftRight<kShift>(right)));
    hn::StoreU(hn::BitCast(D8(), pairs), D8(), out + 2 * i);
  }
}

HWY_INLINE void RepeatRow(const uint16_t* in, size_t count, uint8_t* HWY_RESTRICT out) {
  const DU16 d;
  for (size_t i = 0; i < count; i += kLanes16) {
    const VU16 v = hn::LoadU(d, in + i);
    hn::StoreU(hn::BitCast(D8(), hn::Or(v, hn::ShiftLeft<8>(v))), D8(), out + 2 * i);
  }
}

// ------------------------------------------------------------------ rows of a plane

// Columns of a plane that a row needs, of which some may lie beyond its view.
struct Columns {
  uint32_t first = 0;  // the first one that is read
  size_t before = 0;   // how often it stands before itself
  size_t inside = 0;   // how many are read
  size_t behind = 0;   // how often the last one is repeated

  Columns() = default;
  Columns(int64_t begin, size_t count, uint32_t width) {
    const int64_t end = begin + static_cast<int64_t>(count);
    const int64_t last = int64_t{width} - 1;
    first = static_cast<uint32_t>(std::clamp<int64_t>(begin, 0, last));
    inside = static_cast<size_t>(std::clamp<int64_t>(end - 1, 0, last)) - first + 1;
    before = begin < 0 ? static_cast<size_t>(-begin) : 0;
    behind = count - before - inside;
  }
  template <class Number>
  HWY_INLINE void Repeat(Number* row) const {
    std::fill_n(row, before, row[before]);
    std::fill_n(row + before + inside, behind, row[before + inside - 1]);
  }
};

// The samples of one plane that lie under columns [left, left + width) of plane 0, a row at a time.
class FullSizeRows {
 public:
  struct Source {
    ConstImageView plane;
    PlaneGrid across;
    PlaneGrid down;
    bool smooth;
  };
  // `row` has DoubledRowBytes(width); `sums` has PairNumbersBytes(width) and may be shared.
  FullSizeRows(const Source& source, uint32_t left, uint32_t width, uint8_t* row, uint16_t* sums)
      : source_(source), width_(width), row_(row), sums_(sums) {
    const uint64_t begin = uint64_t{left} + source.across.offset;
    if (source.across.shift == 0) {
      columns_ = Columns(static_cast<int64_t>(begin), width, source.plane.width);
      return;
    }
    right_of_pair_ = begin & 1;
    pairs_ = static_cast<size_t>(((begin + width - 1) >> 1) - (begin >> 1) + 1);
    columns_ = Columns(static_cast<int64_t>(begin >> 1) - 1, pairs_ + 2, source.plane.width);
  }

  // The row under row `y` of plane 0; valid until the next call.
  HWY_INLINE const uint8_t* Row(uint32_t y) const {
    const uint64_t at = uint64_t{y} + source_.down.offset;
    const auto row = static_cast<int64_t>(at >> source_.down.shift);
    const uint8_t* near = RowOf(row);
    const bool lower = at & 1;
    const uint8_t* far = RowOf(lower ? row + 1 : row - 1);
    const bool halved_down = source_.down.shift != 0;
    if (source_.across.shift == 0) {
      return halved_down ? Blended(near, far, lower) : Copied(near);
    }
    uint16_t* numbers = sums_ + columns_.before;
    const bool both = halved_down && source_.smooth;
    if (both) {
      SumRows(near, far, columns_.inside, numbers);
    } else {
      WidenRow(near, columns_.inside, numbers);
    }
    columns_.Repeat(sums_);
    // One neighbour comes first.
    if (both) {
      DoubleRow<4, 8, 7>(sums_ + 1, pairs_, row_);
    } else if (source_.smooth) {
      DoubleRow<2, 1, 2>(sums_ + 1, pairs_, row_);
    } else {
      RepeatRow(sums_ + 1, pairs_, row_);
    }
    return row_ + right_of_pair_;
  }

 private:
  // From its first needed column on.
  HWY_INLINE const uint8_t* RowOf(int64_t y) const {
    const int64_t row = std::clamp<int64_t>(y, 0, int64_t{source_.plane.height} - 1);
    return source_.plane.Row(static_cast<uint32_t>(row)) + columns_.first;
  }
  const uint8_t* Copied(const uint8_t* near) const {
    if (columns_.inside == width_) return near;
    std::memcpy(row_ + columns_.before, near, columns_.inside);
    columns_.Repeat(row_);
    return row_;
  }
  const uint8_t* Blended(const uint8_t* near, const uint8_t* far, bool lower) const {
    uint8_t* out = row_ + columns_.before;
    if (lower) {
      BlendRows<Bias::kTwo>(near, far, columns_.inside, out);
    } else {
      BlendRows<Bias::kOne>(near, far, columns_.inside, out);
    }
    columns_.Repeat(row_);
    return row_;
  }

  Source source_;
  uint32_t width_;
  Columns columns_;
  size_t pairs_ = 0;
  size_t right_of_pair_ = 0;  // 1: the first column is the right one of its pair
  uint8_t* row_;
  uint16_t* sums_;
};

#endif  // HWY_TARGET != HWY_SCALAR

}  // namespace HWY_NAMESPACE
}  // namespace headrace::simd
HWY_AFTER_NAMESPACE();

#endif  // HEADRACE_SIMD_DOUBLE_INL_H_
