// The plain twin of simd/planes_resize.h: weights one output and one sample at a time.
#pragma once

#include <cstdint>
#include <vector>

#include "simd/planes_resize.h"

namespace headrace::simd::reference {

// What one output reads on one axis: samples [first, first + weights.size()) of the plane.
struct PlaneWindow {
  uint32_t first;
  std::vector<int32_t> weights;
};

enum class PlaneSide : bool { kAcross, kDown };

// The windows of all outputs of a plane on one axis.
std::vector<PlaneWindow> PlaneWindows(const PlanarPicture& source, uint32_t plane, PlaneSide side,
                                      uint32_t out_px, Filter filter);

// Takes memory of its own.
void ResizePlanes(const PlanarPicture& source, Filter filter, const ImageView* target);

}  // namespace headrace::simd::reference
