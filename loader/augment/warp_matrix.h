// The matrices of the warps: from a target pixel's place to the source's (simd/warp.h).
//
// The arithmetic and its order are torchvision's on PIL pictures, so that the matrices have its
// bits; sine, cosine and tangent are our own (base/real_math.h), because the C library's differ
// between machines. Pure functions.
#pragma once

#include <cstdint>
#include <optional>

#include "base/image_view.h"
#include "simd/warp.h"

namespace headrace::loader {

struct PointPx {
  double x = 0;
  double y = 0;
};

constexpr simd::AffineMatrix kIdentityMatrix = {1, 0, 0, 0, 1, 0};

// Python's round(value, 15) for |value| <= 1: to 15 decimals, half to even, correctly rounded back.
double RoundTo15Decimals(double value);

// math.radians and math.degrees.
double RadiansOf(double degrees);
double DegreesOf(double radians);

// Image.rotate: degrees above 0 turn counter-clockwise. Without a centre quarter turns are exact:
// the identity, half turns, and those of squares or with Canvas::kGrown.
enum class Canvas : bool { kSame, kGrown };
struct Rotation {
  simd::AffineMatrix matrix = kIdentityMatrix;
  uint64_t width = 0;  // of the result
  uint64_t height = 0;
};
Rotation RotationOf(double degrees, SizePx in, const std::optional<PointPx>& centre, Canvas canvas);

// torchvision's affine: degrees above 0 turn clockwise; the translation, in pixels, comes after
// the turn, zoom and shear (degrees) about the centre, which is the middle when there is none.
struct AffineParams {
  double degrees = 0;
  PointPx translate_px;
  double scale = 1;
  double shear_x = 0;
  double shear_y = 0;
  std::optional<PointPx> centre;
};
simd::AffineMatrix AffineMatrixOf(const AffineParams& params, SizePx in);

// As the policies of torchvision call affine, which makes of a shear `m` the angle atan(m) and
// turns about the upper left corner; `m` is how far x (or y) moves a pixel further down (right).
simd::AffineMatrix ShearXMatrix(double m);
simd::AffineMatrix ShearYMatrix(double m);
// Moves what is seen by whole pixels, to the right and down.
simd::AffineMatrix TranslationMatrix(double x_px, double y_px);

}  // namespace headrace::loader
