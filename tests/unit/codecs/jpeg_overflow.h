// Coefficients with which an inverse DCT of 16 bits may overflow. Only damaged and hostile files
// have them. libjpeg-turbo's forms for x86 and for arm64 then give different samples; ours gives
// those of the x86 form on every machine (docs/decisions/0007-own-jpeg-decoder.md).
#pragma once

#include <cstddef>
#include <span>

namespace headrace::codecs {

// Whether this machine's libjpeg-turbo gives our samples in overflow too.
#if defined(__x86_64__)
inline constexpr bool kSameInOverflow = true;
#else
inline constexpr bool kSameInOverflow = false;
#endif

// Of a block: the sum of its coefficients' magnitudes times their divisors. Up to here nothing
// overflows: a pass multiplies the sum by at most sqrt(2), the first leaves two more bits, and
// 5700 * 4 * sqrt(2) is below 2^15.
inline constexpr double kBlockSumMax = 5700;

// Whether a block of the file is above that, or its coefficients cannot be had: that takes all of
// the file, where decoding ends with the last row.
bool MayOverflow(std::span<const std::byte> file);

}  // namespace headrace::codecs
