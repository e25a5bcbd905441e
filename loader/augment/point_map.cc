#include "loader/augment/point_map.h"

#include <cmath>
#include <limits>

namespace headrace::loader {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

PointF Apply(const PointMap::Matrix& m, PointF p) {
  const double w = m[6] * p.x + m[7] * p.y + m[8];
  // A point on or behind the vanishing line is nowhere to be seen.
  if (!(w > 0)) return {kInfinity, kInfinity};
  return {(m[0] * p.x + m[1] * p.y + m[2]) / w, (m[3] * p.x + m[4] * p.y + m[5]) / w};
}

// The adjugate, scaled so that its last element is positive where the map is of use; a projective
// map needs no more of its inverse.
PointMap::Matrix Inverse(const PointMap::Matrix& m) {
  PointMap::Matrix out = {
      m[4] * m[8] - m[5] * m[7], m[2] * m[7] - m[1] * m[8], m[1] * m[5] - m[2] * m[4],
      m[5] * m[6] - m[3] * m[8], m[0] * m[8] - m[2] * m[6], m[2] * m[3] - m[0] * m[5],
      m[3] * m[7] - m[4] * m[6], m[1] * m[6] - m[0] * m[7], m[0] * m[4] - m[1] * m[3]};
  const double determinant = m[0] * out[0] + m[1] * out[3] + m[2] * out[6];
  for (double& value : out) value /= determinant;
  return out;
}

}  // namespace

PointMap PointMap::ScaleShift(double scale_x, double shift_x, double scale_y, double shift_y) {
  PointMap map;
  map.kind_ = Kind::kMatrix;
  map.forward_ = {scale_x, 0, shift_x, 0, scale_y, shift_y, 0, 0, 1};
  map.back_ = {1 / scale_x, 0, -shift_x / scale_x, 0, 1 / scale_y, -shift_y / scale_y, 0, 0, 1};
  return map;
}

PointMap PointMap::FromBack(const Matrix& back) {
  PointMap map;
  map.kind_ = Kind::kMatrix;
  map.back_ = back;
  map.forward_ = Inverse(back);
  return map;
}

PointMap PointMap::Lens(PointF centre, double radius, double power) {
  PointMap map;
  map.kind_ = Kind::kLens;
  map.centre_ = centre;
  map.radius_ = radius;
  map.power_ = power;
  return map;
}

PointF PointMap::Back(PointF p) const {
  if (kind_ == Kind::kIdentity) return p;
  if (kind_ == Kind::kMatrix) return Apply(back_, p);
  const double dx = p.x - centre_.x;
  const double dy = p.y - centre_.y;
  const double rho2 = (dx * dx + dy * dy) / (radius_ * radius_);
  if (!(rho2 < 1)) return p;
  const double factor = 1 / power_ + (1 - 1 / power_) * rho2;
  return {centre_.x + dx * factor, centre_.y + dy * factor};
}

PointF PointMap::Forward(PointF p) const {
  if (kind_ == Kind::kIdentity) return p;
  if (kind_ == Kind::kMatrix) return Apply(forward_, p);
  const double dx = p.x - centre_.x;
  const double dy = p.y - centre_.y;
  const double distance = std::sqrt(dx * dx + dy * dy) / radius_;
  if (!(distance < 1) || distance == 0) return p;
  // The rho with rho (1/m + (1 - 1/m) rho^2) = distance, which grows with rho.
  double low = 0;
  double high = 1;
  for (int step = 0; step < 60; ++step) {
    const double rho = (low + high) / 2;
    (rho * (1 / power_ + (1 - 1 / power_) * rho * rho) < distance ? low : high) = rho;
  }
  const double factor = (low + high) / 2 / distance;
  return {centre_.x + dx * factor, centre_.y + dy * factor};
}

}  // namespace headrace::loader
