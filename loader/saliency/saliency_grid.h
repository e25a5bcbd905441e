// The 64 x 64 grids that saliency is estimated on: box means of a picture, and filters of a grid.
//
// Owner: the caller's memory; grids are dense, row-major. Thread: any. Cost: nothing is allocated.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "base/image_view.h"
#include "loader/saliency/saliency.h"
#include "simd/convert.h"

namespace headrace::loader {

using SaliencyGrid = float[kSaliencyCells];

// Takes blocks of 64-byte alignment from a piece of memory, or adds up what they would come to.
class ScratchBlocks {
 public:
  explicit ScratchBlocks(std::span<std::byte> memory = {}) : memory_(memory) {}

  template <class T>
  std::span<T> Take(size_t count) {
    const size_t begin = used_;
    used_ += (count * sizeof(T) + 63) / 64 * 64;
    if (used_ > memory_.size()) return {};  // only adding up
    return {reinterpret_cast<T*>(memory_.data() + begin), count};
  }
  size_t used() const { return used_; }

 private:
  std::span<std::byte> memory_;
  size_t used_ = 0;
};

// What BoxMeans works in.
struct BoxMeansScratch {
  BoxMeansScratch(SizePx size, ScratchBlocks* blocks);
  std::span<uint32_t> sums;  // a row of cells, of each column and channel
  std::span<uint8_t> row;    // a row of gray pixels
};

// The mean of each cell, of the picture's gray (as the ops have it: a whole number a pixel), or of
// each of its channels into grids[0..]. A pixel that lies in several cells counts in each with its
// share. Sums are whole numbers, so the mirror image of a picture has the mirror image of the grid.
enum class MeansOf : uint8_t { kGray, kChannels };
void BoxMeans(MeansOf what, const ConstImageView& picture, simd::FlipColumns flip,
              const BoxMeansScratch& scratch, SaliencyGrid* grids);

// Blurs `grid` with a Gaussian that ends at four sigma, borders mirrored (edge cells twice). `work`
// is another grid.
class GridBlur {
 public:
  explicit GridBlur(double sigma);
  void Run(SaliencyGrid& grid, SaliencyGrid& work) const;

 private:
  static constexpr size_t kRadiusMax = 16;
  size_t radius_ = 0;
  float weights_[kRadiusMax + 1] = {};  // from the centre outwards; they add up to one
};

// The length of the gradient by Sobel's 3 x 3 masks, borders mirrored (edge cells twice).
void GridGradient(const SaliencyGrid& grid, SaliencyGrid& out);

// Adds to `out`, for each of three sizes of boxes, the distance of the mean of the box around a
// cell from the mean of the larger box around it; boxes end at the border. `sums` holds
// kGridSums numbers.
inline constexpr size_t kGridSums = size_t{kSaliencySide + 1} * (kSaliencySide + 1);
void AddGridContrast(const SaliencyGrid& grid, std::span<double> sums, SaliencyGrid& out);

}  // namespace headrace::loader
