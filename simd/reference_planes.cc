#include "simd/reference_planes.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "simd/resize_weights.h"

namespace headrace::simd::reference {
namespace {

// Weights by sample.
using Weights = std::map<int64_t, int32_t>;

// Of output `index` over full-size samples.
Weights FullSizeWeights(const ResizeAxis& axis, uint32_t index) {
  const ResizeWindow window = WindowOf(axis, index);
  std::vector<double> real(window.count);
  std::vector<int32_t> fixed(window.count);
  FixedWeights(axis, index, window, real.data(), fixed.data());
  Weights weights;
  for (uint32_t k = 0; k < window.count; ++k) weights[window.first + k] = fixed[k];
  return weights;
}

// Over the plane's samples: each full-size sample is 3/4 of the one it lies over and 1/4 of the
// next on its side.
Weights Halved(const Weights& full, const PlaneGrid& grid, int64_t last) {
  Weights quarters;
  for (const auto& [sample, weight] : full) {
    const int64_t at = sample + grid.offset;
    const int64_t over = at >> 1;
    const int64_t beside = at % 2 == 0 ? over - 1 : over + 1;
    quarters[std::clamp<int64_t>(over, 0, last)] += 3 * weight;
    quarters[std::clamp<int64_t>(beside, 0, last)] += weight;
  }
  int32_t rest = 1 << kWeightBits;
  auto largest = quarters.begin();
  for (auto& [sample, weight] : quarters) {
    weight = (weight + 2) >> 2;
    rest -= weight;
    if (weight > largest->second) largest = quarters.find(sample);
  }
  largest->second += rest;
  return quarters;
}

uint8_t PixelOf(int32_t sum) {
  return static_cast<uint8_t>(std::clamp(sum >> kWeightBits, 0, 255));
}

}  // namespace

std::vector<PlaneWindow> PlaneWindows(const PlanarPicture& source, uint32_t plane, PlaneSide side,
                                      uint32_t out_px, Filter filter) {
  const bool across = side == PlaneSide::kAcross;
  const PlaneGrid grid = across ? source.across[plane] : source.down[plane];
  const uint32_t full_px = across ? source.plane[0].width : source.plane[0].height;
  const uint32_t in_px = across ? source.plane[plane].width : source.plane[plane].height;
  const double start = across ? source.left : source.top;
  const double length = across ? source.width : source.height;
  const bool is_filtered = length != out_px || start != std::floor(start);
  const ResizeAxis axis = MakeBoxResizeAxis(filter, full_px, start, length, out_px);
  std::vector<PlaneWindow> windows;
  for (uint32_t i = 0; i < out_px; ++i) {
    Weights full = {{static_cast<int64_t>(start) + i, 1 << kWeightBits}};
    if (is_filtered) full = FullSizeWeights(axis, i);
    Weights weights;
    if (grid.shift != 0) {
      weights = Halved(full, grid, int64_t{in_px} - 1);
    } else {
      for (const auto& [sample, weight] : full) {
        weights[std::min<int64_t>(sample + grid.offset, int64_t{in_px} - 1)] += weight;
      }
    }
    PlaneWindow window = {static_cast<uint32_t>(weights.begin()->first), {}};
    for (const auto& [sample, weight] : weights) window.weights.push_back(weight);
    windows.push_back(std::move(window));
  }
  return windows;
}

void ResizePlanes(const PlanarPicture& source, Filter filter, const ImageView* target) {
  constexpr int32_t kHalf = 1 << (kWeightBits - 1);
  for (uint32_t p = 0; p < source.count; ++p) {
    const uint32_t width = target[p].width;
    const auto across = PlaneWindows(source, p, PlaneSide::kAcross, width, filter);
    const auto down = PlaneWindows(source, p, PlaneSide::kDown, target[p].height, filter);
    std::vector<uint8_t> between(size_t{width} * source.plane[p].height);
    for (uint32_t y = 0; y < source.plane[p].height; ++y) {
      for (uint32_t x = 0; x < width; ++x) {
        int32_t sum = kHalf;
        for (size_t k = 0; k < across[x].weights.size(); ++k) {
          sum += source.plane[p].Row(y)[across[x].first + k] * across[x].weights[k];
        }
        between[size_t{y} * width + x] = PixelOf(sum);
      }
    }
    for (uint32_t y = 0; y < target[p].height; ++y) {
      for (uint32_t x = 0; x < width; ++x) {
        int32_t sum = kHalf;
        for (size_t k = 0; k < down[y].weights.size(); ++k) {
          sum += between[(down[y].first + k) * width + x] * down[y].weights[k];
        }
        target[p].Row(y)[x] = PixelOf(sum);
      }
    }
  }
}

}  // namespace headrace::simd::reference
