#include "simd/planes_resize.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>

#include "base/check.h"
#include "simd/resize_axis.h"
#include "simd/resize_scratch.h"
#include "simd/vnni.h"

#ifndef HEADRACE_SIMD_PLANES_RESIZE_ONCE_
#define HEADRACE_SIMD_PLANES_RESIZE_ONCE_
namespace headrace::simd {

// The tables of a plane are made in the same places as those of the plane before.
struct PlanesScratch {
  AxisScratch axis;
  PackedScratch down;
  // Either a plane is resized a few rows at a time, or one direction after the other. These parts
  // lie in the same place.
  StreamScratch stream;
  PackedScratch across;
  uint64_t columns;
  uint64_t between;
  uint64_t between_stride;
  uint64_t bytes;
};
PlanesScratch PlanPlanesScratch(const PlanarPicture& source, SizePx target, Filter filter);

struct PlaneAxes {
  PlaneAxis across;
  PlaneAxis down;
};
PlaneAxes AxesOf(const PlanarPicture& source, uint32_t plane, SizePx target, Filter filter);

// Of one picture: whether both planes read the same samples by the same weights.
inline bool IsSame(const PlaneAxis& a, const PlaneAxis& b) {
  return a.in_px == b.in_px && a.grid.shift == b.grid.shift && a.grid.offset == b.grid.offset;
}

}  // namespace headrace::simd
#endif

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "simd/planes_resize.cc"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"
#include "simd/resize_passes-inl.h"
#include "simd/resize_stream-inl.h"

HWY_BEFORE_NAMESPACE();
namespace headrace::simd {
namespace HWY_NAMESPACE {

#if HWY_TARGET == HWY_SCALAR
enum class Blocks : uint8_t { kTooFar };
struct StreamAxis {};
#endif

// The resize of the planes of one picture, with the tables of the plane before.
template <class Dot>
class PlanesResize {
 public:
  PlanesResize(const PlanesScratch& plan, std::byte* base) : plan_(plan), base_(base) {}

  void Run(const ConstImageView& source, const PlaneAxes& axes, const ImageView& target) {
    const bool same_across = has_tables_ && IsSame(axes.across, axes_.across);
    const bool same_down = has_tables_ && IsSame(axes.down, axes_.down);
    const Blocks blocks_before = blocks_;
    if (!same_across) MakeAcross(axes.across);
    if (!same_down || blocks_ != blocks_before) MakeDown(axes.down);
    axes_ = axes;
    has_tables_ = true;
#if HWY_TARGET != HWY_SCALAR
    if (blocks_ != Blocks::kTooFar) {
      const StreamRing ring = {ScratchAt<int32_t>(base_, plan_.stream.ring),
                               std::bit_ceil(down_.words / static_cast<uint32_t>(Dot::kDigits)),
                               size_t{stream_.vectors} * kLanes};
      return StreamPlane<Dot>(source, stream_, down_, ring, target);
    }
#endif
    const ConstImageView rows = source.Crop({0, rows_.first, source.width, rows_.count});
    const ImageView between = {ScratchAt<uint8_t>(base_, plan_.between), target.width, rows.height,
                               1, plan_.between_stride};
    ResizeColumns<Dot>(rows, across_, ScratchAt<int32_t>(base_, plan_.columns), between);
    ResizeRows<Dot>(between, down_, target);
  }

 private:
  void MakeAcross(const PlaneAxis& axis) {
    const AxisWindows windows = FindWindowsIn(axis, plan_.axis, base_);
#if HWY_TARGET != HWY_SCALAR
    blocks_ = BlocksOf<Dot>(axis, windows);
    if (blocks_ != Blocks::kTooFar) {
      stream_ = PackStreamAxis<Dot>(axis, windows, blocks_, ChunkRoomIn(plan_.axis, base_),
                                    ScratchAt<uint32_t>(base_, plan_.stream.offsets),
                                    ScratchAt<uint8_t>(base_, plan_.stream.vectors));
      return;
    }
#endif
    across_ = PackAxisIn<Dot>(axis, windows, Mirror::kNo, Elements::kAligned, 0, plan_.axis,
                              plan_.across, base_);
  }

  void MakeDown(const PlaneAxis& axis) {
    const AxisWindows windows = FindWindowsIn(axis, plan_.axis, base_);
    rows_ = RowsOf(windows, axis.full.out_px);
    const Elements where = blocks_ == Blocks::kTooFar ? Elements::kAnywhere : Elements::kAligned;
    down_ = PackAxisIn<Dot>(axis, windows, Mirror::kNo, where, rows_.first, plan_.axis, plan_.down,
                            base_);
  }

  const PlanesScratch& plan_;
  std::byte* const base_;
  bool has_tables_ = false;
  PlaneAxes axes_ = {};
  Blocks blocks_ = Blocks::kTooFar;
  StreamAxis stream_ = {};
  PackedAxis across_ = {};
  PackedAxis down_ = {};
  RowsNeeded rows_ = {};
};

template <class Dot>
void ResizePlanesWith(const PlanarPicture& source, Filter filter, const ImageView* target,
                      std::byte* base) {
  const PlanesScratch plan = PlanPlanesScratch(source, target[0].size(), filter);
  PlanesResize<Dot> resize(plan, base);
  for (uint32_t p = 0; p < source.count; ++p) {
    const PlaneAxes axes = AxesOf(source, p, target[p].size(), filter);
    const ConstImageView& plane = source.plane[p];
    if (!IsCopy(axes.across) || !IsCopy(axes.down)) {
      resize.Run(plane, axes, target[p]);
      continue;
    }
    const uint32_t x = axes.across.whole_start + axes.across.grid.offset;
    const uint32_t y = axes.down.whole_start + axes.down.grid.offset;
    for (uint32_t row = 0; row < target[p].height; ++row) {
      std::memcpy(target[p].Row(row), plane.Row(y + row) + x, target[p].width);
    }
  }
}

void ResizePlanesOnTarget(const PlanarPicture& source, Filter filter, const ImageView* target,
                          std::byte* base) {
#if HWY_TARGET == HWY_SCALAR
  ResizePlanesWith<PlainDot>(source, filter, target, base);
#else
#if HEADRACE_HAVE_QUAD_DOT
  if (UseVnni()) return ResizePlanesWith<QuadDot>(source, filter, target, base);
#endif
  ResizePlanesWith<PairDot>(source, filter, target, base);
#endif
}

}  // namespace HWY_NAMESPACE
}  // namespace headrace::simd
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace headrace::simd {
namespace {

HWY_EXPORT(ResizePlanesOnTarget);

PlaneAxis AxisOf(const PlaneGrid& grid, uint32_t full_px, uint32_t in_px, double start,
                 double length, uint32_t out_px, Filter filter) {
  PlaneAxis axis = {.full = MakeBoxResizeAxis(filter, full_px, start, length, out_px),
                    .grid = grid,
                    .in_px = in_px};
  const double whole = std::floor(start);
  if (length == out_px && start == whole) {
    axis.is_filtered = false;
    axis.whole_start = static_cast<uint32_t>(whole);
  }
  return axis;
}

// The widest window of any plane on one axis, in its samples; at least those of full-size samples,
// so that the room for their weights is enough too.
uint64_t TapsMax(const PlanarPicture& source, const PlaneGrid* grids, const ResizeAxis& full) {
  uint64_t taps = full.taps_max;
  for (uint32_t p = 0; p < source.count; ++p) {
    if (grids[p].shift != 0) taps = std::max<uint64_t>(taps, full.taps_max / 2 + 2);
  }
  return taps;
}

}  // namespace

PlaneAxes AxesOf(const PlanarPicture& source, uint32_t plane, SizePx target, Filter filter) {
  const ConstImageView& full = source.plane[0];
  const ConstImageView& view = source.plane[plane];
  return {AxisOf(source.across[plane], full.width, view.width, source.left, source.width,
                 target.width, filter),
          AxisOf(source.down[plane], full.height, view.height, source.top, source.height,
                 target.height, filter)};
}

PlanesScratch PlanPlanesScratch(const PlanarPicture& source, SizePx target, Filter filter) {
  const PlaneAxes axes = AxesOf(source, 0, target, filter);
  const uint64_t taps_across = TapsMax(source, source.across, axes.across.full);
  const uint64_t taps_down = TapsMax(source, source.down, axes.down.full);
  uint32_t width = 0;
  uint32_t height = 0;
  for (uint32_t p = 0; p < source.count; ++p) {
    width = std::max(width, source.plane[p].width);
    height = std::max(height, source.plane[p].height);
  }
  ScratchSum sum;
  PlanesScratch plan = {};
  plan.axis = TakeAxisScratch(std::max(taps_across, taps_down),
                              std::max(target.width, target.height), &sum);
  plan.down = TakePackedScratch(taps_down, target.height, &sum);
  ScratchSum stream = sum;
  plan.stream = TakeStreamScratch(taps_across, taps_down, target.width, &stream);
  plan.across = TakePackedScratch(taps_across, target.width, &sum);
  plan.columns = TakeColumnsScratch(width, 1, &sum);
  plan.between_stride = RoundUp(target.width, kScratchAlignment);
  plan.between = sum.Take(plan.between_stride, height);
  plan.bytes = std::max(sum.bytes(), stream.bytes());
  return plan;
}

uint64_t ResizePlanesScratchBytes(const PlanarPicture& source, SizePx target, Filter filter) {
  return PlanPlanesScratch(source, target, filter).bytes;
}

void ResizePlanes(const PlanarPicture& source, Filter filter, const ImageView* target,
                  std::span<std::byte> scratch) {
  HR_DCHECK(source.count == 1 || source.count == 3);
  HR_DCHECK(source.width > 0 && source.height > 0);
  HR_DCHECK(source.left >= 0 && source.left + source.width <= source.plane[0].width);
  HR_DCHECK(source.top >= 0 && source.top + source.height <= source.plane[0].height);
  for (uint32_t p = 0; p < source.count; ++p) {
    HR_DCHECK(source.plane[p].channels == 1 && target[p].channels == 1);
    HR_DCHECK(source.plane[p].width > 0 && source.plane[p].height > 0);
    HR_DCHECK(target[p].size() == target[0].size());
  }
  HR_DCHECK(scratch.size() >= ResizePlanesScratchBytes(source, target[0].size(), filter));
  HR_DCHECK(reinterpret_cast<uintptr_t>(scratch.data()) % kScratchAlignment == 0);
  HWY_DYNAMIC_DISPATCH(ResizePlanesOnTarget)(source, filter, target, scratch.data());
}

}  // namespace headrace::simd
#endif  // HWY_ONCE
