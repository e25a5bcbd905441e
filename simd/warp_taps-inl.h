// Fills the rooms of a chunk: taps of its places, and the pixels there. Once per target.
#if defined(HEADRACE_SIMD_WARP_TAPS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef HEADRACE_SIMD_WARP_TAPS_INL_H_
#undef HEADRACE_SIMD_WARP_TAPS_INL_H_
#else
#define HEADRACE_SIMD_WARP_TAPS_INL_H_
#endif

#include <cstddef>
#include <cstdint>

#include "hwy/highway.h"
#include "simd/warp_bicubic-inl.h"
#include "simd/warp_bilinear-inl.h"
#include "simd/warp_places-inl.h"

HWY_BEFORE_NAMESPACE();
namespace headrace::simd {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

#if HWY_TARGET != HWY_SCALAR

// Offsets of the upper left taps and parts of a chunk. Returns the largest offset, or 0 if every
// tap is far from the end of the source.
template <size_t kChannels, bool kInner>
HWY_INLINE int32_t FixedTaps(const FixedAxis& across, const FixedAxis& down, size_t stride,
                             uint32_t count, BilinearRoom* room) {
  const D32 d;
  const DFloat df;
  const V32 rows = hn::Set(d, static_cast<int32_t>(stride));
  const V32 base =
      hn::Set(d, static_cast<int32_t>(down.base() * static_cast<int64_t>(stride) +
                                      across.base() * static_cast<int64_t>(kChannels)));
  V32 last = hn::Zero(d);
  for (uint32_t i = 0; i < count; i += kLanes) {
    V32 column, line;
    VFloat part_x, part_y;
    across.Get<kInner>(i, &column, &part_x);
    down.Get<kInner>(i, &line, &part_y);
    const V32 bytes = kChannels == 1 ? column : hn::Add(hn::Add(column, column), column);
    const V32 offset = hn::Add(hn::Mul(line, rows), hn::Add(bytes, base));
    if constexpr (!kInner) last = hn::Max(last, offset);
    hn::Store(offset, d, room->offsets + i);
    hn::Store(part_x, df, room->part_x + i);
    hn::Store(part_y, df, room->part_y + i);
  }
  return kInner ? 0 : hn::GetLane(hn::MaxOfLanes(d, last));
}

// The same from coordinates in f64; get(i, at, &x, &y) for lanes i and up of the chunk.
template <size_t kChannels, class Get>
HWY_INLINE int32_t RealTaps(const AxisTaps& across, const AxisTaps& down, size_t stride, uint32_t x,
                            uint32_t count, BilinearRoom* room, const Get& get) {
  const DHalfInt d;
  const auto rows = hn::Set(d, static_cast<int32_t>(stride));
  auto last = hn::Zero(d);
  ForHalves(x, count, [&](uint32_t i, VReal at) HWY_ATTR {
    VReal at_x, at_y;
    get(i, at, &at_x, &at_y);
    hn::Vec<DHalfInt> column, line;
    hn::Vec<DHalfFloat> part_x, part_y;
    across.Pair(at_x, &column, &part_x);
    down.Pair(at_y, &line, &part_y);
    const auto bytes = kChannels == 1 ? column : hn::Add(hn::Add(column, column), column);
    const auto offset = hn::Add(hn::Mul(line, rows), bytes);
    last = hn::Max(last, offset);
    hn::Store(offset, d, room->offsets + i);
    hn::Store(part_x, DHalfFloat(), room->part_x + i);
    hn::Store(part_y, DHalfFloat(), room->part_y + i);
  });
  return hn::GetLane(hn::MaxOfLanes(d, last));
}

// Taps of places on rows (Axis::kAcross) or columns of pixels, with the parts along that axis in
// f64.
template <size_t kChannels, class Get>
HWY_INLINE int32_t LineTaps(const AxisTaps& across, const AxisTaps& down, Axis axis, size_t stride,
                            uint32_t x, uint32_t count, BilinearRoom* room, LineRoom* lines,
                            const Get& get) {
  const DHalfInt d;
  const auto rows = hn::Set(d, static_cast<int32_t>(stride));
  auto last = hn::Zero(d);
  ForHalves(x, count, [&](uint32_t i, VReal at) HWY_ATTR {
    VReal at_x, at_y, part;
    get(i, at, &at_x, &at_y);
    hn::Vec<DHalfInt> column, line;
    if (axis == Axis::kAcross) {
      across.ExactPair(at_x, &column, &part);
      line = down.Only(at_y);
    } else {
      column = across.Only(at_x);
      down.ExactPair(at_y, &line, &part);
    }
    const auto bytes = kChannels == 1 ? column : hn::Add(hn::Add(column, column), column);
    const auto offset = hn::Add(hn::Mul(line, rows), bytes);
    last = hn::Max(last, offset);
    hn::Store(offset, d, room->offsets + i);
    hn::Store(part, DReal(), lines->parts + i);
  });
  return hn::GetLane(hn::MaxOfLanes(d, last));
}

// Taps of bicubic.
template <class Get>
HWY_INLINE void SquareTaps(const AxisTaps& across, const AxisTaps& down, uint32_t x, uint32_t count,
                           BicubicRoom* room, const Get& get) {
  ForHalves(x, count, [&](uint32_t i, VReal at) HWY_ATTR {
    VReal at_x, at_y;
    get(i, at, &at_x, &at_y);
    hn::Vec<DHalfInt> column, line;
    hn::Vec<DHalfFloat> part_x, part_y;
    across.Any(at_x, &column, &part_x);
    down.Any(at_y, &line, &part_y);
    hn::Store(column, DHalfInt(), room->columns + i);
    hn::Store(line, DHalfInt(), room->lines + i);
    hn::Store(part_x, DHalfFloat(), room->part_x + i);
    hn::Store(part_y, DHalfFloat(), room->part_y + i);
  });
}

#endif  // HWY_TARGET != HWY_SCALAR

}  // namespace HWY_NAMESPACE
}  // namespace headrace::simd
HWY_AFTER_NAMESPACE();

#endif  // HEADRACE_SIMD_WARP_TAPS_INL_H_
