#include "simd/resize_nearest.h"

#include "base/check.h"
#include "simd/nearest_walk.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "simd/resize_nearest.cc"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"
#include "simd/warp_nearest-inl.h"

#ifndef HEADRACE_SIMD_RESIZE_NEAREST_ONCE_
#define HEADRACE_SIMD_RESIZE_NEAREST_ONCE_
namespace headrace::simd {

// A walk along a source that is read from its end.
class MirroredWalk {
 public:
  MirroredWalk(const ResizeWalk& walk, uint32_t size_px)
      : walk_(walk), last_(static_cast<int32_t>(size_px) - 1) {}
  int32_t Next() { return last_ - walk_.Next(); }

 private:
  ResizeWalk walk_;
  int32_t last_;
};

}  // namespace headrace::simd
#endif

HWY_BEFORE_NAMESPACE();
namespace headrace::simd {
namespace HWY_NAMESPACE {

void ResizeNearestOnTarget(const ConstImageView& source, const ImageView& target, NearestRule rule,
                           Mirror mirror) {
  const ResizeWalk across(rule, source.width, target.width);
  const ResizeWalk down(rule, source.height, target.height);
  if (mirror == Mirror::kYes) {
    CopyGrid(source, MirroredWalk(across, source.width), down, {}, target);
  } else {
    CopyGrid(source, across, down, {}, target);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace headrace::simd
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace headrace::simd {
namespace {

HWY_EXPORT(ResizeNearestOnTarget);

}  // namespace

void ResizeNearest(const ConstImageView& source, const ImageView& target, NearestRule rule,
                   Mirror mirror) {
  HR_DCHECK(source.channels == target.channels);
  HR_DCHECK(source.width > 0 && source.height > 0 && target.width > 0 && target.height > 0);
  HWY_DYNAMIC_DISPATCH(ResizeNearestOnTarget)(source, target, rule, mirror);
}

}  // namespace headrace::simd
#endif  // HWY_ONCE
