// Three vectors of plane samples to R, G and B, and runs of them. Once per target.
//
// libjpeg-turbo's conversion has 16 fraction bits. Here it is done in 16-bit lanes, with x = Cb -
// 128 and z = Cr - 128:
//   R = Y + z + round(13173 z / 2^15)     of 1.40200 = 91881 / 2^16
//   B = Y + x + round(25297 x / 2^15)     of 1.77200 = 116130 / 2^16
//   G = Y - floor((T + floor(W / 2^8) + 64) / 2^7)
//       with T = 44 x + 91 z, W = 13 x + 105 z: 2^8 T + W = 11277 x + 23401 z, which is
//       0.34414 x + 0.71414 z in libjpeg-turbo's fractions, halved
// The factor of R is odd in libjpeg-turbo and G's rounding differs at ties; that neither shows for
// any of the 2^8 or 2^16 values was found by trying them all, and a test does so again.
#if defined(HEADRACE_SIMD_YCC_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef HEADRACE_SIMD_YCC_INL_H_
#undef HEADRACE_SIMD_YCC_INL_H_
#else
#define HEADRACE_SIMD_YCC_INL_H_
#endif

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "hwy/highway.h"
#include "simd/interleave-inl.h"
#include "simd/rows-inl.h"

HWY_BEFORE_NAMESPACE();
namespace headrace::simd {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

#if HWY_TARGET != HWY_SCALAR

using V16 = hn::Vec<D16>;

struct Rgb {
  V8 c[3];
};

// ------------------------------------------------------------------ 16-bit lanes

#if HWY_ARCH_X86 && HWY_TARGET <= HWY_SSSE3
// The products of the lower and of the upper bytes of each lane, added; those of the first are
// unsigned, of the second signed.
HWY_INLINE V16 SumOfProducts(V16 unsigned_pairs, V16 signed_pairs) {
#if HWY_MAX_BYTES == 64
  return V16{_mm512_maddubs_epi16(unsigned_pairs.raw, signed_pairs.raw)};
#elif HWY_MAX_BYTES == 32
  return V16{_mm256_maddubs_epi16(unsigned_pairs.raw, signed_pairs.raw)};
#else
  return V16{_mm_maddubs_epi16(unsigned_pairs.raw, signed_pairs.raw)};
#endif
}
#endif

// kA * the lower byte + kB * the upper one of each lane; the bytes are signed, the sum fits.
template <uint8_t kA, uint8_t kB>
HWY_INLINE V16 SumOfBytes(V16 pairs) {
#if HWY_ARCH_X86 && HWY_TARGET <= HWY_SSSE3
  const auto factors = hn::Set(D16(), static_cast<int16_t>(kB << 8 | kA));
  return SumOfProducts(factors, pairs);
#else
  const V16 lower = hn::ShiftRight<8>(hn::ShiftLeft<8>(pairs));
  const V16 upper = hn::ShiftRight<8>(pairs);
  return hn::Add(hn::Mul(lower, hn::Set(D16(), kA)), hn::Mul(upper, hn::Set(D16(), kB)));
#endif
}

// Clamped to 0..255. Undoes InterleaveLower and InterleaveUpper with zero.
HWY_INLINE V8 Clamped(V16 lower, V16 upper) {
#if HWY_ARCH_X86 && HWY_TARGET <= HWY_SSSE3
#if HWY_MAX_BYTES == 64
  return V8{_mm512_packus_epi16(lower.raw, upper.raw)};
#elif HWY_MAX_BYTES == 32
  return V8{_mm256_packus_epi16(lower.raw, upper.raw)};
#else
  return V8{_mm_packus_epi16(lower.raw, upper.raw)};
#endif
#else
  static_assert(kVectorBytes == 16, "blocks are whole vectors");
  const hn::FixedTag<uint8_t, 8> half;
  return hn::Combine(D8(), hn::DemoteTo(half, upper), hn::DemoteTo(half, lower));
#endif
}

// ------------------------------------------------------------------ colours

// `y`: 0..255 in each lane. `pairs`: x in the lower byte, z in the upper.
HWY_INLINE void RgbOfLanes(V16 y, V16 pairs, V16* rgb) {
  const D16 d;
  const V16 x = hn::ShiftRight<8>(hn::ShiftLeft<8>(pairs));
  const V16 z = hn::ShiftRight<8>(pairs);
  rgb[0] = hn::Add(hn::Add(y, z), hn::MulFixedPoint15(z, hn::Set(d, 13173)));
  rgb[2] = hn::Add(hn::Add(y, x), hn::MulFixedPoint15(x, hn::Set(d, 25297)));
  const V16 t = SumOfBytes<44, 91>(pairs);
  const V16 w = SumOfBytes<13, 105>(pairs);
  const V16 sum = hn::Add(hn::Add(t, hn::ShiftRight<8>(w)), hn::Set(d, 64));
  rgb[1] = hn::Sub(y, hn::ShiftRight<7>(sum));
}

// Ways from planes to colours: kPlanes vectors to R, G and B.
struct YccColour {
  static constexpr size_t kPlanes = 3;
  static HWY_INLINE Rgb Of(const V8* planes) {
    const D8 d;
    const V8 zero = hn::Zero(d);
    const V8 middle = hn::Set(d, 0x80);
    const V8 x = hn::Xor(planes[1], middle);
    const V8 z = hn::Xor(planes[2], middle);
    V16 lower[3], upper[3];
    RgbOfLanes(hn::BitCast(D16(), hn::InterleaveLower(d, planes[0], zero)),
               hn::BitCast(D16(), hn::InterleaveLower(d, x, z)), lower);
    RgbOfLanes(hn::BitCast(D16(), hn::InterleaveUpper(d, planes[0], zero)),
               hn::BitCast(D16(), hn::InterleaveUpper(d, x, z)), upper);
    return {
        {Clamped(lower[0], upper[0]), Clamped(lower[1], upper[1]), Clamped(lower[2], upper[2])}};
  }
};
struct RgbColour {
  static constexpr size_t kPlanes = 3;
  static HWY_INLINE Rgb Of(const V8* planes) { return {{planes[0], planes[1], planes[2]}}; }
};
struct GreyColour {
  static constexpr size_t kPlanes = 1;
  static HWY_INLINE Rgb Of(const V8* planes) { return {{planes[0], planes[0], planes[0]}}; }
};

// ------------------------------------------------------------------ ways to store

// Pixel i to bytes 3 i of `out`.
struct ToInterleaved {
  uint8_t* HWY_RESTRICT out;

  HWY_INLINE void Store(const Rgb& rgb, size_t at) const {
    StoreInTurn(rgb.c[0], rgb.c[1], rgb.c[2], out + 3 * at);
  }
  // The first `count` pixels.
  void StorePart(const Rgb& rgb, size_t count) const {
    uint8_t pixels[3 * kVectorBytes];
    ToInterleaved{pixels}.Store(rgb, 0);
    std::memcpy(out, pixels, 3 * count);
  }
};

// Pixel i to byte i of each.
struct ToBytePlanes {
  uint8_t* HWY_RESTRICT out[3];

  HWY_INLINE void Store(const Rgb& rgb, size_t at) const {
    for (size_t c = 0; c < 3; ++c) hn::StoreU(rgb.c[c], D8(), out[c] + at);
  }
  void StorePart(const Rgb& rgb, size_t count) const {
    uint8_t samples[kVectorBytes];
    for (size_t c = 0; c < 3; ++c) {
      hn::StoreU(rgb.c[c], D8(), samples);
      std::memcpy(out[c], samples, count);
    }
  }
};

// ------------------------------------------------------------------ runs

HWY_INLINE V8 Reversed(V8 v) {
  alignas(16) static constexpr uint8_t kIndex[16] = {15, 14, 13, 12, 11, 10, 9, 8,
                                                     7,  6,  5,  4,  3,  2,  1, 0};
  const D8 d;
  return hn::ReverseBlocks(d, hn::TableLookupBytes(v, hn::LoadDup128(d, kIndex)));
}

// Samples that lie one after the other in each plane: `count` from planes[i] on. Nothing else is
// read.
struct PlaneRun {
  const uint8_t* planes[3];
  size_t count;
};

// The colours of output pixels [at, at + kVectorBytes) of a run; kReversed: it is read from its
// end.
template <class Colour, bool kReversed>
HWY_INLINE Rgb ColoursAt(const PlaneRun& run, size_t at) {
  V8 samples[Colour::kPlanes];
  for (size_t i = 0; i < Colour::kPlanes; ++i) {
    if constexpr (kReversed) {
      samples[i] = Reversed(hn::LoadU(D8(), run.planes[i] + (run.count - kVectorBytes - at)));
    } else {
      samples[i] = hn::LoadU(D8(), run.planes[i] + at);
    }
  }
  return Colour::Of(samples);
}

// A run shorter than a vector.
template <class Colour, bool kReversed, class Sink>
void StoreShortRun(const PlaneRun& run, const Sink& sink) {
  uint8_t samples[Colour::kPlanes][kVectorBytes] = {};
  PlaneRun padded = {};
  padded.count = kVectorBytes;
  for (size_t i = 0; i < Colour::kPlanes; ++i) {
    std::memcpy(samples[i] + (kReversed ? kVectorBytes - run.count : 0), run.planes[i], run.count);
    padded.planes[i] = samples[i];
  }
  sink.StorePart(ColoursAt<Colour, kReversed>(padded, 0), run.count);
}

// The last vector may overlap the one before it: what is written twice is the same.
template <class Colour, bool kReversed, class Sink>
HWY_INLINE void StoreRun(const PlaneRun& run, const Sink& sink) {
  if (run.count < kVectorBytes) return StoreShortRun<Colour, kReversed>(run, sink);
  size_t at = 0;
  for (; at + kVectorBytes <= run.count; at += kVectorBytes) {
    sink.Store(ColoursAt<Colour, kReversed>(run, at), at);
  }
  if (at < run.count) {
    at = run.count - kVectorBytes;
    sink.Store(ColoursAt<Colour, kReversed>(run, at), at);
  }
}

#endif  // HWY_TARGET != HWY_SCALAR

}  // namespace HWY_NAMESPACE
}  // namespace headrace::simd
HWY_AFTER_NAMESPACE();

#endif  // HEADRACE_SIMD_YCC_INL_H_
