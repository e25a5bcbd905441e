#include "simd/resize.h"

#include <algorithm>
#include <cstring>

#include "base/check.h"
#include "simd/flip.h"
#include "simd/resize_nearest.h"
#include "simd/resize_scratch.h"
#include "simd/vnni.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "simd/resize.cc"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"
#include "simd/resize_passes-inl.h"

HWY_BEFORE_NAMESPACE();
namespace headrace::simd {
namespace HWY_NAMESPACE {

static_assert(sizeof(PackedWindow) == 8 && kChunk <= kScratchLanes);

// At least one side changes.
template <class Dot>
void ResizeWith(const ConstImageView& source, const ImageView& target, Filter filter, Mirror mirror,
                std::byte* base) {
  const ResizeScratch plan =
      PlanResizeScratch(source.size(), target.size(), source.channels, filter);
  const bool across = source.width != target.width;
  const bool down = source.height != target.height;
  ConstImageView rows = source;
  PackedAxis axis_down = {};
  if (down) {
    const PlaneAxis axis = WholeAxis(filter, source.height, target.height);
    const AxisWindows windows = FindWindowsIn(axis, plan.axis, base);
    const RowsNeeded needed = RowsOf(windows, target.height);
    axis_down = PackAxisIn<Dot>(axis, windows, Mirror::kNo, Elements::kAnywhere, needed.first,
                                plan.axis, plan.down, base);
    rows = source.Crop({0, needed.first, source.width, needed.count});
  }
  if (across || mirror == Mirror::kYes) {
    const ImageView between = {ScratchAt<uint8_t>(base, plan.between), target.width, rows.height,
                               source.channels, plan.between_stride};
    const ImageView& filtered = down ? between : target;
    if (across) {
      const PlaneAxis axis = WholeAxis(filter, source.width, target.width);
      const AxisWindows windows = FindWindowsIn(axis, plan.axis, base);
      const PackedAxis packed = PackAxisIn<Dot>(axis, windows, mirror, Elements::kAligned, 0,
                                                plan.axis, plan.across, base);
      ResizeColumns<Dot>(rows, packed, ScratchAt<int32_t>(base, plan.columns), filtered);
    } else {
      FlipHorizontal(rows, filtered);
    }
    rows = filtered;
  }
  if (down) ResizeRows<Dot>(rows, axis_down, target);
}

void ResizeOnTarget(const ConstImageView& source, const ImageView& target, Filter filter,
                    Mirror mirror, std::byte* base) {
#if HWY_TARGET == HWY_SCALAR
  ResizeWith<PlainDot>(source, target, filter, mirror, base);
#else
#if HEADRACE_HAVE_QUAD_DOT
  if (UseVnni()) return ResizeWith<QuadDot>(source, target, filter, mirror, base);
#endif
  ResizeWith<PairDot>(source, target, filter, mirror, base);
#endif
}

}  // namespace HWY_NAMESPACE
}  // namespace headrace::simd
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace headrace::simd {
namespace {

HWY_EXPORT(ResizeOnTarget);

}  // namespace

uint64_t ResizeScratchBytes(SizePx source, SizePx target, uint32_t channels, Filter filter) {
  if (IsNearest(filter)) return 0;
  return PlanResizeScratch(source, target, channels, filter).bytes;
}

void Resize(const ConstImageView& source, const ImageView& target, Filter filter, Mirror mirror,
            std::span<std::byte> scratch) {
  HR_DCHECK(source.channels == target.channels);
  HR_DCHECK(source.width > 0 && source.height > 0 && target.width > 0 && target.height > 0);
  if (source.size() == target.size()) {
    if (mirror == Mirror::kYes) {
      FlipHorizontal(source, target);
    } else {
      CopyPixels(source, target);
    }
    return;
  }
  if (IsNearest(filter)) {
    return ResizeNearest(source, target,
                         filter == Filter::kNearest ? NearestRule::kCentre : NearestRule::kCorner,
                         mirror);
  }
  HR_DCHECK(scratch.size() >=
            ResizeScratchBytes(source.size(), target.size(), source.channels, filter));
  HR_DCHECK(reinterpret_cast<uintptr_t>(scratch.data()) % kScratchAlignment == 0);
  HWY_DYNAMIC_DISPATCH(ResizeOnTarget)(source, target, filter, mirror, scratch.data());
}

}  // namespace headrace::simd
#endif  // HWY_ONCE
