// The blend of simd/colour.h, in 16-bit lanes. Once per target.
//
// There are only 511 differences x - d. For almost every factor the results are those of whole
// numbers: d + base * (x - d) + floor((x - d) * F / 2^16), with F next to (factor - base) * 2^16,
// one less for negative differences if need be. Such an F exists because fractions with
// denominators up to 255 are more than 2^-16 apart. What is left are factors with which the sum of
// a product and of one d, but not another, rounds up to a whole number (1.3 is one: its product
// with 10 is 12.9999995): they are blended as floats. BlendPlan finds out which it is, by looking
// at all differences.
#if defined(HEADRACE_SIMD_BLEND_BYTES_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef HEADRACE_SIMD_BLEND_BYTES_INL_H_
#undef HEADRACE_SIMD_BLEND_BYTES_INL_H_
#else
#define HEADRACE_SIMD_BLEND_BYTES_INL_H_
#endif

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>

#include "hwy/highway.h"
#include "simd/rows-inl.h"
#include "simd/ycc-inl.h"

HWY_BEFORE_NAMESPACE();
namespace headrace::simd {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

#if HWY_TARGET != HWY_SCALAR

using DF = hn::FixedTag<float, kLanes>;
using VF = hn::Vec<DF>;

// Beyond this, any difference leads out of 0..255 on its side: a larger factor changes nothing.
constexpr float kFactorMax = 1024;
// Beyond this the whole numbers might not fit 16 bits.
constexpr float kWholeFactorMax = 64;

struct BlendPlan {
  bool whole = false;
  float factor = 0;
  int16_t base = 0;
  int16_t fraction = 0;  // F
  int16_t less = 0;      // -1 if it is one less for negative differences
};

// How far the candidates for F are from the wanted results of the differences sign * 0..255.
class BlendFractions {
 public:
  static constexpr size_t kCount = 3;

  BlendFractions(float factor, float base, float sign) {
    const DF d;
    const VF zero = hn::Zero(d);
    const VF most = hn::Set(d, 255);
    const VF factors = hn::Set(d, factor);
    lowest_ = std::floor((factor - base) * 65536.0f) - 1;
    VF off[kCount] = {zero, zero, zero};
    VF undecided = zero;
    for (size_t i = 0; i < 256; i += kLanes) {
      const VF size = hn::Iota(d, static_cast<float>(i));
      const VF diff = hn::Mul(size, hn::Set(d, sign));
      const VF product = hn::Mul(factors, diff);
      // The d that are possible with this difference and not clamped whatever is added.
      const VF first = hn::Max(hn::Max(zero, hn::Neg(diff)), hn::Neg(hn::Floor(product)));
      const VF last =
          hn::Min(hn::Min(most, hn::Sub(most, diff)), hn::Floor(hn::Sub(hn::Set(d, 256), product)));
      const VF at_first = hn::Sub(hn::Floor(hn::Add(first, product)), first);
      const VF at_last = hn::Sub(hn::Floor(hn::Add(last, product)), last);
      const auto both = hn::Le(first, last);
      undecided = hn::Max(undecided, hn::IfThenElseZero(both, hn::Abs(hn::Sub(at_last, at_first))));
      const VF wanted = hn::Sub(at_first, hn::Mul(hn::Set(d, base), diff));
      for (size_t n = 0; n < kCount; ++n) {
        // Below 2^24 and exact, as is the division by a power of two.
        const VF scaled = hn::Mul(diff, hn::Set(d, lowest_ + static_cast<float>(n)));
        const VF got = hn::Floor(hn::Mul(scaled, hn::Set(d, 0x1p-16f)));
        off[n] = hn::Max(off[n], hn::Abs(hn::Sub(got, wanted)));
      }
    }
    const bool decided = hn::GetLane(hn::MaxOfLanes(d, undecided)) == 0;
    for (size_t n = 0; n < kCount; ++n) {
      const float candidate = lowest_ + static_cast<float>(n);
      fits_[n] =
          decided && std::abs(candidate) <= 32767 && hn::GetLane(hn::MaxOfLanes(d, off[n])) == 0;
    }
  }
  bool Fits(size_t n) const { return fits_[n]; }
  int16_t Candidate(size_t n) const {
    return static_cast<int16_t>(lowest_ + static_cast<float>(n));
  }

 private:
  float lowest_;
  bool fits_[kCount];
};

HWY_INLINE BlendPlan PlanBlend(float factor) {
  BlendPlan plan;
  plan.factor = std::min(factor, kFactorMax);
  if (!(factor <= kWholeFactorMax)) return plan;
  const float base = std::floor(factor + 0.5f);
  plan.base = static_cast<int16_t>(base);
  const BlendFractions positive(factor, base, 1);
  const BlendFractions negative(factor, base, -1);
  for (size_t n = 0; n < BlendFractions::kCount && !plan.whole; ++n) {
    if (!positive.Fits(n)) continue;
    plan.fraction = positive.Candidate(n);
    const bool one_less = n > 0 && negative.Fits(n - 1);
    plan.whole = negative.Fits(n) || one_less;
    plan.less = negative.Fits(n) ? 0 : -1;
  }
  return plan;
}

// All give lanes that are yet to be clamped. Base 1 and nothing less are most of the factors that
// are drawn, and take half of the instructions.
enum class Base : bool { kOne, kAny };
enum class Less : bool { kNone, kAny };
template <Base kBase, Less kLess>
class BlendWhole {
 public:
  HWY_INLINE explicit BlendWhole(const BlendPlan& plan)
      : base_(hn::Set(D16(), plan.base)),
        fraction_(hn::Set(D16(), plan.fraction)),
        less_(hn::Set(D16(), plan.less)) {}
  HWY_INLINE V16 operator()(V16 d, V16 x) const {
    const V16 diff = hn::Sub(x, d);
    V16 fraction = fraction_;
    if constexpr (kLess == Less::kAny) {
      fraction = hn::Add(fraction, hn::And(hn::ShiftRight<15>(diff), less_));
    }
    const V16 whole = kBase == Base::kOne ? x : hn::Add(d, hn::Mul(diff, base_));
    return hn::Add(whole, hn::MulHigh(diff, fraction));
  }

 private:
  V16 base_, fraction_, less_;
};

class BlendFloats {
 public:
  HWY_INLINE explicit BlendFloats(const BlendPlan& plan) : factor_(hn::Set(DF(), plan.factor)) {}
  HWY_INLINE V16 operator()(V16 d, V16 x) const {
    const D32 d32;
    const V32 dd = hn::BitCast(d32, d);
    const V32 diff = hn::BitCast(d32, hn::Sub(x, d));
    const V32 even = Lanes(hn::ShiftRight<16>(hn::ShiftLeft<16>(dd)),
                           hn::ShiftRight<16>(hn::ShiftLeft<16>(diff)));
    const V32 odd = Lanes(hn::ShiftRight<16>(dd), hn::ShiftRight<16>(diff));
    return hn::BitCast(D16(), hn::Or(even, hn::ShiftLeft<16>(odd)));
  }

 private:
  HWY_INLINE V32 Lanes(V32 d, V32 diff) const {
    const DF df;
    const VF t = hn::Add(hn::ConvertTo(df, d), hn::Mul(factor_, hn::ConvertTo(df, diff)));
    return hn::ConvertTo(D32(), hn::Min(hn::Max(t, hn::Zero(df)), hn::Set(df, 255)));
  }
  VF factor_;
};

// Calls function(blend) with the plan's way to blend.
template <class Function>
HWY_INLINE void WithBlend(const BlendPlan& plan, const Function& function) {
  if (!plan.whole) return function(BlendFloats(plan));
  if (plan.base == 1) {
    if (plan.less == 0) return function(BlendWhole<Base::kOne, Less::kNone>(plan));
    return function(BlendWhole<Base::kOne, Less::kAny>(plan));
  }
  function(BlendWhole<Base::kAny, Less::kAny>(plan));
}

#endif  // HWY_TARGET != HWY_SCALAR

}  // namespace HWY_NAMESPACE
}  // namespace headrace::simd
HWY_AFTER_NAMESPACE();

#endif  // HEADRACE_SIMD_BLEND_BYTES_INL_H_
