// How nearest finds the source index of one target index after the other.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "simd/resize_nearest.h"
#include "simd/warp_exact.h"

namespace headrace::simd {

// Pillow's: the coordinate is summed up in f64, so it has to be asked in order.
class CentreWalk {
 public:
  CentreWalk(double step, double offset, uint32_t size_px)
      : step_(step), at_(offset + step * 0.5), size_px_(size_px) {}
  // The index, or -1 outside.
  int32_t Next() {
    const int32_t index = PixelAt(at_, size_px_);
    at_ += step_;
    return index;
  }

 private:
  double step_;
  double at_;
  uint32_t size_px_;
};

// torch's "nearest".
class CornerWalk {
 public:
  CornerWalk(uint32_t source_px, uint32_t target_px)
      : scale_(static_cast<float>(source_px) / static_cast<float>(target_px)),
        last_(static_cast<int32_t>(source_px) - 1) {}
  int32_t Next() {
    return std::min(static_cast<int32_t>(std::floor(static_cast<float>(i_++) * scale_)), last_);
  }

 private:
  float scale_;
  int32_t last_;
  uint32_t i_ = 0;
};

// Of either rule; never outside, as sums stay below the end.
class ResizeWalk {
 public:
  ResizeWalk(NearestRule rule, uint32_t source_px, uint32_t target_px)
      : rule_(rule),
        centre_(static_cast<double>(source_px) / target_px, 0.0, source_px),
        corner_(source_px, target_px),
        last_(static_cast<int32_t>(source_px) - 1) {}
  int32_t Next() {
    if (rule_ == NearestRule::kCorner) return corner_.Next();
    const int32_t index = centre_.Next();
    return index < 0 ? last_ : index;
  }

 private:
  NearestRule rule_;
  CentreWalk centre_;
  CornerWalk corner_;
  int32_t last_;
};

}  // namespace headrace::simd
