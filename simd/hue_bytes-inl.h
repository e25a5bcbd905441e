// Pillow's hue, saturation and value of 8 bits and back, in whole numbers. Once per target.
//
// Pillow computes in f32 and f64 and truncates. With M and m the largest and the smallest value, R
// = M - m, and n the middle value's distance from m (or from M, where hue falls):
//   S = floor(255 R / M), whatever the roundings
//   H = floor(85 (k R + n) / (2 R)) in sextant k, and for some H one less if the division leaves no
//       rest: there the floats come out below. Which H those are does not depend on n and R.
//   p = V (255 - S) / 255, rounded to nearest; it is never halfway
//   q or t = V - V S e / 21675, rounded, where e / 85 is the way from the nearer end of the sextant
//       that has no weight. It is never halfway either.
// All of this was found by trying every value, and the test does so again.
#if defined(HEADRACE_SIMD_HUE_BYTES_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef HEADRACE_SIMD_HUE_BYTES_INL_H_
#undef HEADRACE_SIMD_HUE_BYTES_INL_H_
#else
#define HEADRACE_SIMD_HUE_BYTES_INL_H_
#endif

#include <cstddef>
#include <cstdint>

#include "hwy/highway.h"
#include "simd/byte_table-inl.h"
#include "simd/channels-inl.h"
#include "simd/gray-inl.h"
#include "simd/rows-inl.h"
#include "simd/ycc-inl.h"

HWY_BEFORE_NAMESPACE();
namespace headrace::simd {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

#if HWY_TARGET != HWY_SCALAR

using M8 = hn::Mask<D8>;
using DF = hn::FixedTag<float, kLanes>;
using VF = hn::Vec<DF>;
using DU32 = hn::FixedTag<uint32_t, kLanes>;

// 16-bit lanes of a vector of bytes, as InterleaveLower and InterleaveUpper leave them.
enum class Half : bool { kLower, kUpper };
template <Half kHalf>
HWY_INLINE VU16 Joined(V8 low_bytes, V8 high_bytes) {
  const D8 d;
  return hn::BitCast(DU16(), kHalf == Half::kLower ? hn::InterleaveLower(d, low_bytes, high_bytes)
                                                   : hn::InterleaveUpper(d, low_bytes, high_bytes));
}
template <Half kHalf>
HWY_INLINE VU16 Widened16(V8 bytes) {
  return Joined<kHalf>(bytes, hn::Zero(D8()));
}
HWY_INLINE V8 Narrowed(VU16 lower, VU16 upper) {
  return Clamped(hn::BitCast(D16(), lower), hn::BitCast(D16(), upper));
}
// -1 where a lane is negative, else 0.
HWY_INLINE VU16 SignOf(VU16 v) {
  return hn::BitCast(DU16(), hn::ShiftRight<15>(hn::BitCast(D16(), v)));
}

// ------------------------------------------------------------------ reciprocals

// 2^16 / R and 2^16 / M, each less than 1.04 too small, in 16-bit lanes. What they are for R or M 0
// does not matter.
struct Reciprocals {
  VU16 range[2], largest[2];
};

// By one division for both.
class ReciprocalsByDivision {
 public:
  HWY_INLINE Reciprocals operator()(V8 range, V8 largest) const {
    VU16 of_range[2], of_largest[2];
    Divide(Widened16<Half::kLower>(range), Widened16<Half::kLower>(largest), &of_range[0],
           &of_largest[0]);
    Divide(Widened16<Half::kUpper>(range), Widened16<Half::kUpper>(largest), &of_range[1],
           &of_largest[1]);
    return {{of_range[0], of_range[1]}, {of_largest[0], of_largest[1]}};
  }

 private:
  static HWY_INLINE void DivideLanes(V32 range, V32 largest, V32* of_range, V32* of_largest) {
    const DF df;
    const VF r = hn::ConvertTo(df, range);
    const VF m = hn::ConvertTo(df, largest);
    // A little too small, so that roundings do not make it too large, and that of 1 has 16 bits.
    const VF both = hn::Div(hn::Set(df, 65536.0f * (1 - 0x1p-16f)), hn::Mul(r, m));
    *of_range = Truncated(hn::Mul(m, both));
    *of_largest = Truncated(hn::Mul(r, both));
  }
  static HWY_INLINE V32 Truncated(VF v) {
    // Not above 2^16 where R is not 0, and what it is then does not matter: no need of Highway's
    // care for what is too large.
#if HWY_ARCH_X86 && HWY_TARGET <= HWY_SSSE3
#if HWY_MAX_BYTES == 64
    return V32{_mm512_cvttps_epi32(v.raw)};
#elif HWY_MAX_BYTES == 32
    return V32{_mm256_cvttps_epi32(v.raw)};
#else
    return V32{_mm_cvttps_epi32(v.raw)};
#endif
#else
    return hn::ConvertTo(D32(), v);
#endif
  }
  static HWY_INLINE void Divide(VU16 range, VU16 largest, VU16* of_range, VU16* of_largest) {
    const DU32 d;
    const D32 di;
    const auto low = hn::Set(d, 0xFFFF);
    const auto r = hn::BitCast(d, range);
    const auto m = hn::BitCast(d, largest);
    V32 even[2], odd[2];
    DivideLanes(hn::BitCast(di, hn::And(r, low)), hn::BitCast(di, hn::And(m, low)), &even[0],
                &even[1]);
    DivideLanes(hn::BitCast(di, hn::ShiftRight<16>(r)), hn::BitCast(di, hn::ShiftRight<16>(m)),
                &odd[0], &odd[1]);
    *of_range = Paired(even[0], odd[0]);
    *of_largest = Paired(even[1], odd[1]);
  }
  static HWY_INLINE VU16 Paired(V32 even, V32 odd) {
    const V32 low = hn::And(even, hn::Set(D32(), 0xFFFF));
    return hn::BitCast(DU16(), hn::Or(low, hn::ShiftLeft<16>(odd)));
  }
};

#if HEADRACE_HAVE_VBMI
class ReciprocalsByVbmi {
 public:
  HWY_INLINE ReciprocalsByVbmi() : low_(Bytes(0).of), high_(Bytes(8).of) {}
  HWY_INLINE Reciprocals operator()(V8 range, V8 largest) const {
    const V8 r[2] = {low_(range), high_(range)};
    const V8 m[2] = {low_(largest), high_(largest)};
    return {{Joined<Half::kLower>(r[0], r[1]), Joined<Half::kUpper>(r[0], r[1])},
            {Joined<Half::kLower>(m[0], m[1]), Joined<Half::kUpper>(m[0], m[1])}};
  }

 private:
  struct Bytes {
    constexpr explicit Bytes(int shift) : of{} {
      for (uint32_t i = 1; i < 256; ++i) {
        of[i] = static_cast<uint8_t>((i == 1 ? 65535 : 65536 / i) >> shift);
      }
    }
    uint8_t of[256];
  };
  VbmiTable low_, high_;
};
#endif

// ------------------------------------------------------------------ to hue and saturation

struct HueParts {
  V8 hue;
  VU16 saturation[2];  // halves
  V8 value;
};

class HueOfPixels {
 public:
  HWY_INLINE HueOfPixels() {
    const D8 d;
    first_ = hn::LoadDup128(d, kFirst);
    falls_ = hn::LoadDup128(d, kFalls);
    below_[0] = hn::LoadDup128(d, kBelow);
    below_[1] = hn::LoadDup128(d, kBelow + 16);
    bits_ = hn::LoadDup128(d, kBits);
  }

  template <class ReciprocalsOf>
  HWY_INLINE HueParts operator()(const V8* rgb, const ReciprocalsOf& reciprocals_of) const {
    const D8 d;
    const V8 r = rgb[0], g = rgb[1], b = rgb[2];
    const V8 lower = hn::Min(r, g);
    const V8 upper = hn::Max(r, g);
    const V8 smallest = hn::Min(lower, b);
    const V8 largest = hn::Max(upper, b);
    const V8 middle = hn::Max(lower, hn::Min(upper, b));
    const V8 range = hn::Sub(largest, smallest);
    // Three comparisons tell the sextant. Where two fit, both give the same hue.
    const V8 order = hn::Or(hn::IfThenElseZero(hn::Lt(g, b), hn::Set(d, 1)),
                            hn::Or(hn::IfThenElseZero(hn::Lt(r, b), hn::Set(d, 2)),
                                   hn::IfThenElseZero(hn::Lt(g, r), hn::Set(d, 4))));
    const V8 first = hn::TableLookupBytes(first_, order);
    const V8 falls = hn::TableLookupBytes(falls_, order);
    const V8 along = hn::IfVecThenElse(falls, hn::Sub(largest, middle), hn::Sub(middle, smallest));
    const V8 half_range = hn::And(falls, range);
    const Reciprocals reciprocals = reciprocals_of(range, largest);

    VU16 rest[2];
    const VU16 lower_steps =
        StepsOf<Half::kLower>(along, half_range, range, reciprocals.range[0], &rest[0]);
    const VU16 upper_steps =
        StepsOf<Half::kUpper>(along, half_range, range, reciprocals.range[1], &rest[1]);
    const V8 hue = hn::Add(Narrowed(lower_steps, upper_steps), first);
    const M8 no_rest = hn::Eq(Narrowed(rest[0], rest[1]), hn::Zero(d));
    // Truth is -1.
    return {hn::Add(hue, hn::VecFromMask(d, hn::And(IsBelow(hue), no_rest))),
            {SaturationOf<Half::kLower>(range, largest, reciprocals.largest[0]),
             SaturationOf<Half::kUpper>(range, largest, reciprocals.largest[1])},
            largest};
  }

 private:
  // By the bits of `order`. First: floor(42.5 k).
  alignas(16) static constexpr uint8_t kFirst[16] = {42, 0, 85, 127, 0, 212, 0, 170,
                                                     0,  0, 0,  0,   0, 0,   0, 0};
  alignas(16) static constexpr uint8_t kFalls[16] = {255, 0, 0, 255, 0, 255, 0, 0,
                                                     0,   0, 0, 0,   0, 0,   0, 0};
  // Bit H / 16 of the two bytes at H % 16, one in each half: a hue that comes out one less.
  alignas(16) static constexpr uint8_t kBelow[32] = {
      0x42, 0x03, 0x03, 0x03, 0x43, 0x03, 0x03, 0x03, 0x63, 0x03, 0x03,
      0x03, 0x23, 0x03, 0x03, 0x03, 0x08, 0x3f, 0x00, 0x03, 0x00, 0x1f,
      0x00, 0x01, 0x08, 0x1f, 0x00, 0x01, 0x00, 0x1f, 0x00, 0x01};
  alignas(16) static constexpr uint8_t kBits[16] = {1, 2, 4, 8, 16, 32, 64, 128,
                                                    1, 2, 4, 8, 16, 32, 64, 128};

  // Where a hue without rest comes out one less.
  HWY_INLINE M8 IsBelow(V8 hue) const {
    const D8 d;
    const V8 row = hn::And(hue, hn::Set(d, 15));
    const V8 column =
        hn::And(hn::BitCast(d, hn::ShiftRight<4>(hn::BitCast(DU16(), hue))), hn::Set(d, 15));
    const V8 bits =
        hn::IfThenElse(hn::Lt(hn::Set(d, 127), hue), hn::TableLookupBytes(below_[1], row),
                       hn::TableLookupBytes(below_[0], row));
    const V8 bit = hn::TableLookupBytes(bits_, column);
    return hn::Eq(hn::And(bits, bit), bit);
  }

  // floor((85 n + half_range) / (2 R)), and what the division leaves.
  template <Half kHalf>
  static HWY_INLINE VU16 StepsOf(V8 along, V8 half_range, V8 range, VU16 reciprocal, VU16* rest) {
    const DU16 d;
    const VU16 number = hn::BitCast(
        d, SumOfUnsignedBytes<85, 1>(hn::BitCast(D16(), Joined<kHalf>(along, half_range))));
    const VU16 r = Widened16<kHalf>(range);
    const VU16 divisor = hn::Add(r, r);
    // Right or one too small.
    const VU16 guess = hn::ShiftRight<1>(hn::MulHigh(number, reciprocal));
    const VU16 left = hn::Sub(number, hn::Mul(guess, divisor));
    const VU16 less = hn::Sub(left, divisor);
    *rest = hn::Min(left, less);  // one of the two is below the divisor, not wrapped
    return hn::Add(hn::Add(guess, hn::Set(d, 1)), SignOf(less));
  }

  template <Half kHalf>
  static HWY_INLINE VU16 SaturationOf(V8 range, V8 largest_bytes, VU16 reciprocal) {
    const DU16 d;
    const VU16 largest = Widened16<kHalf>(largest_bytes);
    const VU16 number = hn::Sub(Joined<kHalf>(hn::Zero(D8()), range), Widened16<kHalf>(range));
    const VU16 guess = hn::MulHigh(number, reciprocal);  // right or one too small
    const VU16 less = hn::Sub(hn::Sub(number, hn::Mul(guess, largest)), largest);
    return hn::Add(hn::Add(guess, hn::Set(d, 1)), SignOf(less));
  }

  V8 first_, falls_, below_[2], bits_;
};

// ------------------------------------------------------------------ and back

HWY_INLINE void PixelsOfHue(const HueParts& parts, V8* rgb) {
  const D8 d;
  const DU16 d16;
  const V8 hue = parts.hue;
  const auto from = [hue](uint8_t first) HWY_ATTR {
    return hn::Lt(hn::Set(D8(), static_cast<uint8_t>(first - 1)), hue);
  };
  const M8 from43 = from(43), from85 = from(85), from128 = from(128), from170 = from(170),
           from213 = from(213);
  // e: how far 2 H is from 85, 255 or 425, all modulo 256. The ends it is measured from are those
  // where the weight is none.
  const V8 end = hn::IfThenElse(from170, hn::Set(d, 425 - 256),
                                hn::IfThenElse(from85, hn::Set(d, 255), hn::Set(d, 85)));
  const hn::Repartition<int8_t, D8> di;
  const V8 e = hn::BitCast(d, hn::Abs(hn::BitCast(di, hn::Sub(hn::Add(hue, hue), end))));
  VU16 bottom[2], between[2];
  const auto half = [&](size_t n, VU16 v, VU16 weight) HWY_ATTR {
    const VU16 s = parts.saturation[n];
    // Rounded division by 255.
    const VU16 x = hn::Add(hn::Mul(v, hn::Sub(hn::Set(d16, 255), s)), hn::Set(d16, 128));
    bottom[n] = hn::ShiftRight<8>(hn::Add(x, hn::ShiftRight<8>(x)));
    // Rounded division of V S e by 21675: a guess, right or one too small, and its rest.
    const VU16 weighted = hn::Mul(s, weight);
    const VU16 three = hn::Add(hn::Add(weighted, weighted), weighted);
    const VU16 high = hn::MulHigh(hn::ShiftLeft<8>(v), three);
    const VU16 guess = hn::MulHigh(high, hn::Set(d16, 258));
    const VU16 rest = hn::Sub(hn::Mul(v, weighted), hn::Mul(guess, hn::Set(d16, 21675)));
    between[n] = hn::Add(hn::Sub(v, guess), SignOf(hn::Sub(hn::Set(d16, 21675 / 2), rest)));
  };
  half(0, Widened16<Half::kLower>(parts.value), Widened16<Half::kLower>(e));
  half(1, Widened16<Half::kUpper>(parts.value), Widened16<Half::kUpper>(e));
  const V8 v = parts.value;
  const V8 p = Narrowed(bottom[0], bottom[1]);
  const V8 x = Narrowed(between[0], between[1]);
  const auto choose = [=](M8 is_top, M8 is_bottom) HWY_ATTR {
    return hn::IfThenElse(is_top, v, hn::IfThenElse(is_bottom, p, x));
  };
  // Hue 255 is sextant 6, the same as 0; there x is p.
  rgb[0] = choose(hn::Or(hn::Not(from43), from213), hn::AndNot(from170, from85));
  rgb[1] = choose(hn::AndNot(from128, from43), from170);
  rgb[2] = choose(hn::AndNot(from213, from128), hn::Not(from85));
}

#endif  // HWY_TARGET != HWY_SCALAR

}  // namespace HWY_NAMESPACE
}  // namespace headrace::simd
HWY_AFTER_NAMESPACE();

#endif  // HEADRACE_SIMD_HUE_BYTES_INL_H_
