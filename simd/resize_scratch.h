// Where the parts of a resize lie in the caller's scratch. One function adds them up, for the size
// that callers ask for and for the pointers, so the two cannot differ.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/image_view.h"
#include "simd/resize.h"

namespace headrace::simd {

// Offsets in bytes from a 64-byte aligned start; sums saturate.
struct ResizeScratch {
  uint64_t real;            // f64 weights of one window
  uint64_t fixed;           // the same in fixed point
  uint64_t windows_across;  // 8 bytes an output column
  uint64_t windows_down;    // 8 bytes an output row
  uint64_t digits_across;   // digits_stride_* words an output column
  uint64_t digits_down;
  uint64_t columns;  // source rows on their side
  uint64_t between;  // u8 image between the passes: between_stride times source rows
  uint64_t bytes;
  uint64_t digits_stride_across;
  uint64_t digits_stride_down;
  uint64_t between_stride;
};

ResizeScratch PlanResizeScratch(SizePx source, SizePx target, uint32_t channels, Filter filter);

}  // namespace headrace::simd
