#include "simd/resize_scratch.h"

#include <algorithm>
#include <bit>

#include "simd/resize_weights.h"

namespace headrace::simd {

AxisScratch TakeAxisScratch(uint64_t taps, uint64_t out_px, ScratchSum* sum) {
  // A halved plane's full-size weights may begin one sample before the window.
  const uint64_t weights = SaturatingMul(taps + 1, kScratchLanes);
  const uint64_t outputs = RoundUp(out_px, kScratchLanes);
  AxisScratch axis = {};
  axis.real = sum->Take(weights, sizeof(double));
  axis.full = sum->Take(weights, sizeof(int32_t));
  // Half as many, and a neighbour at either end.
  axis.taps = sum->Take(SaturatingMul(taps / 2 + 3, kScratchLanes), sizeof(int32_t));
  axis.first = sum->Take(outputs, sizeof(int32_t));
  axis.end = sum->Take(outputs, sizeof(int32_t));
  return axis;
}

PackedScratch TakePackedScratch(uint64_t taps, uint64_t out_px, ScratchSum* sum) {
  // Two words an element of two taps, when it may begin between elements; three an element of four
  // taps is less from 14 taps on, and the constant covers the rest.
  const uint64_t words = taps + 5;
  PackedScratch packed = {};
  packed.windows = sum->Take(out_px, 2 * sizeof(uint32_t));
  packed.digits = sum->Take(SaturatingMul(words, RoundUp(out_px, kScratchLanes)), sizeof(int32_t));
  return packed;
}

uint64_t TakeColumnsScratch(uint64_t width, uint64_t channels, ScratchSum* sum) {
  // Two pixels share a 32-bit lane, there is a lane for each row, and groups have up to 16 pixels.
  constexpr uint64_t kGroupPixelsMax = 16;
  return sum->Take(RoundUp(width, kGroupPixelsMax) / 2 * channels, kScratchLanes * sizeof(int32_t));
}

StreamScratch TakeStreamScratch(uint64_t taps_across, uint64_t taps_down, uint64_t out_px,
                                ScratchSum* sum) {
  const uint64_t outputs = RoundUp(out_px, kScratchLanes);
  const uint64_t pairs = std::min<uint64_t>(taps_across / 2 + 1, kStreamElementsMax);
  const uint64_t quads = std::min<uint64_t>(taps_across / 4 + 1, kStreamElementsMax);
  StreamScratch stream = {};
  // A load for each element of each block of four outputs.
  stream.offsets = sum->Take(pairs * (outputs / 4), sizeof(uint32_t));
  // A shuffle and the digits of every element: two digits of pairs, three of quads.
  stream.vectors = sum->Take(std::max(3 * pairs, 4 * quads) * outputs, sizeof(int32_t));
  // Windows may begin between elements of two rows.
  stream.ring =
      sum->Take(SaturatingMul(std::bit_ceil(taps_down / 2 + 2), outputs), sizeof(int32_t));
  return stream;
}

ResizeScratch PlanResizeScratch(SizePx source, SizePx target, uint32_t channels, Filter filter) {
  const uint64_t taps_across = MakeResizeAxis(filter, source.width, target.width).taps_max;
  const uint64_t taps_down = MakeResizeAxis(filter, source.height, target.height).taps_max;
  ScratchSum sum;
  ResizeScratch plan = {};
  plan.axis = TakeAxisScratch(std::max(taps_across, taps_down),
                              std::max(target.width, target.height), &sum);
  plan.across = TakePackedScratch(taps_across, target.width, &sum);
  plan.down = TakePackedScratch(taps_down, target.height, &sum);
  plan.columns = TakeColumnsScratch(source.width, channels, &sum);
  plan.between_stride = RoundUp(uint64_t{target.width} * channels, kScratchAlignment);
  plan.between = sum.Take(plan.between_stride, source.height);
  plan.bytes = sum.bytes();
  return plan;
}

}  // namespace headrace::simd
