// The spectral residual (Hou and Zhang 2007) of a 64 x 64 grid.
#pragma once

#include <span>

#include "loader/saliency/saliency_grid.h"

namespace headrace::loader {

// What SpectralResidual works in.
struct SpectralScratch {
  // Rows of the spectrum hold the 33 frequencies that a real grid has of its own, padded.
  static constexpr size_t kHalf = 33;
  static constexpr size_t kStride = 36;

  explicit SpectralScratch(ScratchBlocks* blocks);
  std::span<float> re;  // a grid
  std::span<float> im;
  std::span<float> spectrum_re;  // 64 rows of kStride
  std::span<float> spectrum_im;
  std::span<float> logs;
  std::span<float> sums;
};

// With F the transform of `grid` and L = log(|F| + 1e-8), less its mean over 3 x 3 neighbours (the
// spectrum has no border): |inverse transform of e^(L - mean) F / |F||^2. The blur is left to the
// caller.
void SpectralResidual(const SaliencyGrid& grid, const SpectralScratch& scratch, SaliencyGrid& out);

}  // namespace headrace::loader
