// Vectors of f32 to the bits of f16 or bf16 and back, as simd/half.h does one. Once per target.
#if defined(HEADRACE_SIMD_HALF_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef HEADRACE_SIMD_HALF_INL_H_
#undef HEADRACE_SIMD_HALF_INL_H_
#else
#define HEADRACE_SIMD_HALF_INL_H_
#endif

#include <cstdint>

#include "hwy/highway.h"
#include "simd/half.h"
#include "simd/rows-inl.h"

HWY_BEFORE_NAMESPACE();
namespace headrace::simd {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

#if HWY_TARGET != HWY_SCALAR

using DF = hn::FixedTag<float, kLanes>;
using DU32 = hn::FixedTag<uint32_t, kLanes>;
// As many lanes of 16 bits as a vector has of 32.
using DHalf = hn::FixedTag<uint16_t, kLanes>;
using VF = hn::Vec<DF>;
using VHalf = hn::Vec<DHalf>;

// Only the lower 16 bits of each lane are set.
HWY_INLINE VHalf Narrow(hn::Vec<DU32> bits) {
  return hn::DemoteTo(DHalf(), hn::BitCast(D32(), bits));
}

HWY_INLINE VHalf HalfOfFloats(VF value) {
#if HWY_ARCH_X86 && HWY_TARGET <= HWY_AVX2
  return hn::BitCast(DHalf(), hn::DemoteTo(hn::FixedTag<hwy::float16_t, kLanes>(), value));
#else
  const DF df;
  const DU32 d;
  const auto bits = hn::BitCast(d, value);
  const auto sign = hn::And(hn::ShiftRight<16>(bits), hn::Set(d, 0x8000u));
  const auto rest = hn::And(bits, hn::Set(d, 0x7FFFFFFFu));
  // Normal results: change the exponent's bias and round by adding just below half a unit, or half
  // when the kept part is odd.
  const auto odd = hn::And(hn::ShiftRight<13>(rest), hn::Set(d, 1u));
  const auto normal = hn::ShiftRight<13>(
      hn::Add(hn::Sub(rest, hn::Set(d, 112u << 23)), hn::Add(hn::Set(d, 0xFFFu), odd)));
  // Below 2^-14: adding 0.5 makes the last bit of the f32 sum worth 2^-24, so the addition rounds.
  const auto half = hn::Set(df, 0.5f);
  const auto tiny =
      hn::Sub(hn::BitCast(d, hn::Add(hn::BitCast(df, rest), half)), hn::BitCast(d, half));
  const auto nan =
      hn::Or(hn::Set(d, 0x7E00u), hn::And(hn::ShiftRight<13>(rest), hn::Set(d, 0x1FFu)));
  auto result = hn::IfThenElse(hn::Lt(rest, hn::Set(d, 0x38800000u)), tiny, normal);
  result = hn::IfThenElse(hn::Gt(rest, hn::Set(d, 0x477FFFFFu)), hn::Set(d, 0x7C00u), result);
  result = hn::IfThenElse(hn::Gt(rest, hn::Set(d, 0x7F800000u)), nan, result);
  return Narrow(hn::Or(result, sign));
#endif
}

HWY_INLINE VF FloatOfHalves(VHalf half) {
#if HWY_ARCH_X86 && HWY_TARGET <= HWY_AVX2
  return hn::PromoteTo(DF(), hn::BitCast(hn::FixedTag<hwy::float16_t, kLanes>(), half));
#else
  const DF df;
  const DU32 d;
  const auto bits = hn::PromoteTo(d, half);
  const auto sign = hn::ShiftLeft<16>(hn::And(bits, hn::Set(d, 0x8000u)));
  const auto mantissa = hn::And(bits, hn::Set(d, 0x3FFu));
  const auto rest = hn::And(bits, hn::Set(d, 0x7FFFu));
  const auto normal = hn::Add(hn::ShiftLeft<13>(rest), hn::Set(d, 112u << 23));
  const auto tiny = hn::BitCast(
      d, hn::Mul(hn::ConvertTo(df, hn::BitCast(D32(), mantissa)), hn::Set(df, 0x1p-24f)));
  // Infinite or not a number: the highest exponent, and not a number is made quiet.
  const auto top = hn::Or(hn::ShiftLeft<13>(rest), hn::Set(d, 0x7F800000u));
  const auto quiet =
      hn::IfThenElse(hn::Eq(mantissa, hn::Zero(d)), top, hn::Or(top, hn::Set(d, 0x400000u)));
  auto result = hn::IfThenElse(hn::Lt(rest, hn::Set(d, 0x400u)), tiny, normal);
  result = hn::IfThenElse(hn::Gt(rest, hn::Set(d, 0x7BFFu)), quiet, result);
  return hn::BitCast(df, hn::Or(result, sign));
#endif
}

// No lane is a NaN.
HWY_INLINE hn::Vec<DU32> RoundedToBfloat16(VF value) {
  const DU32 d;
  const auto bits = hn::BitCast(d, value);
  const auto odd = hn::And(hn::ShiftRight<16>(bits), hn::Set(d, 1u));
  return hn::ShiftRight<16>(hn::Add(bits, hn::Add(hn::Set(d, 0x7FFFu), odd)));
}

HWY_INLINE VHalf Bfloat16OfFloats(VF value) {
  const DU32 d;
  const auto rest = hn::And(hn::BitCast(d, value), hn::Set(d, 0x7FFFFFFFu));
  return Narrow(hn::IfThenElse(hn::Gt(rest, hn::Set(d, 0x7F800000u)), hn::Set(d, 0x7FC0u),
                               RoundedToBfloat16(value)));
}

HWY_INLINE VF FloatOfBfloat16s(VHalf value) {
  return hn::BitCast(DF(), hn::ShiftLeft<16>(hn::PromoteTo(DU32(), value)));
}

#endif  // HWY_TARGET != HWY_SCALAR

}  // namespace HWY_NAMESPACE
}  // namespace headrace::simd
HWY_AFTER_NAMESPACE();

#endif  // HEADRACE_SIMD_HALF_INL_H_
