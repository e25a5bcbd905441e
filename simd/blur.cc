#include "simd/blur.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "base/checked_math.h"
#include "simd/border.h"
#include "simd/resize_scratch.h"

#ifndef HEADRACE_SIMD_BLUR_ONCE_
#define HEADRACE_SIMD_BLUR_ONCE_
namespace headrace::simd {

constexpr uint32_t kFixedKernelMax = 31;

constexpr bool IsFixed(const GaussianKernel& kernel) {
  return std::max(kernel.width, kernel.height) <= kFixedKernelMax;
}

// A line: one row with what lies left and right of it. The ring: the rows that a column's sum
// needs, blurred along the row. Elements are int16_t or float.
struct BlurScratch {
  uint64_t line;
  uint64_t ring;
  uint64_t ring_rows;
  uint64_t ring_stride;  // elements
  uint64_t bytes;
};

// Loops run in whole vectors of any target, four at a time.
constexpr uint64_t kBlurStep = 4 * 32;

inline BlurScratch PlanBlurScratch(SizePx size, uint32_t channels, const GaussianKernel& kernel) {
  const uint64_t element_bytes = IsFixed(kernel) ? sizeof(int16_t) : sizeof(float);
  const uint64_t row = uint64_t{size.width} * channels;
  ScratchSum sum;
  BlurScratch plan;
  plan.ring_rows = std::min(size.height, kernel.height);
  plan.ring_stride = RoundUp(row, kBlurStep);
  plan.line = sum.Take(row + uint64_t{kernel.width} * channels + 2 * kBlurStep, element_bytes);
  plan.ring = sum.Take(SaturatingMul(plan.ring_rows, plan.ring_stride), element_bytes);
  plan.bytes = sum.bytes();
  return plan;
}

}  // namespace headrace::simd
#endif

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "simd/blur.cc"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"
#include "simd/rows-inl.h"

HWY_BEFORE_NAMESPACE();
namespace headrace::simd {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// The two arithmetics have the same shape. Pair: a pair of elements times its weight. Between: a
// sum as an element of the ring. Store: a sum as bytes. Alone: the sum when the middle is all there
// is.
#if HWY_TARGET == HWY_SCALAR

struct FixedBlur {
  using T = int16_t;
  using V = int32_t;
  static constexpr size_t kStep = 1;
  static V Load(const T* from) { return *from; }
  static V Weight(T weight) { return weight; }
  static V Widened(const uint8_t* from) { return *from << 6; }
  static V Pair(V a, V b, V weight) { return ((a + b) * weight + 0x4000) >> 15; }
  static V Alone(V a) { return a + a; }
  static V Add(V a, V b) { return a + b; }
  static V Between(V sum) { return (sum + 1) >> 1; }
  static void Store(V v, T* to) { *to = static_cast<T>(v); }
  static void StoreBytes(V sum, uint8_t* to) { *to = static_cast<uint8_t>((sum + 64) >> 7); }
};

struct FloatBlur {
  using T = float;
  using V = float;
  static constexpr size_t kStep = 1;
  static V Load(const T* from) { return *from; }
  static V Weight(T weight) { return weight; }
  static V Widened(const uint8_t* from) { return *from; }
  static V Pair(V a, V b, V weight) { return (a + b) * weight; }
  static V Alone(V a) { return a; }
  static V Add(V a, V b) { return a + b; }
  static V Between(V sum) { return sum; }
  static void Store(V v, T* to) { *to = v; }
  static void StoreBytes(V sum, uint8_t* to) {
    *to = static_cast<uint8_t>(std::nearbyint(std::min(sum, 255.0f)));
  }
};

#else

struct FixedBlur {
  using T = int16_t;
  using V = hn::Vec<D16>;
  static constexpr size_t kStep = kVectorBytes / 2;
  static HWY_INLINE V Load(const T* from) { return hn::LoadU(D16(), from); }
  static HWY_INLINE V Weight(T weight) { return hn::Set(D16(), weight); }
  static HWY_INLINE V Widened(const uint8_t* from) {
    return hn::ShiftLeft<6>(hn::PromoteTo(D16(), hn::LoadU(hn::Rebind<uint8_t, D16>(), from)));
  }
  static HWY_INLINE V Pair(V a, V b, V weight) {
    return hn::MulFixedPoint15(hn::Add(a, b), weight);
  }
  static HWY_INLINE V Alone(V a) { return hn::Add(a, a); }
  static HWY_INLINE V Add(V a, V b) { return hn::Add(a, b); }
  static HWY_INLINE V Between(V sum) {
    const hn::RebindToUnsigned<D16> du;
    return hn::BitCast(D16(), hn::AverageRound(hn::BitCast(du, sum), hn::Zero(du)));
  }
  static HWY_INLINE void Store(V v, T* to) { hn::StoreU(v, D16(), to); }
  static HWY_INLINE void StoreBytes(V sum, uint8_t* to) {
    const hn::Rebind<uint8_t, D16> d8;
    const V rounded = hn::ShiftRight<7>(hn::Add(sum, hn::Set(D16(), int16_t{64})));
    hn::StoreU(hn::DemoteTo(d8, rounded), d8, to);
  }
};

struct FloatBlur {
  using T = float;
  using D = hn::FixedTag<float, kLanes>;
  using V = hn::Vec<D>;
  static constexpr size_t kStep = kLanes;
  static HWY_INLINE V Load(const T* from) { return hn::LoadU(D(), from); }
  static HWY_INLINE V Weight(T weight) { return hn::Set(D(), weight); }
  static HWY_INLINE V Widened(const uint8_t* from) {
    const auto bytes = hn::LoadU(hn::Rebind<uint8_t, D>(), from);
    return hn::ConvertTo(D(), hn::PromoteTo(D32(), bytes));
  }
  static HWY_INLINE V Pair(V a, V b, V weight) { return hn::Mul(hn::Add(a, b), weight); }
  static HWY_INLINE V Alone(V a) { return a; }
  static HWY_INLINE V Add(V a, V b) { return hn::Add(a, b); }
  static HWY_INLINE V Between(V sum) { return sum; }
  static HWY_INLINE void Store(V v, T* to) { hn::StoreU(v, D(), to); }
  static HWY_INLINE void StoreBytes(V sum, uint8_t* to) {
    const hn::Rebind<uint8_t, D> d8;
    const V limited = hn::Min(sum, hn::Set(D(), 255.0f));
    // Adding 2^23 rounds to an integer, half to even, and leaves it in the lowest bits.
    const auto whole =
        hn::BitCast(hn::RebindToUnsigned<D>(), hn::Add(limited, hn::Set(D(), 0x1p23f)));
    hn::StoreU(hn::TruncateTo(d8, whole), d8, to);
  }
};

#endif

// One axis: where the elements of a sum lie, middle first, and their weights.
template <class T>
struct Taps {
  size_t radius = 0;
  const T* before[kBlurKernelMax / 2 + 1];
  const T* after[kBlurKernelMax / 2 + 1];
  T weight[kBlurKernelMax / 2 + 1];
};

// The sums of elements [i, i + kVectors * kStep). A radius known at compile time unrolls.
template <class Blur, size_t kVectors>
HWY_INLINE void Sums(const Taps<typename Blur::T>& taps, size_t radius, size_t i,
                     typename Blur::V* sum) {
  for (size_t k = 0; k < kVectors; ++k) {
    const auto middle = Blur::Load(taps.before[0] + i + k * Blur::kStep);
    sum[k] = radius == 0 ? Blur::Alone(middle)
                         : Blur::Pair(middle, middle, Blur::Weight(taps.weight[0]));
  }
  for (size_t d = 1; d <= radius; ++d) {
    const auto weight = Blur::Weight(taps.weight[d]);
    for (size_t k = 0; k < kVectors; ++k) {
      const size_t at = i + k * Blur::kStep;
      const auto a = Blur::Load(taps.before[d] + at);
      const auto b = Blur::Load(taps.after[d] + at);
      sum[k] = Blur::Add(sum[k], Blur::Pair(a, b, weight));
    }
  }
}

// To a row of the ring, in whole steps.
template <class Blur>
HWY_INLINE void BlurAcross(const Taps<typename Blur::T>& taps, size_t radius, size_t count,
                           typename Blur::T* to) {
  constexpr size_t kVectors = 2;
  for (size_t i = 0; i < count; i += kVectors * Blur::kStep) {
    typename Blur::V sum[kVectors];
    Sums<Blur, kVectors>(taps, radius, i, sum);
    for (size_t k = 0; k < kVectors; ++k) {
      Blur::Store(Blur::Between(sum[k]), to + i + k * Blur::kStep);
    }
  }
}

// To a row of pixels, of which nothing else is written to.
template <class Blur>
HWY_INLINE void BlurDown(const Taps<typename Blur::T>& taps, size_t radius, size_t count,
                         uint8_t* to) {
  constexpr size_t kVectors = 2;
  constexpr size_t kElements = kVectors * Blur::kStep;
  typename Blur::V sum[kVectors];
  size_t i = 0;
  for (; i + kElements <= count; i += kElements) {
    Sums<Blur, kVectors>(taps, radius, i, sum);
    for (size_t k = 0; k < kVectors; ++k) Blur::StoreBytes(sum[k], to + i + k * Blur::kStep);
  }
  if (i == count) return;
  uint8_t tail[kElements];
  Sums<Blur, kVectors>(taps, radius, i, sum);
  for (size_t k = 0; k < kVectors; ++k) Blur::StoreBytes(sum[k], tail + k * Blur::kStep);
  std::memcpy(to + i, tail, count - i);
}

template <class Blur>
HWY_INLINE void AcrossOfRadius(const Taps<typename Blur::T>& taps, size_t count,
                               typename Blur::T* to) {
  switch (taps.radius) {
    case 0: return BlurAcross<Blur>(taps, 0, count, to);
    case 1: return BlurAcross<Blur>(taps, 1, count, to);
    case 2: return BlurAcross<Blur>(taps, 2, count, to);
    case 3: return BlurAcross<Blur>(taps, 3, count, to);
    default: return BlurAcross<Blur>(taps, taps.radius, count, to);
  }
}

template <class Blur>
HWY_INLINE void DownOfRadius(const Taps<typename Blur::T>& taps, size_t count, uint8_t* to) {
  switch (taps.radius) {
    case 0: return BlurDown<Blur>(taps, 0, count, to);
    case 1: return BlurDown<Blur>(taps, 1, count, to);
    case 2: return BlurDown<Blur>(taps, 2, count, to);
    case 3: return BlurDown<Blur>(taps, 3, count, to);
    default: return BlurDown<Blur>(taps, taps.radius, count, to);
  }
}

void SetWeights(uint32_t size, double sigma, Taps<int16_t>* taps) {
  float weights[kBlurKernelMax / 2 + 1];
  const size_t count = size / 2 + 1;
  BlurWeights(size, sigma, {weights, count});
  FixedBlurWeights({weights, count}, {taps->weight, count});
  taps->radius = size / 2;
  while (taps->radius > 0 && taps->weight[taps->radius] == 0) --taps->radius;
}

void SetWeights(uint32_t size, double sigma, Taps<float>* taps) {
  BlurWeights(size, sigma, {taps->weight, size / 2 + 1});
  taps->weight[0] *= 0.5f;
  taps->radius = size / 2;
}

// `row` as elements, at line[radius * channels], with `radius` pixels more on either side.
template <class Blur>
HWY_INLINE void FillLine(const uint8_t* row, size_t width, size_t channels, size_t radius,
                         typename Blur::T* line) {
  using T = typename Blur::T;
  T* middle = line + radius * channels;
  const size_t count = width * channels;
  size_t i = 0;
  for (; i + Blur::kStep <= count; i += Blur::kStep) {
    Blur::Store(Blur::Widened(row + i), middle + i);
  }
  if (i < count) {
    uint8_t tail[Blur::kStep] = {};
    std::memcpy(tail, row + i, count - i);
    Blur::Store(Blur::Widened(tail), middle + i);
  }
  const auto copy = [&](int64_t x) HWY_ATTR {
    const int64_t from = ReflectedIndex(x, static_cast<int64_t>(width));
    for (size_t c = 0; c < channels; ++c) {
      middle[x * static_cast<int64_t>(channels) + static_cast<int64_t>(c)] =
          middle[from * static_cast<int64_t>(channels) + static_cast<int64_t>(c)];
    }
  };
  for (size_t x = 1; x <= radius; ++x) copy(-static_cast<int64_t>(x));
  for (size_t x = width; x < width + radius; ++x) copy(static_cast<int64_t>(x));
}

template <class Blur>
void BlurPicture(const ConstImageView& source, const GaussianKernel& kernel,
                 const ImageView& target, std::byte* scratch) {
  using T = typename Blur::T;
  const BlurScratch plan = PlanBlurScratch(source.size(), source.channels, kernel);
  T* line = ScratchAt<T>(scratch, plan.line);
  T* ring = ScratchAt<T>(scratch, plan.ring);
  const auto ring_row = [&](size_t y)
                            HWY_ATTR { return ring + y % plan.ring_rows * plan.ring_stride; };
  const size_t channels = source.channels;
  const size_t count = source.row_bytes();

  Taps<T> across;
  SetWeights(kernel.width, kernel.sigma, &across);
  for (size_t d = 0; d <= across.radius; ++d) {
    across.before[d] = line + (across.radius - d) * channels;
    across.after[d] = line + (across.radius + d) * channels;
  }
  Taps<T> down;
  SetWeights(kernel.height, kernel.sigma, &down);

  size_t made = 0;  // rows that were blurred across
  for (size_t y = 0; y < source.height; ++y) {
    // A row beyond the last is one above it, or all rows are there.
    const size_t needed = std::min<size_t>(source.height, y + down.radius + 1);
    for (; made < needed; ++made) {
      FillLine<Blur>(source.data + made * source.stride_bytes, source.width, channels,
                     across.radius, line);
      AcrossOfRadius<Blur>(across, count, ring_row(made));
    }
    for (size_t d = 0; d <= down.radius; ++d) {
      const auto height = static_cast<int64_t>(source.height);
      const auto here = static_cast<int64_t>(y);
      const auto distance = static_cast<int64_t>(d);
      down.before[d] = ring_row(static_cast<size_t>(ReflectedIndex(here - distance, height)));
      down.after[d] = ring_row(static_cast<size_t>(ReflectedIndex(here + distance, height)));
    }
    DownOfRadius<Blur>(down, count, target.data + y * target.stride_bytes);
  }
}

void BlurOnTarget(const ConstImageView& source, const GaussianKernel& kernel,
                  const ImageView& target, std::byte* scratch) {
  if (IsFixed(kernel)) {
    BlurPicture<FixedBlur>(source, kernel, target, scratch);
  } else {
    BlurPicture<FloatBlur>(source, kernel, target, scratch);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace headrace::simd
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace headrace::simd {

HWY_EXPORT(BlurOnTarget);

uint64_t BlurScratchBytes(SizePx size, uint32_t channels, const GaussianKernel& kernel) {
  return PlanBlurScratch(size, channels, kernel).bytes;
}

void GaussianBlur(const ConstImageView& source, const GaussianKernel& kernel,
                  const ImageView& target, std::span<std::byte> scratch) {
  HWY_DYNAMIC_DISPATCH(BlurOnTarget)(source, kernel, target, scratch.data());
}

}  // namespace headrace::simd
#endif  // HWY_ONCE
