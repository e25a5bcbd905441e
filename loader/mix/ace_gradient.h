// The gradient of a loss by the parameters of a colour curve (loader/augment/color_curve.h).
//
// A curve treats pixels of one value alike, so all that a picture's gradient comes to is its sum
// over the pixels of each value: one pass over the pixels, then as many steps as there are values
// and pieces.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace headrace::loader {

// A channel's gradient as it lies in memory.
struct GradientPlane {
  const float* data = nullptr;
  int64_t stride_y = 0;
  int64_t stride_x = 0;
};

// sums[v] = sum of the gradient over the pixels of value v, in four partial sums of f32 (by the
// pixel's number modulo four), which are added in f64: the same however the gradient lies in
// memory.
void SumByValue(const uint8_t* pixels, uint32_t height, uint32_t width, const GradientPlane& grad,
                double (&sums)[256]);

// gradient[m] = dL/dp_m = (W_m - sum_j p_j W_j / S) / S, where W_m is the sum over all pixels of
// dL/dF times the share of piece m that lies below the pixel's value. `sums` are of dL/dF.
void CurveGradient(std::span<const double> parameters, const double (&sums)[256],
                   std::span<double> gradient);

}  // namespace headrace::loader
