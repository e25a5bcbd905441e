#include "loader/saliency/fft64.h"

#include <algorithm>

#include "base/real_math.h"

namespace headrace::loader {
namespace {

// e^(-2 pi i k / 64) for the first half of the circle.
struct Twiddles {
  Twiddles() {
    for (size_t k = 0; k < kFftLength / 2; ++k) {
      const double angle = 0x1.921fb54442d18p+2 * static_cast<double>(k) / kFftLength;  // 2 pi
      re[k] = static_cast<float>(RealCos(angle));
      im[k] = static_cast<float>(-RealSin(angle));
    }
  }
  float re[kFftLength / 2];
  float im[kFftLength / 2];
};

struct Row {
  float* re;
  float* im;
};

void Butterflies(Row a, Row b, float w_re, float w_im, size_t columns) {
  float* __restrict a_re = a.re;
  float* __restrict a_im = a.im;
  float* __restrict b_re = b.re;
  float* __restrict b_im = b.im;
  for (size_t x = 0; x < columns; ++x) {
    const float t_re = b_re[x] * w_re - b_im[x] * w_im;
    const float t_im = b_re[x] * w_im + b_im[x] * w_re;
    b_re[x] = a_re[x] - t_re;
    b_im[x] = a_im[x] - t_im;
    a_re[x] += t_re;
    a_im[x] += t_im;
  }
}

size_t Reversed(size_t row) {
  size_t out = 0;
  for (size_t bit = 1; bit < kFftLength; bit *= 2) out = out * 2 + (row / bit) % 2;
  return out;
}

}  // namespace

void Fft64(FftDirection direction, float* re, float* im, size_t columns, size_t stride) {
  static const Twiddles twiddles;
  const auto row = [&](size_t y) { return Row{re + y * stride, im + y * stride}; };
  for (size_t y = 0; y < kFftLength; ++y) {
    const size_t other = Reversed(y);
    if (other <= y) continue;
    std::swap_ranges(row(y).re, row(y).re + columns, row(other).re);
    std::swap_ranges(row(y).im, row(y).im + columns, row(other).im);
  }
  const float sign = direction == FftDirection::kForward ? 1.0f : -1.0f;
  for (size_t half = 1; half < kFftLength; half *= 2) {
    for (size_t j = 0; j < half; ++j) {
      const size_t k = j * (kFftLength / 2 / half);
      for (size_t y = j; y < kFftLength; y += 2 * half) {
        Butterflies(row(y), row(y + half), twiddles.re[k], sign * twiddles.im[k], columns);
      }
    }
  }
}

}  // namespace headrace::loader
