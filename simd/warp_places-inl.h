// From target pixels to taps: which source pixels a chunk of a target row reads. Once per target.
#if defined(HEADRACE_SIMD_WARP_PLACES_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef HEADRACE_SIMD_WARP_PLACES_INL_H_
#undef HEADRACE_SIMD_WARP_PLACES_INL_H_
#else
#define HEADRACE_SIMD_WARP_PLACES_INL_H_
#endif

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>

#include "hwy/highway.h"
#include "simd/rows-inl.h"
#include "simd/warp_exact.h"
#include "simd/warp_rows-inl.h"

HWY_BEFORE_NAMESPACE();
namespace headrace::simd {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// The places of an affine row, in the order of PlaceOf.
class AffineRow {
 public:
  AffineRow(const AffineMatrix& m, uint32_t y)
      : m_(m), x_(m[1] * (y + 0.5)), y_(m[4] * (y + 0.5)) {}
  double X(uint32_t x) const { return m_[0] * (x + 0.5) + x_ + m_[2]; }
  double Y(uint32_t x) const { return m_[3] * (x + 0.5) + y_ + m_[5]; }

#if HWY_TARGET != HWY_SCALAR
  using D = hn::FixedTag<double, kLanes / 2>;
  using V = hn::Vec<D>;
  // at = x + 0.5
  HWY_INLINE void Get(V at, V* x, V* y) const {
    const D d;
    *x = hn::Add(hn::Add(hn::Mul(hn::Set(d, m_[0]), at), hn::Set(d, x_)), hn::Set(d, m_[2]));
    *y = hn::Add(hn::Add(hn::Mul(hn::Set(d, m_[3]), at), hn::Set(d, y_)), hn::Set(d, m_[5]));
  }
#endif

 private:
  const AffineMatrix& m_;
  double x_;
  double y_;
};

#if HWY_TARGET != HWY_SCALAR

using DReal = hn::FixedTag<double, kLanes / 2>;
using VReal = hn::Vec<DReal>;
using DHalfInt = hn::FixedTag<int32_t, kLanes / 2>;
using DHalfFloat = hn::FixedTag<float, kLanes / 2>;

class PerspectiveRow {
 public:
  PerspectiveRow(const PerspectiveCoefficients& c, uint32_t y)
      : c_(c), x_(c[1] * (y + 0.5)), y_(c[4] * (y + 0.5)), depth_(c[7] * (y + 0.5)) {}
  HWY_INLINE void Get(VReal at, VReal* x, VReal* y) const {
    const VReal depth = hn::Add(Sum(c_[6], at, depth_), hn::Set(DReal(), 1.0));
    *x = hn::Div(hn::Add(Sum(c_[0], at, x_), hn::Set(DReal(), c_[2])), depth);
    *y = hn::Div(hn::Add(Sum(c_[3], at, y_), hn::Set(DReal(), c_[5])), depth);
  }

 private:
  static HWY_INLINE VReal Sum(double factor, VReal at, double rest) {
    return hn::Add(hn::Mul(hn::Set(DReal(), factor), at), hn::Set(DReal(), rest));
  }
  const PerspectiveCoefficients& c_;
  double x_;
  double y_;
  double depth_;
};

// Calls step(i, at) for half vectors that cover [0, count) of a chunk that starts at column x; `at`
// holds the centres of the columns.
template <class Step>
HWY_INLINE void ForHalves(uint32_t x, uint32_t count, const Step& step) {
  const DReal d;
  const VReal lanes = hn::Iota(d, 0.5);
  for (uint32_t i = 0; i < count; i += kLanes / 2) {
    step(i, hn::Add(lanes, hn::Set(d, static_cast<double>(x + i))));
  }
}

// The taps before a coordinate: floor(v - 0.5) and the rest. With `two` the first of a pair that
// lies inside of the axis, the rest in [0, 1]: the same blend as of taps repeated at the edges.
class AxisTaps {
 public:
  explicit AxisTaps(uint32_t size_px)
      : last_(static_cast<double>(size_px) - 1), last_first_(std::max(last_ - 1, 0.0)) {}
  HWY_INLINE void Pair(VReal v, hn::Vec<DHalfInt>* index, hn::Vec<DHalfFloat>* part) const {
    VReal rest;
    ExactPair(v, index, &rest);
    *part = hn::DemoteTo(DHalfFloat(), rest);
  }
  // The same with the rest in f64.
  HWY_INLINE void ExactPair(VReal v, hn::Vec<DHalfInt>* index, VReal* part) const {
    const DReal d;
    const VReal at = hn::Min(hn::Max(hn::Sub(v, hn::Set(d, 0.5)), hn::Zero(d)), hn::Set(d, last_));
    const VReal first = hn::Min(hn::Floor(at), hn::Set(d, last_first_));
    *index = hn::DemoteTo(DHalfInt(), first);
    *part = hn::Sub(at, first);
  }
  // Of a coordinate that lies on a pixel's centre.
  HWY_INLINE hn::Vec<DHalfInt> Only(VReal v) const {
    const DReal d;
    const VReal at = hn::Min(hn::Max(hn::Sub(v, hn::Set(d, 0.5)), hn::Zero(d)), hn::Set(d, last_));
    return hn::DemoteTo(DHalfInt(), at);
  }
  // Unlike Pair, -1 and the last index may be first.
  HWY_INLINE void Any(VReal v, hn::Vec<DHalfInt>* index, hn::Vec<DHalfFloat>* part) const {
    const DReal d;
    const VReal at =
        hn::Min(hn::Max(hn::Sub(v, hn::Set(d, 0.5)), hn::Set(d, -0.5)), hn::Set(d, last_ + 0.5));
    const VReal first = hn::Floor(at);
    *index = hn::DemoteTo(DHalfInt(), first);
    *part = hn::DemoteTo(DHalfFloat(), hn::Sub(at, first));
  }

 private:
  double last_;
  double last_first_;
};

// The coordinates of one axis of an affine chunk in fixed point, relative to the first one's taps.
// Good where steps are below kStepMax.
class FixedAxis {
 public:
  static constexpr int kBits = 23;
  static constexpr double kStepMax = 3.9;  // so that a chunk's coordinates fit in 32 bits
  static_assert(kStepMax * kChunkPx + 2 < (1 << (31 - kBits)));

  FixedAxis(double step, uint32_t size_px) : size_px_(static_cast<int32_t>(size_px)) {
    for (uint32_t i = 0; i < kChunkPx; ++i) steps_[i] = RoundedFixed(step * i);
  }
  // `first`, `last`: coordinates of the chunk, which are inside. True when no tap is at an edge.
  HWY_INLINE bool Start(double first, double last) {
    const double at = std::floor(first - 0.5);
    base_ = static_cast<int32_t>(at);
    part_ = RoundedFixed(first - 0.5 - at);
    low_ = Saturated(-int64_t{base_});
    high_ = Saturated(int64_t{size_px_} - 1 - base_);
    last_first_ = std::max(size_px_ - 2, 0) - base_;
    return std::min(first, last) >= 1.0 && std::max(first, last) < size_px_ - 2.0;
  }
  // Where indices count from.
  int32_t base() const { return base_; }
  // Taps of lanes i and up. With kInner no tap is at an edge.
  template <bool kInner>
  HWY_INLINE void Get(uint32_t i, V32* index, hn::Vec<hn::FixedTag<float, kLanes>>* part) const {
    const D32 d;
    const hn::FixedTag<float, kLanes> df;
    V32 at = hn::Add(hn::Load(d, steps_ + i), hn::Set(d, part_));
    V32 rest;
    if constexpr (kInner) {
      *index = hn::ShiftRight<kBits>(at);
      rest = hn::And(at, hn::Set(d, (1 << kBits) - 1));
    } else {
      at = hn::Min(hn::Max(at, hn::Set(d, low_)), hn::Set(d, high_));
      *index = hn::Min(hn::ShiftRight<kBits>(at), hn::Set(d, last_first_));
      rest = hn::Sub(at, hn::ShiftLeft<kBits>(*index));
    }
    *part = hn::Mul(hn::ConvertTo(df, rest), hn::Set(df, 1.0f / (1 << kBits)));
  }

 private:
  static int32_t RoundedFixed(double v) {
    return static_cast<int32_t>(std::floor(v * (1 << kBits) + 0.5));
  }
  static int32_t Saturated(int64_t pixels) {
    constexpr int64_t kMax = (int64_t{1} << (31 - kBits)) - 1;
    return static_cast<int32_t>(std::clamp(pixels, -kMax, kMax) * (1 << kBits));
  }
  HWY_ALIGN int32_t steps_[kChunkPx];
  int32_t size_px_;
  int32_t base_ = 0;
  int32_t part_ = 0;
  int32_t low_ = 0;
  int32_t high_ = 0;
  int32_t last_first_ = 0;
};

#endif  // HWY_TARGET != HWY_SCALAR

}  // namespace HWY_NAMESPACE
}  // namespace headrace::simd
HWY_AFTER_NAMESPACE();

#endif  // HEADRACE_SIMD_WARP_PLACES_INL_H_
