// Normals of random words, a vector at a time. Included once per target.
#if defined(HEADRACE_SIMD_NORMAL_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef HEADRACE_SIMD_NORMAL_INL_H_
#undef HEADRACE_SIMD_NORMAL_INL_H_
#else
#define HEADRACE_SIMD_NORMAL_INL_H_
#endif

#include <cstddef>
#include <cstdint>

#include "hwy/highway.h"
#include "simd/normal_table.h"
#include "simd/rows-inl.h"

HWY_BEFORE_NAMESPACE();
namespace headrace::simd {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

#if HWY_TARGET != HWY_SCALAR

using DNormal = hn::FixedTag<float, kLanes>;
using DWord = hn::FixedTag<uint32_t, kLanes>;
using VNormal = hn::Vec<DNormal>;

// LookUpCubics: the coefficients of each lane's octave, lowest power first.
#if HWY_ARCH_X86 && HWY_MAX_BYTES == 64

// Coefficient `power` of all 32 octaves fills two vectors, which one shuffle looks up.
struct CubicColumns {
  alignas(64) float column[4][32];
};
constexpr CubicColumns MakeColumns() {
  CubicColumns made{};
  for (size_t i = 0; i < 32; ++i) {
    for (size_t power = 0; power < 4; ++power) made.column[power][i] = kNormalCubics[i][power];
  }
  return made;
}
inline constexpr CubicColumns kCubicColumns = MakeColumns();

template <size_t kPower>
HWY_INLINE VNormal CubicColumn(hn::Vec<DWord> exponent) {
  const DNormal d;
  const auto low = hn::Load(d, kCubicColumns.column[kPower]);
  const auto high = hn::Load(d, kCubicColumns.column[kPower] + 16);
  return VNormal{_mm512_permutex2var_ps(low.raw, exponent.raw, high.raw)};
}
HWY_INLINE void LookUpCubics(hn::Vec<DWord> exponent, VNormal* power) {
  power[0] = CubicColumn<0>(exponent);
  power[1] = CubicColumn<1>(exponent);
  power[2] = CubicColumn<2>(exponent);
  power[3] = CubicColumn<3>(exponent);
}

#else

// Each lane's row of the table is loaded whole, and four of them are transposed.
HWY_INLINE void LoadCubics(hn::Vec<DWord> exponent, VNormal* power) {
  alignas(64) uint32_t row[kLanes];
  hn::Store(hn::And(exponent, hn::Set(DWord(), 31u)), DWord(), row);
  for (size_t i = 0; i < 4; ++i) {
    const V8 rows = LoadBlocksAt([&](size_t block) HWY_ATTR {
      return reinterpret_cast<const uint8_t*>(kNormalCubics[row[4 * block + i]]);
    });
    power[i] = hn::BitCast(DNormal(), rows);
  }
  TransposeBlocks(DNormal(), power[0], power[1], power[2], power[3]);
}

#if HWY_ARCH_X86 && HWY_MAX_BYTES == 32

// Coefficient `power` of the eight octaves below u = 1/2, by the lowest 3 bits of the exponent
// field, fills a vector. All but one word in 256 lie there.
constexpr uint32_t kUsualFirst = 150;
struct UsualColumns {
  alignas(32) float column[4][8];
};
constexpr UsualColumns MakeUsualColumns() {
  UsualColumns made{};
  for (size_t i = kUsualFirst; i < kUsualFirst + 8; ++i) {
    for (size_t power = 0; power < 4; ++power) {
      made.column[power][i % 8] = kNormalCubics[i % 32][power];
    }
  }
  return made;
}
inline constexpr UsualColumns kUsualColumns = MakeUsualColumns();

HWY_INLINE void LookUpCubics(hn::Vec<DWord> exponent, VNormal* power) {
  const DNormal d;
  const auto from_first = hn::Sub(exponent, hn::Set(DWord(), kUsualFirst));
  if (HWY_UNLIKELY(
          !hn::AllTrue(DWord(), hn::Eq(hn::ShiftRight<3>(from_first), hn::Zero(DWord()))))) {
    LoadCubics(exponent, power);
    return;
  }
  for (size_t i = 0; i < 4; ++i) {
    const auto column = hn::Load(d, kUsualColumns.column[i]);
    power[i] = VNormal{_mm256_permutevar8x32_ps(column.raw, exponent.raw)};
  }
}

#else

HWY_INLINE void LookUpCubics(hn::Vec<DWord> exponent, VNormal* power) {
  LoadCubics(exponent, power);
}

#endif
#endif

HWY_INLINE VNormal NormalsOfWords(hn::Vec<DWord> words) {
  const DNormal d;
  const DWord dw;
  const auto sign_bit = hn::Set(dw, 0x80000000u);
  const auto m = hn::Or(hn::AndNot(sign_bit, words), hn::Set(dw, 1u));
  // Rounds to nearest, also up to the next octave.
  const auto bits = hn::BitCast(dw, hn::ConvertTo(d, hn::BitCast(D32(), m)));
  VNormal power[4];
  LookUpCubics(hn::ShiftRight<23>(bits), power);
  const auto mantissa = hn::And(bits, hn::Set(dw, 0x7FFFFFu));
  const VNormal x = hn::BitCast(d, hn::Or(mantissa, hn::Set(dw, 0x3F800000u)));
  // No fused multiply-add: the same bits on every target.
  VNormal size = hn::Add(hn::Mul(power[3], x), power[2]);
  size = hn::Add(hn::Mul(size, x), power[1]);
  size = hn::Add(hn::Mul(size, x), power[0]);
  return hn::BitCast(d, hn::Xor(hn::BitCast(dw, size), hn::And(words, sign_bit)));
}

#endif  // HWY_TARGET != HWY_SCALAR

}  // namespace HWY_NAMESPACE
}  // namespace headrace::simd
HWY_AFTER_NAMESPACE();

#endif  // HEADRACE_SIMD_NORMAL_INL_H_
