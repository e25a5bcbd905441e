#include "simd/colour.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "base/check.h"
#include "simd/reference_colour.h"
#include "simd/vbmi.h"
#include "simd/vnni.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "simd/colour.cc"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"
#include "simd/blend_bytes-inl.h"
#include "simd/channels-inl.h"
#include "simd/gray-inl.h"
#include "simd/rows-inl.h"

HWY_BEFORE_NAMESPACE();
namespace headrace::simd {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

#if HWY_TARGET == HWY_SCALAR

void GrayscaleOnTarget(const ConstImageView& source, const ImageView& target) {
  reference::Grayscale(source, target);
}
void ToGrayOnTarget(const ConstImageView& source, const ImageView& target) {
  reference::ToGray(source, target);
}
void SaturateOnTarget(const ConstImageView& source, float factor, const ImageView& target) {
  reference::Saturate(source, factor, target);
}
void SharpenOnTarget(const ConstImageView& source, float factor, const ImageView& target) {
  reference::Sharpen(source, factor, target);
}

#else

constexpr size_t kThree = 3 * kVectorBytes;

// ------------------------------------------------------------------ gray

template <class Pixels>
void GrayscaleBy(const ConstImageView& source, const ImageView& target) {
  const Pixels pixels;
  MapPicture<kThree>(source, target, [&](const uint8_t* from, uint8_t* to) HWY_ATTR {
    V8 rgb[3];
    pixels.Load(from, rgb);
    const GrayHalves halves = GrayOf(rgb);
    const V8 gray = Clamped(halves.lower, halves.upper);
    const V8 grays[3] = {gray, gray, gray};
    pixels.Store(grays, to);
  });
}

void GrayscaleOnTarget(const ConstImageView& source, const ImageView& target) {
#if HEADRACE_HAVE_VBMI
  if (UseVnni() && UseVbmi()) return GrayscaleBy<PixelsByVbmi>(source, target);
#endif
  GrayscaleBy<PixelsByBlocks>(source, target);
}

// The last vector of a row overlaps the one before it: what is written twice is the same.
template <class Pixels>
void ToGrayBy(const ConstImageView& source, const ImageView& target) {
  const Pixels pixels;
  const auto gray = [&](const uint8_t* from, uint8_t* to) HWY_ATTR {
    V8 rgb[3];
    pixels.Load(from, rgb);
    const GrayHalves halves = GrayOf(rgb);
    hn::StoreU(Clamped(halves.lower, halves.upper), D8(), to);
  };
  const Runs runs = RunsOf(source, RowsTouch(source) && RowsTouch(target));
  const size_t count = runs.bytes / 3;
  for (uint32_t y = 0; y < runs.count; ++y) {
    const uint8_t* from = source.Row(y);
    uint8_t* to = target.Row(y);
    if (count < kVectorBytes) {
      uint8_t pixels_in[kThree] = {};
      uint8_t grays[kVectorBytes];
      std::memcpy(pixels_in, from, 3 * count);
      gray(pixels_in, grays);
      std::memcpy(to, grays, count);
      continue;
    }
    for (size_t i = 0; i < count; i += kVectorBytes) {
      const size_t at = std::min(i, count - kVectorBytes);
      gray(from + 3 * at, to + at);
    }
  }
}

void ToGrayOnTarget(const ConstImageView& source, const ImageView& target) {
#if HEADRACE_HAVE_VBMI
  if (UseVnni() && UseVbmi()) return ToGrayBy<PixelsByVbmi>(source, target);
#endif
  ToGrayBy<PixelsByBlocks>(source, target);
}

// ------------------------------------------------------------------ saturation

template <class Pixels, class Blend>
void SaturateBy(const ConstImageView& source, const Blend& blend, const ImageView& target) {
  const Pixels pixels;
  MapPicture<kThree>(source, target, [&](const uint8_t* from, uint8_t* to) HWY_ATTR {
    const D8 d;
    const D16 d16;
    const V8 zero = hn::Zero(d);
    V8 rgb[3];
    pixels.Load(from, rgb);
    const GrayHalves gray = GrayOf(rgb);
    for (size_t c = 0; c < 3; ++c) {
      const V16 lower = hn::BitCast(d16, hn::InterleaveLower(d, rgb[c], zero));
      const V16 upper = hn::BitCast(d16, hn::InterleaveUpper(d, rgb[c], zero));
      rgb[c] = Clamped(blend(gray.lower, lower), blend(gray.upper, upper));
    }
    pixels.Store(rgb, to);
  });
}

void SaturateOnTarget(const ConstImageView& source, float factor, const ImageView& target) {
  WithBlend(PlanBlend(factor), [&](const auto& blend) HWY_ATTR {
#if HEADRACE_HAVE_VBMI
    if (UseVnni() && UseVbmi()) return SaturateBy<PixelsByVbmi>(source, blend, target);
#endif
    SaturateBy<PixelsByBlocks>(source, blend, target);
  });
}

// ------------------------------------------------------------------ sharpness

// Bytes at even and at odd places as 16-bit lanes.
struct Widened {
  V16 even, odd;
};
HWY_INLINE Widened Widen(V8 v) {
  const hn::Repartition<uint16_t, D8> d;
  const auto pairs = hn::BitCast(d, v);
  return {hn::BitCast(D16(), hn::And(pairs, hn::Set(d, 0xFF))),
          hn::BitCast(D16(), hn::ShiftRight<8>(pairs))};
}
HWY_INLINE Widened Add(const Widened& a, const Widened& b) {
  return {hn::Add(a.even, b.even), hn::Add(a.odd, b.odd)};
}
// Back to bytes, clamped.
HWY_INLINE V8 Narrow(const Widened& v) {
  alignas(16) static constexpr uint8_t kTurns[16] = {0, 8,  1, 9,  2, 10, 3, 11,
                                                     4, 12, 5, 13, 6, 14, 7, 15};
  return hn::TableLookupBytes(Clamped(v.even, v.odd), hn::LoadDup128(D8(), kTurns));
}

// A vector of values of one row, and their sums with the neighbours left and right.
struct SmoothRow {
  Widened middle, sum;
};
template <size_t kChannels>
HWY_INLINE SmoothRow LoadSmoothRow(const uint8_t* HWY_RESTRICT at) {
  const D8 d;
  const Widened middle = Widen(hn::LoadU(d, at));
  return {middle, Add(Add(Widen(hn::LoadU(d, at - kChannels)), middle),
                      Widen(hn::LoadU(d, at + kChannels)))};
}

HWY_INLINE V16 SmoothLanes(V16 sum, V16 middle) {
  const hn::Repartition<uint16_t, D8> d;
  // x div 13 = x * 5042 >> 16 for the x up to 13 * 255 + 6 that occur.
  const V16 x = hn::Add(hn::Add(sum, hn::ShiftLeft<2>(middle)), hn::Set(D16(), 6));
  return hn::BitCast(D16(), hn::MulHigh(hn::BitCast(d, x), hn::Set(d, 5042)));
}

// Down a strip of kVectorBytes columns, so that each row is loaded once. The strip and its
// neighbours lie inside the rows.
template <size_t kChannels, class Blend>
HWY_INLINE void SharpenStrip(const ConstImageView& source, size_t left, const Blend& blend,
                             const ImageView& target) {
  const uint8_t* from = source.data + left;
  uint8_t* HWY_RESTRICT to = target.data + left;
  SmoothRow above = LoadSmoothRow<kChannels>(from);
  SmoothRow here = LoadSmoothRow<kChannels>(from + source.stride_bytes);
  from += 2 * source.stride_bytes;
  for (uint32_t y = 1; y + 1 < source.height; ++y) {
    const SmoothRow below = LoadSmoothRow<kChannels>(from);
    const Widened sum = Add(Add(above.sum, here.sum), below.sum);
    to += target.stride_bytes;
    const Widened smooth = {SmoothLanes(sum.even, here.middle.even),
                            SmoothLanes(sum.odd, here.middle.odd)};
    const Widened blended = {blend(smooth.even, here.middle.even),
                             blend(smooth.odd, here.middle.odd)};
    hn::StoreU(Narrow(blended), D8(), to);
    above = here;
    here = below;
    from += source.stride_bytes;
  }
}

template <size_t kChannels, class Blend>
void SharpenInside(const ConstImageView& source, const Blend& blend, const ImageView& target) {
  const size_t end = source.row_bytes() - kChannels;
  size_t i = kChannels;
  for (; i + kVectorBytes <= end; i += kVectorBytes) {
    SharpenStrip<kChannels>(source, i, blend, target);
  }
  if (i < end) SharpenStrip<kChannels>(source, end - kVectorBytes, blend, target);
}

void SharpenOnTarget(const ConstImageView& source, float factor, const ImageView& target) {
  const size_t channels = source.channels;
  const size_t row_bytes = source.row_bytes();
  if (source.height < 3 || row_bytes < kVectorBytes + 2 * channels) {
    return reference::Sharpen(source, factor, target);
  }
  WithBlend(PlanBlend(factor), [&](const auto& blend) HWY_ATTR {
    if (channels == 3) {
      SharpenInside<3>(source, blend, target);
    } else {
      SharpenInside<1>(source, blend, target);
    }
  });
  for (const uint32_t y : {0u, source.height - 1}) {
    std::memcpy(target.Row(y), source.Row(y), row_bytes);
  }
  for (uint32_t y = 1; y + 1 < source.height; ++y) {
    std::memcpy(target.Row(y), source.Row(y), channels);
    std::memcpy(target.Row(y) + row_bytes - channels, source.Row(y) + row_bytes - channels,
                channels);
  }
}

#endif

}  // namespace HWY_NAMESPACE
}  // namespace headrace::simd
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace headrace::simd {
namespace {

HWY_EXPORT(GrayscaleOnTarget);
HWY_EXPORT(ToGrayOnTarget);
HWY_EXPORT(SaturateOnTarget);
HWY_EXPORT(SharpenOnTarget);

}  // namespace

void Grayscale(const ConstImageView& source, const ImageView& target) {
  HR_DCHECK(AreAlike(source, target));
  HR_DCHECK(source.channels == 1 || source.channels == 3);
  if (source.channels == 1) return CopyPixels(source, target);
  HWY_DYNAMIC_DISPATCH(GrayscaleOnTarget)(source, target);
}

void ToGray(const ConstImageView& source, const ImageView& target) {
  HR_DCHECK(source.size() == target.size() && target.channels == 1);
  HR_DCHECK(source.channels == 1 || source.channels == 3);
  if (source.channels == 1) return CopyPixels(source, target);
  HWY_DYNAMIC_DISPATCH(ToGrayOnTarget)(source, target);
}

void Saturate(const ConstImageView& source, float factor, const ImageView& target) {
  HR_DCHECK(AreAlike(source, target));
  HR_DCHECK(source.channels == 1 || source.channels == 3);
  HR_DCHECK(std::isfinite(factor) && factor >= 0);
  if (source.channels == 1) return CopyPixels(source, target);
  HWY_DYNAMIC_DISPATCH(SaturateOnTarget)(source, factor, target);
}

void Sharpen(const ConstImageView& source, float factor, const ImageView& target) {
  HR_DCHECK(AreAlike(source, target));
  HR_DCHECK(source.channels == 1 || source.channels == 3);
  HR_DCHECK(std::isfinite(factor) && factor >= 0);
  HWY_DYNAMIC_DISPATCH(SharpenOnTarget)(source, factor, target);
}

}  // namespace headrace::simd
#endif  // HWY_ONCE
