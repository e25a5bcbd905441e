// The weights of one axis of a resize: which source pixels an output pixel reads, and how much of
// each, in f64 and then in fixed point with 22 fraction bits. The arithmetic and its order are
// Pillow's, so that the weights have Pillow's bits; sine and cosine are our own, because the C
// library's differ between machines.
//
// This is the plain form, one output at a time. The kernels compute the same bits for many outputs
// at once (resize_axis-inl.h).
#pragma once

#include <cstdint>

#include "simd/resize.h"

namespace headrace::simd {

constexpr int kWeightBits = 22;

struct ResizeAxis {
  Filter filter;
  uint32_t in_px;
  uint32_t out_px;
  double start;         // where output pixel 0 begins, in source pixels
  double scale;         // source pixels per output pixel
  double filter_scale;  // max(scale, 1): the filter is stretched when shrinking, never squeezed
  double support_px;    // half the window, in source pixels
  uint32_t taps_max;    // no window has more
};
ResizeAxis MakeResizeAxis(Filter filter, uint32_t in_px, uint32_t out_px);
// [start, start + length) of the source only, which lies inside [0, in_px). Windows may reach over
// its ends. Equal to Pillow's where both ends and the length are exact in f32, the type of its box.
ResizeAxis MakeBoxResizeAxis(Filter filter, uint32_t in_px, double start, double length,
                             uint32_t out_px);

// Source pixels [first, first + count); count >= 1. Both ends never decrease with `index`.
struct ResizeWindow {
  uint32_t first;
  uint32_t count;
};
ResizeWindow WindowOf(const ResizeAxis& axis, uint32_t index);

// The weights of output pixel `index`: `window.count` values in `fixed`; `real` is room for as
// many.
void FixedWeights(const ResizeAxis& axis, uint32_t index, ResizeWindow window, double* real,
                  int32_t* fixed);

// sin(x) and cos(x) for |x| <= 10, error below 1 ulp: only IEEE + - *, in a fixed order.
double RealSin(double x);
double RealCos(double x);

}  // namespace headrace::simd
