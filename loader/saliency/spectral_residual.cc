#include "loader/saliency/spectral_residual.h"

#include <algorithm>
#include <cmath>

#include "base/real_math.h"
#include "loader/saliency/fft64.h"

namespace headrace::loader {
namespace {

constexpr size_t kSide = kSaliencySide;
constexpr size_t kHalf = SpectralScratch::kHalf;
constexpr size_t kStride = SpectralScratch::kStride;
static_assert(kSide == kFftLength && kHalf == kSide / 2 + 1 && kStride >= kHalf);

// The spectrum is kept transposed, [kx][ky], with ky from 0 to 32: the rest mirrors it.

// Two real columns make one complex column (x and x + 32), so half the transforms do.
void Transform(const SaliencyGrid& grid, const SpectralScratch& s) {
  constexpr size_t kPairs = kSide / 2;
  for (size_t y = 0; y < kSide; ++y) {
    std::copy_n(grid + y * kSide, kPairs, s.re.data() + y * kPairs);
    std::copy_n(grid + y * kSide + kPairs, kPairs, s.im.data() + y * kPairs);
  }
  Fft64(FftDirection::kForward, s.re.data(), s.im.data(), kPairs, kPairs);
  for (size_t x = 0; x < kPairs; ++x) {
    float* first_re = s.spectrum_re.data() + x * kStride;
    float* first_im = s.spectrum_im.data() + x * kStride;
    float* second_re = first_re + kPairs * kStride;
    float* second_im = first_im + kPairs * kStride;
    for (size_t k = 0; k < kHalf; ++k) {
      const size_t here = k * kPairs + x;
      const size_t mirror = (kSide - k) % kSide * kPairs + x;
      first_re[k] = 0.5f * (s.re[here] + s.re[mirror]);
      first_im[k] = 0.5f * (s.im[here] - s.im[mirror]);
      second_re[k] = 0.5f * (s.im[here] + s.im[mirror]);
      second_im[k] = 0.5f * (s.re[mirror] - s.re[here]);
    }
    for (float* row : {first_re, first_im, second_re, second_im}) {
      std::fill(row + kHalf, row + kStride, 0.0f);
    }
  }
  Fft64(FftDirection::kForward, s.spectrum_re.data(), s.spectrum_im.data(), kStride, kStride);
}

// The other way, to grid[y][x] = result^2.
void TransformBackSquared(const SpectralScratch& s, SaliencyGrid& grid) {
  constexpr size_t kPairs = kSide / 2;
  Fft64(FftDirection::kInverse, s.spectrum_re.data(), s.spectrum_im.data(), kStride, kStride);
  for (size_t x = 0; x < kPairs; ++x) {
    const float* first_re = s.spectrum_re.data() + x * kStride;
    const float* first_im = s.spectrum_im.data() + x * kStride;
    const float* second_re = first_re + kPairs * kStride;
    const float* second_im = first_im + kPairs * kStride;
    for (size_t k = 0; k < kHalf; ++k) {
      s.re[k * kPairs + x] = first_re[k] - second_im[k];
      s.im[k * kPairs + x] = first_im[k] + second_re[k];
      if (k == 0 || k == kSide / 2) continue;
      s.re[(kSide - k) * kPairs + x] = first_re[k] + second_im[k];
      s.im[(kSide - k) * kPairs + x] = second_re[k] - first_im[k];
    }
  }
  Fft64(FftDirection::kInverse, s.re.data(), s.im.data(), kPairs, kPairs);
  constexpr float kScale = 1.0f / (kSide * kSide);
  for (size_t y = 0; y < kSide; ++y) {
    for (size_t x = 0; x < kPairs; ++x) {
      const float first = kScale * s.re[y * kPairs + x];
      const float second = kScale * s.im[y * kPairs + x];
      grid[y * kSide + x] = first * first;
      grid[y * kSide + kPairs + x] = second * second;
    }
  }
}

// Replaces the spectrum F by e^(L - mean of L) F / |F|.
void TakeResidual(const SpectralScratch& s) {
  constexpr float kFloor = 1e-8f;
  const auto magnitude = [&](size_t at) {
    return std::sqrt(s.spectrum_re[at] * s.spectrum_re[at] + s.spectrum_im[at] * s.spectrum_im[at]);
  };
  for (size_t kx = 0; kx < kSide; ++kx) {
    for (size_t at = kx * kStride; at < kx * kStride + kHalf; ++at) {
      s.logs[at] =
          static_cast<float>(RealLogShort(static_cast<double>(magnitude(at)) + double{kFloor}));
    }
  }
  // Sums over three neighbours in kx, then in ky; frequency -1 is the mirror image of 1, and 33 of
  // 31.
  for (size_t kx = 0; kx < kSide; ++kx) {
    const float* before = s.logs.data() + (kx + kSide - 1) % kSide * kStride;
    const float* here = s.logs.data() + kx * kStride;
    const float* after = s.logs.data() + (kx + 1) % kSide * kStride;
    float* sum = s.sums.data() + kx * kStride;
    for (size_t ky = 0; ky < kHalf; ++ky) sum[ky] = (before[ky] + after[ky]) + here[ky];
  }
  for (size_t kx = 0; kx < kSide; ++kx) {
    const float* here = s.sums.data() + kx * kStride;
    const float* mirror = s.sums.data() + (kSide - kx) % kSide * kStride;
    for (size_t ky = 0; ky < kHalf; ++ky) {
      const float before = ky == 0 ? mirror[1] : here[ky - 1];
      const float after = ky == kHalf - 1 ? mirror[kHalf - 2] : here[ky + 1];
      const float mean = ((before + after) + here[ky]) / 9.0f;
      const size_t at = kx * kStride + ky;
      const float size = magnitude(at);
      const auto scale = static_cast<float>(
          RealExpShort(static_cast<double>(s.logs[at]) - static_cast<double>(mean)));
      if (size > 0) {
        s.spectrum_re[at] = scale * (s.spectrum_re[at] / size);
        s.spectrum_im[at] = scale * (s.spectrum_im[at] / size);
      } else {  // the angle of nothing is 0
        s.spectrum_re[at] = scale;
        s.spectrum_im[at] = 0;
      }
    }
  }
}

}  // namespace

SpectralScratch::SpectralScratch(ScratchBlocks* blocks)
    : re(blocks->Take<float>(kSaliencyCells / 2)),
      im(blocks->Take<float>(kSaliencyCells / 2)),
      spectrum_re(blocks->Take<float>(kSide * kStride)),
      spectrum_im(blocks->Take<float>(kSide * kStride)),
      logs(blocks->Take<float>(kSide * kStride)),
      sums(blocks->Take<float>(kSide * kStride)) {}

void SpectralResidual(const SaliencyGrid& grid, const SpectralScratch& scratch, SaliencyGrid& out) {
  Transform(grid, scratch);
  TakeResidual(scratch);
  TransformBackSquared(scratch, out);
}

}  // namespace headrace::loader
