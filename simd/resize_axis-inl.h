// The windows and weights of one axis for kChunk outputs at a time: what resize_weights.h computes
// one by one, with the same bits. Included once per target.
#if defined(HEADRACE_SIMD_RESIZE_AXIS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef HEADRACE_SIMD_RESIZE_AXIS_INL_H_
#undef HEADRACE_SIMD_RESIZE_AXIS_INL_H_
#else
#define HEADRACE_SIMD_RESIZE_AXIS_INL_H_
#endif

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "hwy/highway.h"
#include "simd/resize.h"
#include "simd/resize_axis.h"
#include "simd/resize_filter-inl.h"

HWY_BEFORE_NAMESPACE();
namespace headrace::simd {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using DChunk = hn::FixedTag<int32_t, kChunk>;
using VChunk = hn::Vec<DChunk>;
using DHalf = hn::FixedTag<int32_t, kF64>;
using VHalf = hn::Vec<DHalf>;

// The windows of every output of an axis: samples [first[i], end[i]) of the plane. The arrays have
// room for whole chunks; entries beyond the last output repeat it.
struct AxisWindows {
  int32_t* first;
  int32_t* end;
  uint32_t taps_max;       // widest window, before the plane's ends are looked at
  uint32_t full_taps_max;  // widest window of full-size samples
};

// Room for the weights of one chunk: the weight of tap t for lane i is number t * kChunk + i.
struct ChunkRoom {
  double* real;
  int32_t* full;  // of full-size samples
  int32_t* taps;  // of the plane's samples, when it is halved
};

// 0, 1, 2, ... Iota builds it lane by lane in memory, which stalls the load of the vector.
HWY_INLINE VHalf LaneNumbers() {
  alignas(32) static constexpr int32_t kNumbers[8] = {0, 1, 2, 3, 4, 5, 6, 7};
  static_assert(kF64 <= 8);
  return hn::Load(DHalf(), kNumbers);
}

// The windows of kF64 outputs from `index` on, as whole numbers in f64.
struct FullWindows {
  VF64 centre;
  VF64 first;
  VF64 end;
};
HWY_INLINE FullWindows FullWindowsOf(const PlaneAxis& axis, uint32_t index) {
  const DF64 d;
  const DHalf dh;
  const VHalf last = hn::Set(dh, static_cast<int32_t>(axis.full.out_px - 1));
  const VHalf here = hn::Add(hn::Set(dh, static_cast<int32_t>(index)), LaneNumbers());
  const VF64 i = hn::PromoteTo(d, hn::Min(here, last));
  if (!axis.is_filtered) {
    const VF64 first = hn::Add(Real(axis.whole_start), i);
    return {first, first, hn::Add(first, Real(1.0))};
  }
  const VF64 half = Real(0.5);
  const VF64 support = Real(axis.full.support_px);
  const VF64 centre =
      hn::Add(Real(axis.full.start), hn::Mul(hn::Add(i, half), Real(axis.full.scale)));
  const VF64 low = hn::Add(hn::Sub(centre, support), half);
  const VF64 high = hn::Add(hn::Add(centre, support), half);
  return {centre, hn::Trunc(hn::Max(low, hn::Zero(d))),
          hn::Trunc(hn::Min(high, Real(axis.full.in_px)))};
}

// Brings the window of output `index` inside the plane.
inline void ClampWindow(const PlaneAxis& axis, uint32_t index, AxisWindows* windows) {
  const SampleRange range = SamplesUnder(axis.grid, FullWindowOf(axis, index));
  const int64_t last = int64_t{axis.in_px} - 1;
  windows->first[index] = static_cast<int32_t>(std::clamp<int64_t>(range.first, 0, last));
  windows->end[index] = static_cast<int32_t>(std::clamp<int64_t>(range.end - 1, 0, last) + 1);
}

// Fills `windows`, whose arrays are set.
inline void FindWindows(const PlaneAxis& axis, AxisWindows* windows) {
  const DHalf dh;
  const uint32_t out_px = axis.full.out_px;
  const VHalf offset = hn::Set(dh, static_cast<int32_t>(axis.grid.offset));
  const VHalf one = hn::Set(dh, 1);
  VHalf taps = hn::Zero(dh);
  VHalf full_taps = hn::Zero(dh);
  const size_t padded = (size_t{out_px} + kChunk - 1) / kChunk * kChunk;
  for (size_t i = 0; i < padded; i += kF64) {
    const FullWindows full = FullWindowsOf(axis, static_cast<uint32_t>(i));
    VHalf first = hn::Add(hn::DemoteTo(dh, full.first), offset);
    VHalf end = hn::Add(hn::DemoteTo(dh, full.end), offset);
    full_taps = hn::Max(full_taps, hn::Sub(end, first));
    if (axis.grid.shift != 0) {
      first = hn::Sub(hn::ShiftRight<1>(hn::Add(first, one)), one);
      end = hn::Add(hn::ShiftRight<1>(end), one);
    }
    taps = hn::Max(taps, hn::Sub(end, first));
    hn::StoreU(first, dh, windows->first + i);
    hn::StoreU(end, dh, windows->end + i);
  }
  windows->taps_max = static_cast<uint32_t>(hn::GetLane(hn::MaxOfLanes(dh, taps)));
  windows->full_taps_max = static_cast<uint32_t>(hn::GetLane(hn::MaxOfLanes(dh, full_taps)));
  // Windows move to the right, so those that leave the plane are the first and the last ones.
  const auto in_px = static_cast<int32_t>(axis.in_px);
  for (uint32_t i = 0; i < out_px && windows->first[i] < 0; ++i) ClampWindow(axis, i, windows);
  for (uint32_t i = out_px; i-- > 0 && windows->end[i] > in_px;) ClampWindow(axis, i, windows);
  std::fill(windows->first + out_px, windows->first + padded, windows->first[out_px - 1]);
  std::fill(windows->end + out_px, windows->end + padded, windows->end[out_px - 1]);
}

// The full-size weights of kF64 outputs; tap t is sample base + t, where a halved plane's base is
// the odd sample at or before the window, and zero outside the window.
template <class FilterAt>
void FullWeights(const PlaneAxis& axis, uint32_t index, uint32_t taps, double* HWY_RESTRICT real,
                 int32_t* HWY_RESTRICT fixed) {
  const DF64 d;
  const DHalf dh;
  const VF64 half = Real(0.5);
  const VF64 inverse = Real(1.0 / axis.full.filter_scale);
  const FullWindows window = FullWindowsOf(axis, index);
  VF64 at = window.first;
  if (axis.grid.shift != 0) {
    const VF64 under = hn::Add(at, Real(axis.grid.offset));
    const VF64 halved = hn::Mul(under, half);
    const auto is_even = hn::Eq(halved, hn::Trunc(halved));
    at = hn::Sub(at, hn::IfThenElseZero(is_even, Real(1.0)));
  }
  VF64 sum = hn::Zero(d);
  for (uint32_t t = 0; t < taps; ++t) {
    const VF64 x = hn::Mul(hn::Add(hn::Sub(at, window.centre), half), inverse);
    const auto is_inside = hn::And(hn::Ge(at, window.first), hn::Lt(at, window.end));
    const VF64 weight = hn::IfThenElseZero(is_inside, FilterAt::At(x));
    hn::Store(weight, d, real + t * kChunk);
    sum = hn::Add(sum, weight);
    at = hn::Add(at, Real(1.0));
  }
  const VF64 divisor = hn::IfThenElse(hn::Eq(sum, hn::Zero(d)), Real(1.0), sum);
  for (uint32_t t = 0; t < taps; ++t) {
    const VF64 weight = hn::Div(hn::Load(d, real + t * kChunk), divisor);
    const VF64 scaled = hn::Mul(weight, Real(1 << kWeightBits));
    const VF64 rounded =
        hn::IfThenElse(hn::Lt(weight, hn::Zero(d)), hn::Sub(scaled, half), hn::Add(scaled, half));
    hn::Store(hn::DemoteTo(dh, rounded), dh, fixed + t * kChunk);
  }
}

// The weight of an axis that is not filtered.
struct NoFilter {
  static HWY_INLINE VF64 At(VF64) { return Real(1.0); }
};

inline void FullWeights(const PlaneAxis& axis, uint32_t index, uint32_t taps, double* real,
                        int32_t* fixed) {
  if (!axis.is_filtered) return FullWeights<NoFilter>(axis, index, taps, real, fixed);
  switch (axis.full.filter) {
    case Filter::kBox: return FullWeights<BoxFilter>(axis, index, taps, real, fixed);
    case Filter::kBilinear: return FullWeights<BilinearFilter>(axis, index, taps, real, fixed);
    case Filter::kHamming: return FullWeights<HammingFilter>(axis, index, taps, real, fixed);
    case Filter::kBicubic: return FullWeights<BicubicFilter>(axis, index, taps, real, fixed);
    case Filter::kLanczos: return FullWeights<LanczosFilter>(axis, index, taps, real, fixed);
    case Filter::kNearest:
    case Filter::kNearestLegacy: return;  // has no weights
  }
}

// What lies beyond the plane's ends counts for its outermost samples: moves those weights of one
// lane together.
inline void FoldEnds(const PlaneAxis& axis, uint32_t index, uint32_t taps, int32_t* weights) {
  const SampleRange range = SamplesUnder(axis.grid, FullWindowOf(axis, index));
  const int64_t last = int64_t{axis.in_px} - 1;
  if (range.first >= 0 && range.end - 1 <= last) return;
  const int64_t first = std::clamp<int64_t>(range.first, 0, last);
  for (int64_t t = 0; t < taps; ++t) {
    const int64_t to = std::clamp<int64_t>(range.first + t, 0, last) - first;
    if (to == t) continue;
    const int32_t weight = weights[t * static_cast<int64_t>(kChunk)];
    weights[t * static_cast<int64_t>(kChunk)] = 0;
    weights[to * static_cast<int64_t>(kChunk)] += weight;
  }
}

// The sums of the triangle's quarters over 4, and the rest to the largest: 2^22 together.
inline void DivideByFour(uint32_t taps, int32_t* HWY_RESTRICT weights) {
  const DChunk d;
  VChunk rest = hn::Set(d, 1 << kWeightBits);
  VChunk most = hn::Set(d, INT32_MIN);
  VChunk largest = hn::Zero(d);
  for (uint32_t t = 0; t < taps; ++t) {
    const VChunk sum = hn::Load(d, weights + t * kChunk);
    const VChunk weight = hn::ShiftRight<2>(hn::Add(sum, hn::Set(d, 2)));
    const auto is_more = hn::Gt(weight, most);
    most = hn::IfThenElse(is_more, weight, most);
    largest = hn::IfThenElse(is_more, hn::Set(d, static_cast<int32_t>(t)), largest);
    rest = hn::Sub(rest, weight);
    hn::Store(weight, d, weights + t * kChunk);
  }
  for (uint32_t t = 0; t < taps; ++t) {
    const auto is_largest = hn::Eq(largest, hn::Set(d, static_cast<int32_t>(t)));
    const VChunk weight = hn::Load(d, weights + t * kChunk);
    hn::Store(hn::Add(weight, hn::IfThenElseZero(is_largest, rest)), d, weights + t * kChunk);
  }
}

// The weights of the plane's samples from those of full-size ones, whose base is odd: full-size
// samples 2 t and 2 t + 1 lie over sample t, those beside them over its neighbours.
inline void ComposeHalved(uint32_t full_taps, uint32_t taps, const int32_t* HWY_RESTRICT full,
                          int32_t* HWY_RESTRICT weights) {
  const DChunk d;
  const auto at = [&](int64_t t) HWY_ATTR {
    if (t < 0 || t >= int64_t{full_taps}) return hn::Zero(d);
    return hn::Load(d, full + static_cast<size_t>(t) * kChunk);
  };
  for (int64_t t = 0; t < int64_t{taps}; ++t) {
    const VChunk over = hn::Add(at(2 * t - 1), at(2 * t));
    const VChunk beside = hn::Add(at(2 * t - 2), at(2 * t + 1));
    const VChunk sum = hn::Add(hn::Add(hn::Add(over, over), over), beside);
    hn::Store(sum, d, weights + static_cast<size_t>(t) * kChunk);
  }
}

// The weights of outputs [index, index + kChunk): tap t of a lane, t < windows.taps_max, is the
// plane's sample first + t, and zero from the window's end on.
inline int32_t* ChunkWeights(const PlaneAxis& axis, const AxisWindows& windows, uint32_t index,
                             const ChunkRoom& room) {
  // A halved plane's base may lie one before the window.
  const uint32_t full_taps = windows.full_taps_max + axis.grid.shift;
  for (size_t at = 0; at < kChunk; at += kF64) {
    FullWeights(axis, index + static_cast<uint32_t>(at), full_taps, room.real + at, room.full + at);
  }
  int32_t* weights = axis.grid.shift == 0 ? room.full : room.taps;
  if (axis.grid.shift != 0) ComposeHalved(full_taps, windows.taps_max, room.full, weights);
  const uint32_t last = std::min<uint32_t>(index + kChunk, axis.full.out_px) - 1;
  const int64_t beyond = SamplesUnder(axis.grid, FullWindowOf(axis, last)).end;
  if (SamplesUnder(axis.grid, FullWindowOf(axis, index)).first < 0 || beyond > axis.in_px) {
    for (uint32_t lane = 0; lane < kChunk; ++lane) {
      FoldEnds(axis, std::min(index + lane, last), windows.taps_max, weights + lane);
    }
  }
  if (axis.grid.shift != 0) DivideByFour(windows.taps_max, weights);
  return weights;
}

}  // namespace HWY_NAMESPACE
}  // namespace headrace::simd
HWY_AFTER_NAMESPACE();

#endif  // HEADRACE_SIMD_RESIZE_AXIS_INL_H_
