#include "loader/saliency/saliency_grid.h"

#include <algorithm>
#include <cmath>

#include "base/check.h"
#include "base/real_math.h"

namespace headrace::loader {
namespace {

constexpr uint32_t kSide = kSaliencySide;

// How far `index` lies inside the grid when its border is a mirror.
size_t Mirrored(ptrdiff_t index) {
  if (index < 0) return static_cast<size_t>(-index - 1);
  if (index >= static_cast<ptrdiff_t>(kSide)) return 2 * kSide - 1 - static_cast<size_t>(index);
  return static_cast<size_t>(index);
}

// Cell `cell` of kSide over `length` pixels: in units of which a pixel has kSide and a cell
// `length`, pixel p lies in it with Weight(p).
struct CellSpan {
  CellSpan(uint32_t cell, uint32_t length)
      : begin(uint64_t{cell} * length),
        end(begin + length),
        first(static_cast<uint32_t>(begin / kSide)),
        last(static_cast<uint32_t>((end + kSide - 1) / kSide)) {}
  uint32_t Weight(uint32_t pixel) const {
    const uint64_t from = std::max(begin, uint64_t{pixel} * kSide);
    const uint64_t to = std::min(end, uint64_t{pixel + 1} * kSide);
    return static_cast<uint32_t>(to - from);
  }
  uint64_t begin;
  uint64_t end;
  uint32_t first;  // pixel
  uint32_t last;   // behind the last pixel
};

void GrayRow(const uint8_t* rgb, uint32_t width, uint8_t* gray) {
  for (uint32_t x = 0; x < width; ++x) {
    const uint8_t* pixel = rgb + size_t{3} * x;
    gray[x] = static_cast<uint8_t>(
        (19595u * pixel[0] + 38470u * pixel[1] + 7471u * pixel[2] + 0x8000u) >> 16);
  }
}

void AddRow(const uint8_t* row, size_t count, uint32_t weight, uint32_t* sums) {
  for (size_t i = 0; i < count; ++i) sums[i] += weight * row[i];
}

// The means of one row of cells from the columns' sums.
void MeansOfRow(const uint32_t* sums, uint32_t width, uint32_t step, double area,
                simd::FlipColumns flip, float* out) {
  for (uint32_t c = 0; c < kSide; ++c) {
    const CellSpan cell(c, width);
    uint64_t sum = 0;
    for (uint32_t x = cell.first; x < cell.last; ++x) {
      sum += uint64_t{cell.Weight(x)} * sums[size_t{x} * step];
    }
    const uint32_t column = flip == simd::FlipColumns::kYes ? kSide - 1 - c : c;
    out[column] = static_cast<float>(static_cast<double>(sum) / area);
  }
}

}  // namespace

BoxMeansScratch::BoxMeansScratch(SizePx size, ScratchBlocks* blocks)
    : sums(blocks->Take<uint32_t>(size_t{size.width} * 3)),
      row(blocks->Take<uint8_t>(size.width)) {}

void BoxMeans(MeansOf what, const ConstImageView& picture, simd::FlipColumns flip,
              const BoxMeansScratch& scratch, SaliencyGrid* grids) {
  const bool to_gray = what == MeansOf::kGray && picture.channels == 3;
  const uint32_t channels = to_gray ? 1 : picture.channels;
  const size_t count = size_t{picture.width} * channels;
  const double area = static_cast<double>(picture.width) * picture.height;
  uint32_t* sums = scratch.sums.data();
  uint32_t gray_of = picture.height;  // which row scratch.row holds
  for (uint32_t r = 0; r < kSide; ++r) {
    const CellSpan cell(r, picture.height);
    std::fill_n(sums, count, 0u);
    for (uint32_t y = cell.first; y < cell.last; ++y) {
      const uint8_t* row = picture.Row(y);
      if (to_gray) {
        if (gray_of != y) GrayRow(row, picture.width, scratch.row.data());
        gray_of = y;
        row = scratch.row.data();
      }
      AddRow(row, count, cell.Weight(y), sums);
    }
    for (uint32_t k = 0; k < channels; ++k) {
      MeansOfRow(sums + k, picture.width, channels, area, flip, grids[k] + size_t{r} * kSide);
    }
  }
}

GridBlur::GridBlur(double sigma) : radius_(static_cast<size_t>(4 * sigma + 0.5)) {
  HR_DCHECK(radius_ <= kRadiusMax);
  double values[kRadiusMax + 1] = {};
  double sum = 0;
  for (size_t k = radius_ + 1; k-- > 0;) {
    const auto distance = static_cast<double>(k);
    values[k] = RealExp(-distance * distance / (2 * sigma * sigma));
    sum += (k == 0 ? 1 : 2) * values[k];
  }
  for (size_t k = 0; k <= radius_; ++k) weights_[k] = static_cast<float>(values[k] / sum);
}

void GridBlur::Run(SaliencyGrid& grid, SaliencyGrid& work) const {
  // Down the columns, then along the rows; the two cells at one distance are added first, so that a
  // mirror image stays one.
  for (size_t y = 0; y < kSide; ++y) {
    float* out = work + y * kSide;
    const float* centre = grid + y * kSide;
    for (size_t x = 0; x < kSide; ++x) out[x] = weights_[0] * centre[x];
    for (size_t k = 1; k <= radius_; ++k) {
      const auto distance = static_cast<ptrdiff_t>(k);
      const float* above = grid + Mirrored(static_cast<ptrdiff_t>(y) - distance) * kSide;
      const float* below = grid + Mirrored(static_cast<ptrdiff_t>(y) + distance) * kSide;
      for (size_t x = 0; x < kSide; ++x) out[x] += weights_[k] * (above[x] + below[x]);
    }
  }
  for (size_t y = 0; y < kSide; ++y) {
    float line[kSide + 2 * kRadiusMax];
    const auto radius = static_cast<ptrdiff_t>(radius_);
    for (ptrdiff_t x = -radius; x < static_cast<ptrdiff_t>(kSide) + radius; ++x) {
      line[x + radius] = work[y * kSide + Mirrored(x)];
    }
    const float* centre = line + radius;
    float* out = grid + y * kSide;
    for (size_t x = 0; x < kSide; ++x) out[x] = weights_[0] * centre[x];
    for (size_t k = 1; k <= radius_; ++k) {
      const float* left = centre - k;
      const float* right = centre + k;
      for (size_t x = 0; x < kSide; ++x) out[x] += weights_[k] * (left[x] + right[x]);
    }
  }
}

void GridGradient(const SaliencyGrid& grid, SaliencyGrid& out) {
  for (size_t y = 0; y < kSide; ++y) {
    const float* above = grid + Mirrored(static_cast<ptrdiff_t>(y) - 1) * kSide;
    const float* here = grid + y * kSide;
    const float* below = grid + Mirrored(static_cast<ptrdiff_t>(y) + 1) * kSide;
    for (size_t x = 0; x < kSide; ++x) {
      const size_t left = Mirrored(static_cast<ptrdiff_t>(x) - 1);
      const size_t right = Mirrored(static_cast<ptrdiff_t>(x) + 1);
      const float across = (above[right] - above[left]) + 2 * (here[right] - here[left]) +
                           (below[right] - below[left]);
      const float down =
          ((below[left] - above[left]) + (below[right] - above[right])) + 2 * (below[x] - above[x]);
      out[y * kSide + x] = std::sqrt(across * across + down * down);
    }
  }
}

void AddGridContrast(const SaliencyGrid& grid, std::span<double> sums, SaliencyGrid& out) {
  constexpr size_t kStride = kSide + 1;
  std::fill_n(sums.begin(), kStride, 0.0);
  for (size_t y = 0; y < kSide; ++y) {
    double row = 0;
    sums[(y + 1) * kStride] = 0;
    for (size_t x = 0; x < kSide; ++x) {
      row += static_cast<double>(grid[y * kSide + x]);
      sums[(y + 1) * kStride + x + 1] = sums[y * kStride + x + 1] + row;
    }
  }
  const auto mean = [&](size_t x, size_t y, size_t half) {
    const size_t x0 = x - std::min(x, half);
    const size_t y0 = y - std::min(y, half);
    const size_t x1 = std::min<size_t>(kSide, x + half + 1);
    const size_t y1 = std::min<size_t>(kSide, y + half + 1);
    const double inside = (sums[y1 * kStride + x1] - sums[y0 * kStride + x1]) -
                          (sums[y1 * kStride + x0] - sums[y0 * kStride + x0]);
    return inside / static_cast<double>((x1 - x0) * (y1 - y0));
  };
  struct Sides {
    size_t centre, around;
  };
  for (const Sides sides : {Sides{3, 13}, Sides{5, 25}, Sides{9, 41}}) {
    for (size_t y = 0; y < kSide; ++y) {
      for (size_t x = 0; x < kSide; ++x) {
        out[y * kSide + x] += static_cast<float>(
            std::abs(mean(x, y, sides.centre / 2) - mean(x, y, sides.around / 2)));
      }
    }
  }
}

}  // namespace headrace::loader
