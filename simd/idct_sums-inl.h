// What the inverse DCTs are written in: sums of products of 16-bit factors, two at a time, and the
// ways back to 16 and 8 bits. Included once per target.
//
// All of it stays inside 128-bit blocks, of which each holds (a row of) one block of coefficients.
#if defined(HEADRACE_SIMD_IDCT_SUMS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef HEADRACE_SIMD_IDCT_SUMS_INL_H_
#undef HEADRACE_SIMD_IDCT_SUMS_INL_H_
#else
#define HEADRACE_SIMD_IDCT_SUMS_INL_H_
#endif

#include <cstddef>
#include <cstdint>

#include "hwy/highway.h"
#include "simd/rows-inl.h"

HWY_BEFORE_NAMESPACE();
namespace headrace::simd {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

#if HWY_TARGET != HWY_SCALAR

using V16 = hn::Vec<D16>;

// 32-bit sums of the 16-bit lanes of a vector: part 0 those of lanes 0 to 3 of each 128-bit block,
// part 1 (left out where those lanes do not matter) those of lanes 4 to 7. They wrap.
//
// The constructors here are written out because implicit ones would be compiled without the
// target's instructions (g++ 12), which the vectors' own constructors on ARM do not allow.
template <size_t kParts>
struct Sums {
  HWY_INLINE Sums() {}  // NOLINT(modernize-use-equals-default)
  V32 part[kParts];
};

template <size_t kParts>
HWY_INLINE Sums<kParts> operator+(const Sums<kParts>& a, const Sums<kParts>& b) {
  Sums<kParts> sum;
  for (size_t i = 0; i < kParts; ++i) sum.part[i] = hn::Add(a.part[i], b.part[i]);
  return sum;
}
template <size_t kParts>
HWY_INLINE Sums<kParts> operator-(const Sums<kParts>& a, const Sums<kParts>& b) {
  Sums<kParts> difference;
  for (size_t i = 0; i < kParts; ++i) difference.part[i] = hn::Sub(a.part[i], b.part[i]);
  return difference;
}
template <size_t kParts>
HWY_INLINE Sums<kParts> operator+(const Sums<kParts>& a, V32 b) {
  Sums<kParts> sum;
  for (size_t i = 0; i < kParts; ++i) sum.part[i] = hn::Add(a.part[i], b);
  return sum;
}

// Two factors for each lane, in the shape that the target multiplies and adds.
#if HWY_ARCH_X86 && HWY_TARGET <= HWY_SSSE3

// Neighbours: a 32-bit lane holds both.
template <size_t kParts>
struct Factors {
  V16 part[kParts];
};

template <size_t kParts>
HWY_INLINE Factors<kParts> Pair(V16 first, V16 second) {
  Factors<kParts> factors;
  factors.part[0] = hn::InterleaveLower(D16(), first, second);
  if constexpr (kParts == 2) factors.part[1] = hn::InterleaveUpper(D16(), first, second);
  return factors;
}

// From lanes that hold both factors, the first one in the low half.
HWY_INLINE Factors<1> FactorsOfLanes(V32 lanes) { return {{hn::BitCast(D16(), lanes)}}; }
HWY_INLINE Factors<2> FactorsOfLanes(V32 lower, V32 upper) {
  return {{hn::BitCast(D16(), lower), hn::BitCast(D16(), upper)}};
}

// Adds factor by factor, at 16 bits.
template <size_t kParts>
HWY_INLINE Factors<kParts> AddFactors(const Factors<kParts>& a, const Factors<kParts>& b) {
  Factors<kParts> sum;
  for (size_t i = 0; i < kParts; ++i) sum.part[i] = hn::Add(a.part[i], b.part[i]);
  return sum;
}

// first * weight_first + second * weight_second.
template <size_t kParts>
HWY_INLINE Sums<kParts> Dot(const Factors<kParts>& factors, int weight_first, int weight_second) {
  const D32 d;
  const uint32_t weights =
      (static_cast<uint32_t>(weight_first) & 0xFFFF) | static_cast<uint32_t>(weight_second) << 16;
  const V16 both = hn::BitCast(D16(), hn::Set(d, static_cast<int32_t>(weights)));
  Sums<kParts> sums;
  for (size_t i = 0; i < kParts; ++i) {
    V32 unused = hn::Zero(d);
    sums.part[i] = hn::ReorderWidenMulAccumulate(d, factors.part[i], both, hn::Zero(d), unused);
  }
  return sums;
}

#else

// Apart: only the halves of whole vectors are widened.
template <size_t kParts>
struct Factors {
  HWY_INLINE Factors(V16 a, V16 b) : first(a), second(b) {}
  V16 first;
  V16 second;
};

template <size_t kParts>
HWY_INLINE Factors<kParts> Pair(V16 first, V16 second) {
  return {first, second};
}

HWY_INLINE Factors<2> FactorsOfLanes(V32 lower, V32 upper) {
  const V16 low = hn::BitCast(D16(), lower);
  const V16 high = hn::BitCast(D16(), upper);
  return {hn::ConcatEven(D16(), high, low), hn::ConcatOdd(D16(), high, low)};
}
HWY_INLINE Factors<1> FactorsOfLanes(V32 lanes) {
  const Factors<2> factors = FactorsOfLanes(lanes, lanes);
  return {factors.first, factors.second};
}

template <size_t kParts>
HWY_INLINE Factors<kParts> AddFactors(const Factors<kParts>& a, const Factors<kParts>& b) {
  return {hn::Add(a.first, b.first), hn::Add(a.second, b.second)};
}

template <size_t kParts>
HWY_INLINE Sums<kParts> Dot(const Factors<kParts>& factors, int weight_first, int weight_second) {
  const D32 d;
  Sums<kParts> sums;
#if HWY_ARCH_ARM
  const V16 weights_first = hn::Set(D16(), static_cast<int16_t>(weight_first));
  const V16 weights_second = hn::Set(D16(), static_cast<int16_t>(weight_second));
  // The multiply-add adds to two sums, those of the lower and of the upper half.
  V32 upper = hn::Zero(d);
  V32 lower = hn::ReorderWidenMulAccumulate(d, factors.first, weights_first, hn::Zero(d), upper);
  lower = hn::ReorderWidenMulAccumulate(d, factors.second, weights_second, lower, upper);
  sums.part[0] = lower;
  if constexpr (kParts == 2) sums.part[1] = upper;
#else
  const hn::Half<D16> half;
  const V32 weights_first = hn::Set(d, weight_first);
  const V32 weights_second = hn::Set(d, weight_second);
  sums.part[0] =
      hn::Add(hn::Mul(hn::PromoteTo(d, hn::LowerHalf(half, factors.first)), weights_first),
              hn::Mul(hn::PromoteTo(d, hn::LowerHalf(half, factors.second)), weights_second));
  if constexpr (kParts == 2) {
    sums.part[1] =
        hn::Add(hn::Mul(hn::PromoteTo(d, hn::UpperHalf(half, factors.first)), weights_first),
                hn::Mul(hn::PromoteTo(d, hn::UpperHalf(half, factors.second)), weights_second));
  }
#endif
  return sums;
}

#endif

// The same for lanes that are neighbours as they come: 32-bit lane i is the sum of the products of
// 16-bit lanes 2i and 2i + 1.
HWY_INLINE V32 DotOfNeighbours(V16 values, V16 weights) {
  const D32 d;
#if HWY_ARCH_X86 && HWY_TARGET <= HWY_SSSE3
  V32 unused = hn::Zero(d);
  return hn::ReorderWidenMulAccumulate(d, values, weights, hn::Zero(d), unused);
#else
  const V32 v = hn::BitCast(d, values);
  const V32 w = hn::BitCast(d, weights);
  const V32 even =
      hn::Mul(hn::ShiftRight<16>(hn::ShiftLeft<16>(v)), hn::ShiftRight<16>(hn::ShiftLeft<16>(w)));
  return hn::Add(even, hn::Mul(hn::ShiftRight<16>(v), hn::ShiftRight<16>(w)));
#endif
}

// value * weight + addend, of which `addend` is a constant of 16 bits.
template <size_t kParts>
HWY_INLINE Sums<kParts> Scale(V16 value, int weight, int addend) {
  return Dot(Pair<kParts>(value, hn::Set(D16(), 1)), weight, addend);
}

// sums >> kBits as 16-bit lanes, saturated: part 0 of `a`, then of `b`, in each 128-bit block.
template <int kBits>
HWY_INLINE V16 Narrow(V32 a, V32 b) {
  return hn::ReorderDemote2To(D16(), hn::ShiftRight<kBits>(a), hn::ShiftRight<kBits>(b));
}

// Neighbours: lane 2i of the result is a >> kBits, lane 2i + 1 is b >> kBits. They must fit.
template <int kBits>
HWY_INLINE V16 NarrowInterleaved(V32 a, V32 b) {
  static_assert(kBits >= 16);
  const V16 even = hn::BitCast(D16(), hn::ShiftRight<16>(a));
  return hn::ShiftRight<kBits - 16>(hn::OddEven(hn::BitCast(D16(), b), even));
}

// Samples: saturated to -128..127, and 128 added. In each 128-bit block those of `a`, then of `b`.
HWY_INLINE V8 PackSamples(V16 a, V16 b) {
  using DS8 = hn::RebindToSigned<D8>;
#if HWY_ARCH_X86 && HWY_MAX_BYTES == 64
  const hn::Vec<DS8> packed{_mm512_packs_epi16(a.raw, b.raw)};
#elif HWY_ARCH_X86 && HWY_MAX_BYTES == 32
  const hn::Vec<DS8> packed{_mm256_packs_epi16(a.raw, b.raw)};
#elif HWY_ARCH_X86 && HWY_TARGET <= HWY_SSSE3
  const hn::Vec<DS8> packed{_mm_packs_epi16(a.raw, b.raw)};
#else
  const hn::Half<DS8> half;
  const hn::Vec<DS8> packed = hn::Combine(DS8(), hn::DemoteTo(half, b), hn::DemoteTo(half, a));
#endif
  return hn::Xor(hn::BitCast(D8(), packed), hn::Set(D8(), 0x80));
}

// In each 128-bit block the 16-bit lane i becomes lane kFrom[i].
template <size_t... kFrom>
HWY_INLINE V16 OrderLanes(V16 v) {
  static_assert(sizeof...(kFrom) == 8);
  HWY_ALIGN static constexpr uint16_t kBytes[8] = {(2 * kFrom + 1) * 256 + 2 * kFrom...};
  const hn::Repartition<uint16_t, D8> d16;
  return hn::BitCast(D16(),
                     hn::TableLookupBytes(v, hn::BitCast(D8(), hn::LoadDup128(d16, kBytes))));
}

#endif  // HWY_TARGET != HWY_SCALAR

}  // namespace HWY_NAMESPACE
}  // namespace headrace::simd
HWY_AFTER_NAMESPACE();

#endif  // HEADRACE_SIMD_IDCT_SUMS_INL_H_
