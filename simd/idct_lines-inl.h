// The inverse DCTs of lines: 8 coefficients to 8, 4 or 2 samples, for a vector of lines. Included
// once per target.
#if defined(HEADRACE_SIMD_IDCT_LINES_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef HEADRACE_SIMD_IDCT_LINES_INL_H_
#undef HEADRACE_SIMD_IDCT_LINES_INL_H_
#else
#define HEADRACE_SIMD_IDCT_LINES_INL_H_
#endif

#include <cstddef>

#include "hwy/highway.h"
#include "simd/idct_constants.h"
#include "simd/idct_sums-inl.h"

HWY_BEFORE_NAMESPACE();
namespace headrace::simd {
namespace HWY_NAMESPACE {

#if HWY_TARGET != HWY_SCALAR

// Sample i is even[i] + odd[i], sample 7 - i (of 4: 3 - i) is even[i] - odd[i], before they are
// scaled down. `even` includes what rounds them.
template <size_t kParts, size_t kHalf>
struct LineSums {
  HWY_INLINE LineSums() {}  // NOLINT(modernize-use-equals-default)
  Sums<kParts> even[kHalf];
  Sums<kParts> odd[kHalf];

  template <size_t kSample>
  HWY_INLINE Sums<kParts> Sample() const {
    if constexpr (kSample < kHalf) {
      return even[kSample] + odd[kSample];
    } else {
      return even[2 * kHalf - 1 - kSample] - odd[2 * kHalf - 1 - kSample];
    }
  }
};

// All 8, scaled by 2^13. `sum` and `difference` are those of coefficients 0 and 4 at 16 bits,
// scaled and rounded.
template <size_t kParts>
HWY_INLINE LineSums<kParts, 4> Inverse8(const Sums<kParts>& sum, const Sums<kParts>& difference,
                                        const Factors<kParts>& in26, const Factors<kParts>& in71,
                                        const Factors<kParts>& in35) {
  LineSums<kParts, 4> line;
  const Sums<kParts> a = Dot(in26, k0_541 + k0_765, k0_541);
  line.even[0] = sum + a;
  line.even[3] = sum - a;
  const Sums<kParts> b = Dot(in26, k0_541, k0_541 - k1_847);
  line.even[1] = difference + b;
  line.even[2] = difference - b;
  // 7 + 3 and 1 + 5, which wrap.
  const Factors<kParts> z34 = AddFactors(in71, in35);
  const Sums<kParts> z4 = Dot(z34, k1_175, k1_175 - k0_390);
  line.odd[0] = Dot(in71, -k0_899, k1_501 - k0_899) + z4;
  line.odd[2] = Dot(in35, -k2_562, k2_053 - k2_562) + z4;
  const Sums<kParts> z3 = Dot(z34, k1_175 - k1_961, k1_175);
  line.odd[1] = Dot(in35, k3_072 - k2_562, -k2_562) + z3;
  line.odd[3] = Dot(in71, k0_298 - k0_899, -k0_899) + z3;
  return line;
}

// The same for lines of which only the first 4 can be other than zero: nothing wraps then at 16
// bits, and products of the same coefficient are joined.
template <size_t kParts>
HWY_INLINE LineSums<kParts, 4> Inverse8Short(const Factors<kParts>& in02,
                                             const Factors<kParts>& in13, int rounding) {
  constexpr int kOne = 1 << kIdctFractionBits;
  const V32 half = hn::Set(D32(), rounding);
  LineSums<kParts, 4> line;
  line.even[0] = Dot(in02, kOne, k0_541 + k0_765) + half;
  line.even[1] = Dot(in02, kOne, k0_541) + half;
  line.even[2] = Dot(in02, kOne, -k0_541) + half;
  line.even[3] = Dot(in02, kOne, -k0_541 - k0_765) + half;
  line.odd[0] = Dot(in13, k1_501 - k0_899 + k1_175 - k0_390, k1_175);
  line.odd[1] = Dot(in13, k1_175, k3_072 - k2_562 + k1_175 - k1_961);
  line.odd[2] = Dot(in13, k1_175 - k0_390, k1_175 - k2_562);
  line.odd[3] = Dot(in13, k1_175 - k0_899, k1_175 - k1_961);
  return line;
}

// To 4 samples, scaled by 2^14; coefficient 4 does not count. `base` is coefficient 0, scaled and
// rounded.
template <size_t kParts>
HWY_INLINE LineSums<kParts, 2> Inverse4(const Sums<kParts>& base, const Factors<kParts>& in26,
                                        const Factors<kParts>& in13, const Factors<kParts>& in57) {
  LineSums<kParts, 2> line;
  const Sums<kParts> a = Dot(in26, k1_847, -k0_765);
  line.even[0] = base + a;
  line.even[1] = base - a;
  line.odd[0] = Dot(in13, k2_562, k0_899) + Dot(in57, -k0_601, -k0_509);
  line.odd[1] = Dot(in13, k1_061, -k2_172) + Dot(in57, k1_451, -k0_211);
  return line;
}

// The odd part of 2 samples, scaled by 2^15; of the even ones only coefficient 0 counts.
template <size_t kParts>
HWY_INLINE Sums<kParts> Odd2(const Factors<kParts>& in13, const Factors<kParts>& in57) {
  return Dot(in13, k3_624, -k1_272) + Dot(in57, k0_850, -k0_720);
}

#endif  // HWY_TARGET != HWY_SCALAR

}  // namespace HWY_NAMESPACE
}  // namespace headrace::simd
HWY_AFTER_NAMESPACE();

#endif  // HEADRACE_SIMD_IDCT_LINES_INL_H_
