// The gray of pixels, exactly: (19595 r + 38470 g + 7471 b + 2^15) >> 16. Once per target.
#if defined(HEADRACE_SIMD_GRAY_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef HEADRACE_SIMD_GRAY_INL_H_
#undef HEADRACE_SIMD_GRAY_INL_H_
#else
#define HEADRACE_SIMD_GRAY_INL_H_
#endif

#include <cstdint>

#include "hwy/highway.h"
#include "simd/rows-inl.h"
#include "simd/ycc-inl.h"

HWY_BEFORE_NAMESPACE();
namespace headrace::simd {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

#if HWY_TARGET != HWY_SCALAR

using DU16 = hn::FixedTag<uint16_t, kVectorBytes / 2>;
using VU16 = hn::Vec<DU16>;

// kA * the lower byte + kB * the upper one of each lane, unsigned; the sum is below 2^15.
template <int8_t kA, int8_t kB>
HWY_INLINE V16 SumOfUnsignedBytes(V16 pairs) {
#if HWY_ARCH_X86 && HWY_TARGET <= HWY_SSSE3
  const auto factors = hn::Set(D16(), static_cast<int16_t>(kB * 256 + (kA & 0xFF)));
  return SumOfProducts(pairs, factors);
#else
  const V16 lower = hn::And(pairs, hn::Set(D16(), 0xFF));
  const V16 upper = hn::BitCast(D16(), hn::ShiftRight<8>(hn::BitCast(DU16(), pairs)));
  return hn::Add(hn::Mul(lower, hn::Set(D16(), kA)), hn::Mul(upper, hn::Set(D16(), kB)));
#endif
}

// In 16-bit lanes the factors are two digits of base 256: 19595 = 77 * 256 - 117,
// 7471 = 29 * 256 + 47, 38470 = 2 * 75 * 256 + 70. `pairs`: r in the lower byte, b in the upper.
// (GCC makes four shifts and additions of a product with a constant, so g's are sums of bytes too.)
HWY_INLINE V16 GrayOfLanes(V16 pairs, V16 g) {
  const D16 d;
  const DU16 du;
  const V16 low = hn::Add(SumOfUnsignedBytes<-117, 47>(pairs), SumOfUnsignedBytes<70, 0>(g));
  const V16 half = SumOfUnsignedBytes<75, 0>(g);
  const V16 high = hn::Add(hn::Add(SumOfUnsignedBytes<77, 29>(pairs), half), half);
  const V16 sum = hn::Add(high, hn::Add(hn::ShiftRight<8>(low), hn::Set(d, 128)));
  return hn::BitCast(d, hn::ShiftRight<8>(hn::BitCast(du, sum)));
}

struct GrayHalves {
  V16 lower, upper;  // as InterleaveLower and InterleaveUpper with zero
};
HWY_INLINE GrayHalves GrayOf(const V8* rgb) {
  const D8 d;
  const D16 d16;
  const V8 zero = hn::Zero(d);
  return {GrayOfLanes(hn::BitCast(d16, hn::InterleaveLower(d, rgb[0], rgb[2])),
                      hn::BitCast(d16, hn::InterleaveLower(d, rgb[1], zero))),
          GrayOfLanes(hn::BitCast(d16, hn::InterleaveUpper(d, rgb[0], rgb[2])),
                      hn::BitCast(d16, hn::InterleaveUpper(d, rgb[1], zero)))};
}

#endif  // HWY_TARGET != HWY_SCALAR

}  // namespace HWY_NAMESPACE
}  // namespace headrace::simd
HWY_AFTER_NAMESPACE();

#endif  // HEADRACE_SIMD_GRAY_INL_H_
