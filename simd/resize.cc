#include "simd/resize.h"

#include <algorithm>
#include <cstring>

#include "base/check.h"
#include "base/checked_math.h"
#include "simd/flip.h"
#include "simd/resize_scratch.h"
#include "simd/resize_weights.h"
#include "simd/vnni.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "simd/resize.cc"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"
#include "simd/resize_passes-inl.h"

HWY_BEFORE_NAMESPACE();
namespace headrace::simd {
namespace HWY_NAMESPACE {

static_assert(sizeof(PackedWindow) == 8);

template <class T>
T* At(std::byte* base, uint64_t offset) {
  return reinterpret_cast<T*>(base + offset);
}

// Tables of the horizontal pass. A mirrored source has the same windows, seen from the other end.
template <class Dot>
PackedAxis PackAcross(const ResizeAxis& axis, Mirror mirror, const ResizeScratch& plan,
                      std::byte* base) {
  auto* real = At<double>(base, plan.real);
  auto* fixed = At<int32_t>(base, plan.fixed);
  auto* windows = At<PackedWindow>(base, plan.windows_across);
  auto* digits = At<int32_t>(base, plan.digits_across);
  for (uint32_t x = 0; x < axis.out_px; ++x) {
    const ResizeWindow window = WindowOf(axis, x);
    FixedWeights(axis, x, window, real, fixed);
    uint32_t first = window.first;
    if (mirror == Mirror::kYes) {
      std::reverse(fixed, fixed + window.count);
      first = axis.in_px - (window.first + window.count);
    }
    const auto taps = static_cast<uint32_t>(Dot::kTaps);
    PackWindow<Dot>(fixed, window.count, first % taps, first / taps, windows + x,
                    digits + x * plan.digits_stride_across);
  }
  return {windows, digits, plan.digits_stride_across, axis.out_px};
}

// Tables of the vertical pass, with rows counted from the first that any window reads.
struct RowsNeeded {
  uint32_t first;
  uint32_t count;
};
template <class Dot>
PackedAxis PackDown(const ResizeAxis& axis, RowsNeeded needed, const ResizeScratch& plan,
                    std::byte* base) {
  auto* real = At<double>(base, plan.real);
  auto* fixed = At<int32_t>(base, plan.fixed);
  auto* windows = At<PackedWindow>(base, plan.windows_down);
  auto* digits = At<int32_t>(base, plan.digits_down);
  for (uint32_t y = 0; y < axis.out_px; ++y) {
    const ResizeWindow window = WindowOf(axis, y);
    FixedWeights(axis, y, window, real, fixed);
    PackWindow<Dot>(fixed, window.count, 0, window.first - needed.first, windows + y,
                    digits + y * plan.digits_stride_down);
  }
  return {windows, digits, plan.digits_stride_down, axis.out_px};
}

RowsNeeded RowsOf(const ResizeAxis& axis) {
  const uint32_t first = WindowOf(axis, 0).first;
  const ResizeWindow last = WindowOf(axis, axis.out_px - 1);
  return {first, last.first + last.count - first};
}

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
    const ResizeAxis axis = MakeResizeAxis(filter, source.height, target.height);
    const RowsNeeded needed = RowsOf(axis);
    axis_down = PackDown<Dot>(axis, needed, plan, base);
    rows = source.Crop({0, needed.first, source.width, needed.count});
  }
  if (across || mirror == Mirror::kYes) {
    const ImageView between = {At<uint8_t>(base, plan.between), target.width, rows.height,
                               source.channels, plan.between_stride};
    const ImageView& filtered = down ? between : target;
    if (across) {
      const ResizeAxis axis = MakeResizeAxis(filter, source.width, target.width);
      ResizeColumns<Dot>(rows, PackAcross<Dot>(axis, mirror, plan, base),
                         At<int32_t>(base, plan.columns), filtered);
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

// The widest vectors and the roomiest split of any target, so that a plan holds for all of them.
constexpr uint64_t kLanesMax = 16;
constexpr uint64_t kGroupPixelsMax = 16;
constexpr uint64_t kAlignment = 64;

// Words of digits for a window: two an element of two taps, when it may begin between elements;
// three an element of four taps is less from 14 taps on, and the constant covers the rest.
uint64_t DigitsStride(uint64_t taps) { return taps + 5; }

}  // namespace

ResizeScratch PlanResizeScratch(SizePx source, SizePx target, uint32_t channels, Filter filter) {
  const ResizeAxis across = MakeResizeAxis(filter, source.width, target.width);
  const ResizeAxis down = MakeResizeAxis(filter, source.height, target.height);
  const uint64_t taps = std::max(across.taps_max, down.taps_max);
  ResizeScratch plan = {};
  const auto take = [&plan](uint64_t count, uint64_t each_bytes) {
    const uint64_t at = plan.bytes;
    plan.bytes = SaturatingAdd(at, RoundUp(SaturatingMul(count, each_bytes), kAlignment));
    return at;
  };
  plan.digits_stride_across = DigitsStride(across.taps_max);
  plan.digits_stride_down = DigitsStride(down.taps_max);
  plan.between_stride = RoundUp(uint64_t{target.width} * channels, kAlignment);
  plan.real = take(taps, sizeof(double));
  plan.fixed = take(taps, sizeof(int32_t));
  plan.windows_across = take(target.width, 2 * sizeof(uint32_t));
  plan.windows_down = take(target.height, 2 * sizeof(uint32_t));
  plan.digits_across =
      take(SaturatingMul(plan.digits_stride_across, target.width), sizeof(int32_t));
  plan.digits_down = take(SaturatingMul(plan.digits_stride_down, target.height), sizeof(int32_t));
  // Two pixels share a 32-bit lane, and there is a lane for each row.
  plan.columns =
      take(RoundUp(source.width, kGroupPixelsMax) / 2 * channels, kLanesMax * sizeof(int32_t));
  plan.between = take(plan.between_stride, source.height);
  return plan;
}

uint64_t ResizeScratchBytes(SizePx source, SizePx target, uint32_t channels, Filter filter) {
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
      for (uint32_t y = 0; y < source.height; ++y) {
        std::memcpy(target.Row(y), source.Row(y), source.row_bytes());
      }
    }
    return;
  }
  HR_DCHECK(scratch.size() >=
            ResizeScratchBytes(source.size(), target.size(), source.channels, filter));
  HR_DCHECK(reinterpret_cast<uintptr_t>(scratch.data()) % kAlignment == 0);
  HWY_DYNAMIC_DISPATCH(ResizeOnTarget)(source, target, filter, mirror, scratch.data());
}

}  // namespace headrace::simd
#endif  // HWY_ONCE
