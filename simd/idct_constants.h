// The cosines of the inverse DCT as integers with 13 fraction bits. (Loeffler, Ligtenberg and
// Moschytz, "Practical fast 1-D DCT algorithms with 11 multiplications", as libjpeg arranges it.)
#pragma once

namespace headrace::simd {

inline constexpr int kIdctFractionBits = 13;
// Columns are transformed first; their results keep two more bits than the samples have.
inline constexpr int kIdctColumnBits = 2;

inline constexpr int k0_211 = 1730;
inline constexpr int k0_298 = 2446;
inline constexpr int k0_390 = 3196;
inline constexpr int k0_509 = 4176;
inline constexpr int k0_541 = 4433;
inline constexpr int k0_601 = 4926;
inline constexpr int k0_720 = 5906;
inline constexpr int k0_765 = 6270;
inline constexpr int k0_850 = 6967;
inline constexpr int k0_899 = 7373;
inline constexpr int k1_061 = 8697;
inline constexpr int k1_175 = 9633;
inline constexpr int k1_272 = 10426;
inline constexpr int k1_451 = 11893;
inline constexpr int k1_501 = 12299;
inline constexpr int k1_847 = 15137;
inline constexpr int k1_961 = 16069;
inline constexpr int k2_053 = 16819;
inline constexpr int k2_172 = 17799;
inline constexpr int k2_562 = 20995;
inline constexpr int k3_072 = 25172;
inline constexpr int k3_624 = 29692;

}  // namespace headrace::simd
