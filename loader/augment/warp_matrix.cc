#include "loader/augment/warp_matrix.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <numbers>

#include "base/real_math.h"

namespace headrace::loader {
namespace {

// a * x + b * y + c of both rows.
PointPx Mapped(const simd::AffineMatrix& m, double x, double y) {
  return {m[0] * x + m[1] * y + m[2], m[3] * x + m[4] * y + m[5]};
}

// Python's angle % 360.0: of the sign of 360, and exact.
double ModFullTurn(double degrees) {
  double rest = std::fmod(degrees, 360.0);
  if (rest != 0.0 && rest < 0.0) rest += 360.0;
  return rest == 0.0 ? 0.0 : rest;
}

}  // namespace

double RoundTo15Decimals(double value) {
  // value = mantissa * 2^-shift; the decimals are mantissa * 10^15 >> shift.
  const uint64_t bits = std::bit_cast<uint64_t>(std::fabs(value));
  const int exponent = static_cast<int>(bits >> 52);
  const int shift = 1075 - exponent;
  // Below 2^-64 there are none, and denormals have no hidden bit.
  if (shift > 116) return std::copysign(0.0, value);
  __extension__ using Wide = unsigned __int128;
  const uint64_t mantissa = (bits & 0xFFFFFFFFFFFFFull) | (uint64_t{1} << 52);
  const Wide scaled = Wide{mantissa} * 1000000000000000u;
  auto decimals = static_cast<uint64_t>(scaled >> shift);
  const Wide rest = scaled & ((Wide{1} << shift) - 1);
  const Wide half = Wide{1} << (shift - 1);
  if (rest > half || (rest == half && (decimals & 1) != 0)) ++decimals;
  return std::copysign(static_cast<double>(decimals) / 1e15, value);
}

double RadiansOf(double degrees) { return degrees * (std::numbers::pi / 180.0); }
double DegreesOf(double radians) { return radians * (180.0 / std::numbers::pi); }

Rotation RotationOf(double degrees, SizePx in, const std::optional<PointPx>& centre,
                    Canvas canvas) {
  const double w = in.width;
  const double h = in.height;
  degrees = ModFullTurn(degrees);
  Rotation rotation = {.width = in.width, .height = in.height};
  if (!centre.has_value()) {
    if (degrees == 0.0) return rotation;
    if (degrees == 180.0) {
      rotation.matrix = {-1, 0, w, 0, -1, h};
      return rotation;
    }
    const bool turns_whole = canvas == Canvas::kGrown || in.width == in.height;
    if (turns_whole && (degrees == 90.0 || degrees == 270.0)) {
      rotation.width = in.height;
      rotation.height = in.width;
      if (degrees == 90.0) {
        rotation.matrix = {0, -1, w, 1, 0, 0};
      } else {
        rotation.matrix = {0, 1, 0, -1, 0, h};
      }
      return rotation;
    }
  }
  const PointPx middle = centre.value_or(PointPx{w / 2.0, h / 2.0});
  const double angle = -RadiansOf(degrees);
  const double cos = RoundTo15Decimals(RealCos(angle));
  const double sin = RoundTo15Decimals(RealSin(angle));
  simd::AffineMatrix& m = rotation.matrix;
  m = {cos, sin, 0.0, -sin, cos, 0.0};
  const PointPx moved = Mapped(m, -middle.x, -middle.y);
  m[2] = moved.x + middle.x;
  m[5] = moved.y + middle.y;
  if (canvas == Canvas::kGrown) {
    const PointPx corners[] = {Mapped(m, 0, 0), Mapped(m, w, 0), Mapped(m, w, h), Mapped(m, 0, h)};
    const auto extent = [&corners](double PointPx::*axis) {
      double low = corners[0].*axis;
      double high = low;
      for (const PointPx& corner : corners) {
        low = std::min(low, corner.*axis);
        high = std::max(high, corner.*axis);
      }
      return std::ceil(high) - std::floor(low);
    };
    const double new_width = extent(&PointPx::x);
    const double new_height = extent(&PointPx::y);
    const PointPx origin = Mapped(m, -(new_width - w) / 2.0, -(new_height - h) / 2.0);
    m[2] = origin.x;
    m[5] = origin.y;
    rotation.width = static_cast<uint64_t>(new_width);
    rotation.height = static_cast<uint64_t>(new_height);
  }
  return rotation;
}

simd::AffineMatrix AffineMatrixOf(const AffineParams& params, SizePx in) {
  const double turn = RadiansOf(params.degrees);
  const double shear_x = RadiansOf(params.shear_x);
  const double shear_y = RadiansOf(params.shear_y);
  const PointPx centre = params.centre.value_or(PointPx{in.width * 0.5, in.height * 0.5});
  const PointPx& move = params.translate_px;

  const double cos_y = RealCos(shear_y);
  const double tan_x = RealTan(shear_x);
  const double cos = RealCos(turn - shear_y);
  const double sin = RealSin(turn - shear_y);
  const double a = cos / cos_y;
  const double b = -cos * tan_x / cos_y - RealSin(turn);
  const double c = sin / cos_y;
  const double d = -sin * tan_x / cos_y + RealCos(turn);

  simd::AffineMatrix m = {d / params.scale,  -b / params.scale, 0.0 / params.scale,
                          -c / params.scale, a / params.scale,  0.0 / params.scale};
  m[2] += m[0] * (-centre.x - move.x) + m[1] * (-centre.y - move.y);
  m[5] += m[3] * (-centre.x - move.x) + m[4] * (-centre.y - move.y);
  m[2] += centre.x;
  m[5] += centre.y;
  return m;
}

// What is left of AffineMatrixOf when all else is zero.
simd::AffineMatrix ShearXMatrix(double m) {
  return {1, RealTan(RadiansOf(DegreesOf(RealAtan(m)))), 0, 0, 1, 0};
}
simd::AffineMatrix ShearYMatrix(double m) {
  const double angle = RadiansOf(DegreesOf(RealAtan(m)));
  return {1, 0, 0, RealSin(angle) / RealCos(angle), 1, 0};
}
simd::AffineMatrix TranslationMatrix(double x_px, double y_px) {
  return {1, 0, -x_px, 0, 1, -y_px};
}

}  // namespace headrace::loader
