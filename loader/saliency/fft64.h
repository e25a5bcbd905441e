// Fourier transforms of length 64 in f32, many at once.
#pragma once

#include <cstddef>

namespace headrace::loader {

inline constexpr size_t kFftLength = 64;

// Transforms each of `columns` columns of a matrix of 64 rows, `stride` numbers apart, in place:
// out[k] = sum over y of in[y] e^(-2 pi i k y / 64), with + in the exponent for kInverse; neither
// divides. Radix 2, so its sums have one fixed order; the columns lie side by side and become
// vectors.
enum class FftDirection { kForward, kInverse };
void Fft64(FftDirection direction, float* re, float* im, size_t columns, size_t stride);

}  // namespace headrace::loader
