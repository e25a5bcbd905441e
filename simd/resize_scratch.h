// Where the parts of a resize lie in the caller's scratch. One function adds them up, for the size
// that callers ask for and for the pointers, so the two cannot differ.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/checked_math.h"
#include "base/image_view.h"
#include "simd/resize.h"

namespace headrace::simd {

constexpr uint64_t kScratchAlignment = 64;
// The most 32-bit lanes of any target, so that a plan holds for all of them.
constexpr uint64_t kScratchLanes = 16;

// Offsets of parts, each aligned, from a 64-byte aligned start. Saturates.
class ScratchSum {
 public:
  uint64_t Take(uint64_t count, uint64_t each_bytes) {
    const uint64_t at = bytes_;
    bytes_ = SaturatingAdd(at, RoundUp(SaturatingMul(count, each_bytes), kScratchAlignment));
    return at;
  }
  uint64_t bytes() const { return bytes_; }

 private:
  uint64_t bytes_ = 0;
};

template <class T>
T* ScratchAt(std::byte* base, uint64_t offset) {
  return reinterpret_cast<T*>(base + offset);
}

// Room in which the tables of an axis are made, one axis after the other.
struct AxisScratch {
  uint64_t real;   // f64 weights of a chunk of outputs
  uint64_t full;   // the same in fixed point
  uint64_t taps;   // and of a halved plane's samples
  uint64_t first;  // windows of all outputs
  uint64_t end;
};
AxisScratch TakeAxisScratch(uint64_t taps, uint64_t out_px, ScratchSum* sum);

// The finished tables of an axis.
struct PackedScratch {
  uint64_t windows;  // 8 bytes an output
  uint64_t digits;   // words of every output
};
PackedScratch TakePackedScratch(uint64_t taps, uint64_t out_px, ScratchSum* sum);

// Source rows on their side, as many as a vector has lanes.
uint64_t TakeColumnsScratch(uint64_t width, uint64_t channels, ScratchSum* sum);

// Tables and ring of a plane that is resized a few rows at a time (resize_stream-inl.h).
struct StreamScratch {
  uint64_t offsets;
  uint64_t vectors;
  uint64_t ring;
};
// No horizontal window has more elements there.
constexpr uint32_t kStreamElementsMax = 16;
StreamScratch TakeStreamScratch(uint64_t taps_across, uint64_t taps_down, uint64_t out_px,
                                ScratchSum* sum);

struct ResizeScratch {
  AxisScratch axis;
  PackedScratch across;
  PackedScratch down;
  uint64_t columns;
  uint64_t between;  // u8 image between the passes: between_stride times source rows
  uint64_t between_stride;
  uint64_t bytes;
};
ResizeScratch PlanResizeScratch(SizePx source, SizePx target, uint32_t channels, Filter filter);

}  // namespace headrace::simd
