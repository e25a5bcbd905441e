// One axis of a colour plane: the resize of full-size samples (those of plane 0), read through the
// plane's grid.
//
// A halved plane is filtered by the full-size weights composed with libjpeg-turbo's triangle: a
// full-size sample is 3/4 of the sample it lies over and 1/4 of the next one on its side. The sum
// that each stored sample collects is divided by 4, halves up; what the weights then lack of 2^22
// goes to the largest, the first of them when several are.
#pragma once

#include <cstdint>

#include "simd/planes.h"
#include "simd/resize_weights.h"

namespace headrace::simd {

struct PlaneAxis {
  ResizeAxis full;          // over samples of plane 0
  bool is_filtered = true;  // false: output i is full-size sample whole_start + i
  uint32_t whole_start = 0;
  PlaneGrid grid;
  uint32_t in_px = 0;  // samples that the plane has
};

inline PlaneAxis WholeAxis(Filter filter, uint32_t in_px, uint32_t out_px) {
  PlaneAxis axis;
  axis.full = MakeResizeAxis(filter, in_px, out_px);
  axis.in_px = in_px;
  return axis;
}

// Whether output i is the plane's sample first + i, and that one exists.
inline bool IsCopy(const PlaneAxis& axis) {
  return !axis.is_filtered && axis.grid.shift == 0 &&
         uint64_t{axis.whole_start} + axis.grid.offset + axis.full.out_px <= axis.in_px;
}

// Full-size samples [first, first + count) that output pixel `index` reads.
inline ResizeWindow FullWindowOf(const PlaneAxis& axis, uint32_t index) {
  if (!axis.is_filtered) return {axis.whole_start + index, 1};
  return WindowOf(axis.full, index);
}

// The plane's samples [first, end) that a window of full-size samples reads, before the plane's
// ends are looked at.
struct SampleRange {
  int64_t first;
  int64_t end;
};
inline SampleRange SamplesUnder(const PlaneGrid& grid, ResizeWindow full) {
  const int64_t first = int64_t{full.first} + grid.offset;
  const int64_t end = first + full.count;
  if (grid.shift == 0) return {first, end};
  return {((first + 1) >> 1) - 1, (end >> 1) + 1};
}

}  // namespace headrace::simd
