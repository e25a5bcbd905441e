#include "loader/saliency/saliency.h"

#include <algorithm>

#include "base/check.h"
#include "base/real_math.h"
#include "loader/saliency/saliency_grid.h"
#include "loader/saliency/spectral_residual.h"

namespace headrace::loader {
namespace {

constexpr uint32_t kSide = kSaliencySide;

// e^(-d^2 / (2 0.25^2)) of a cell's distance d from the middle of a side, in sides. The prior is
// the product of a row's and a column's.
struct CentrePrior {
  CentrePrior() {
    for (uint32_t i = 0; i < kSide; ++i) {
      const double distance = (i + 0.5) / kSide - 0.5;
      side[i] = static_cast<float>(RealExp(-distance * distance / (2 * 0.25 * 0.25)));
    }
  }
  float side[kSide];
};

void MultiplyByPrior(float* map) {
  static const CentrePrior prior;
  for (uint32_t y = 0; y < kSide; ++y) {
    for (uint32_t x = 0; x < kSide; ++x) map[y * kSide + x] *= prior.side[y] * prior.side[x];
  }
}

bool IsConstant(const float* grid) {
  return std::all_of(grid, grid + kSaliencyCells, [grid](float v) { return v == grid[0]; });
}

struct Memory {
  explicit Memory(SizePx size, ScratchBlocks* blocks)
      : means(size, blocks),
        grids(blocks->Take<SaliencyGrid>(3)),
        spectral(blocks),
        work(blocks->Take<SaliencyGrid>(1)),
        sums(blocks->Take<double>(kGridSums)) {}
  BoxMeansScratch means;
  std::span<SaliencyGrid> grids;
  SpectralScratch spectral;
  std::span<SaliencyGrid> work;
  std::span<double> sums;
};

}  // namespace

size_t SaliencyScratchBytes(SizePx size) {
  ScratchBlocks blocks;
  const Memory memory(size, &blocks);
  return blocks.used();
}

void EstimateSaliency(SaliencyEstimator estimator, bool centre_prior, const ConstImageView& rgb,
                      std::span<float> map, std::span<std::byte> scratch, simd::FlipColumns flip) {
  static const GridBlur residual_blur(2.5);
  static const GridBlur gradient_blur(1.5);
  HR_DCHECK(map.size() >= kSaliencyCells && scratch.size() >= SaliencyScratchBytes(rgb.size()));
  ScratchBlocks blocks(scratch);
  const Memory memory(rgb.size(), &blocks);
  SaliencyGrid* grids = memory.grids.data();
  SaliencyGrid& out = *reinterpret_cast<SaliencyGrid*>(map.data());
  std::fill_n(map.data(), kSaliencyCells, 0.0f);
  switch (estimator) {
    case SaliencyEstimator::kSr:
      BoxMeans(MeansOf::kGray, rgb, flip, memory.means, grids);
      if (IsConstant(grids[0])) break;
      SpectralResidual(grids[0], memory.spectral, out);
      residual_blur.Run(out, memory.work[0]);
      break;
    case SaliencyEstimator::kSobel:
      BoxMeans(MeansOf::kGray, rgb, flip, memory.means, grids);
      GridGradient(grids[0], out);
      gradient_blur.Run(out, memory.work[0]);
      break;
    case SaliencyEstimator::kContrast:
      BoxMeans(MeansOf::kChannels, rgb, flip, memory.means, grids);
      for (uint32_t c = 0; c < rgb.channels; ++c) {
        if (!IsConstant(grids[c])) AddGridContrast(grids[c], memory.sums, out);
      }
      break;
    case SaliencyEstimator::kCenter: std::fill_n(map.data(), kSaliencyCells, 1.0f); break;
    case SaliencyEstimator::kUniform: break;
  }
  const bool found =
      std::any_of(map.data(), map.data() + kSaliencyCells, [](float v) { return v > 0; });
  if (!found) {
    std::fill_n(map.data(), kSaliencyCells, 1.0f);
  } else if (centre_prior || estimator == SaliencyEstimator::kCenter) {
    MultiplyByPrior(map.data());
  }
}

}  // namespace headrace::loader
