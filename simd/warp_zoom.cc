#include <algorithm>
#include <cstring>

#include "base/check.h"
#include "simd/reference_warp.h"
#include "simd/warp.h"
#include "simd/warp_exact.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "simd/warp_zoom.cc"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"
#include "simd/warp_nearest-inl.h"
#include "simd/warp_taps-inl.h"

#ifndef HEADRACE_SIMD_WARP_ZOOM_ONCE_
#define HEADRACE_SIMD_WARP_ZOOM_ONCE_
namespace headrace::simd {

// The nearest index of one target index after the other.
class ZoomWalk {
 public:
  explicit ZoomWalk(const ZoomAxis& axis) : axis_(axis) {}
  int32_t Next() { return PixelAt(axis_.At(i_++), axis_.size_px); }

 private:
  ZoomAxis axis_;
  uint32_t i_ = 0;
};

}  // namespace headrace::simd
#endif

HWY_BEFORE_NAMESPACE();
namespace headrace::simd {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

#if HWY_TARGET != HWY_SCALAR

// Columns outside, which only ZoomFill::kConstant has, get anything.
template <size_t kChannels>
void BilinearZoom(const ConstImageView& source, const ZoomAxis& across, const ZoomAxis& down,
                  const FillColour& fill, const ImageView& target) {
  const DReal d;
  const FillPattern pattern(fill, kChannels);
  const TapSource pixels(source);
  const AxisTaps taps_across(source.width);
  BilinearRoom room;
  for (uint32_t x = 0; x < target.width; x += kChunkPx) {
    const uint32_t count = std::min(target.width - x, kChunkPx);
    HWY_ALIGN double columns[kChunkPx] = {};
    HWY_ALIGN int32_t offsets[kChunkPx];
    Columns inside = {count, 0};
    for (uint32_t i = 0; i < count; ++i) {
      columns[i] = across.At(x + i);
      if (columns[i] < 0.0) continue;
      inside.begin = std::min(inside.begin, i);
      inside.end = i + 1;
    }
    for (uint32_t i = 0; i < kChunkPx; i += kLanes / 2) {
      hn::Vec<DHalfInt> column;
      hn::Vec<DHalfFloat> part;
      taps_across.Pair(hn::Load(d, columns + i), &column, &part);
      hn::Store(hn::Mul(column, hn::Set(DHalfInt(), static_cast<int32_t>(kChannels))), DHalfInt(),
                offsets + i);
      hn::Store(part, DHalfFloat(), room.part_x + i);
    }
    const int32_t last_column = *std::max_element(offsets, offsets + count);
    for (uint32_t y = 0; y < target.height; ++y) {
      uint8_t* to = target.Row(y) + size_t{x} * kChannels;
      const double row = down.At(y);
      if (row < 0.0 || inside.begin >= inside.end) {
        pattern.Run(to, 0, count);
        continue;
      }
      const double at = std::clamp(row - 0.5, 0.0, source.height - 1.0);
      const double first = std::min(std::floor(at), std::max(source.height - 2.0, 0.0));
      const int32_t offset =
          static_cast<int32_t>(first) * static_cast<int32_t>(source.stride_bytes);
      const D32 di;
      for (uint32_t i = 0; i < count; i += kLanes) {
        hn::Store(hn::Add(hn::Load(di, offsets + i), hn::Set(di, offset)), di, room.offsets + i);
        hn::Store(hn::Set(DFloat(), static_cast<float>(at - first)), DFloat(), room.part_y + i);
      }
      FetchTaps<kChannels>(pixels, count, offset + last_column, &room);
      BlendChunk<kChannels>(room, count, {kBilinearGuard, 0.5f}, to, [&](size_t i, uint8_t* pixel) {
        ExactRoundedBilinear(source, {std::max(columns[i], 0.0), row}, pixel);
      });
      pattern.Run(to, 0, inside.begin);
      pattern.Run(to, inside.end, count);
    }
  }
}

#endif  // HWY_TARGET != HWY_SCALAR

void ZoomOnTarget(const ConstImageView& source, const Zoom& zoom, Interpolation interpolation,
                  const FillColour& fill, const ImageView& target) {
  const ZoomAxis across = {zoom.x, source.width, zoom.fill_mode};
  const ZoomAxis down = {zoom.y, source.height, zoom.fill_mode};
  if (interpolation == Interpolation::kNearest) {
    return CopyGrid(source, ZoomWalk(across), ZoomWalk(down), fill, target);
  }
#if HWY_TARGET != HWY_SCALAR
  if (TapSource::Takes(source)) {
    return source.channels == 1 ? BilinearZoom<1>(source, across, down, fill, target)
                                : BilinearZoom<3>(source, across, down, fill, target);
  }
#endif
  reference::WarpZoom(source, zoom, interpolation, fill, target);
}

}  // namespace HWY_NAMESPACE
}  // namespace headrace::simd
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace headrace::simd {
namespace {

HWY_EXPORT(ZoomOnTarget);

}  // namespace

void WarpZoom(const ConstImageView& source, const Zoom& zoom, Interpolation interpolation,
              const FillColour& fill, const ImageView& target) {
  HR_DCHECK(AreAlike(source, target));
  HR_DCHECK(interpolation != Interpolation::kBicubic);
  HWY_DYNAMIC_DISPATCH(ZoomOnTarget)(source, zoom, interpolation, fill, target);
}

}  // namespace headrace::simd
#endif  // HWY_ONCE
