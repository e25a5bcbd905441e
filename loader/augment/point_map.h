// PointMap: where an op puts the points of a picture, for what is known about places in it (boxes,
// outlines, masks, saliency maps).
//
// Coordinates are continuous: pixel (column x, row y) covers [x, x + 1) x [y, y + 1), so its centre
// is (x + 0.5, y + 0.5). Plain value; any thread; allocates nothing.
#pragma once

#include <array>
#include <cstdint>

#include "base/image_view.h"

namespace headrace::loader {

struct PointF {
  double x = 0;
  double y = 0;
  friend bool operator==(const PointF&, const PointF&) = default;
};

// From the picture before an op to the picture after it (Forward), and the other way (Back).
class PointMap {
 public:
  // Row-major 3x3, applied to (x, y, 1), then divided by the third component.
  using Matrix = std::array<double, 9>;

  PointMap() = default;  // the identity
  // x' = scale_x * x + shift_x, y alike. Scales are not 0.
  static PointMap ScaleShift(double scale_x, double shift_x, double scale_y, double shift_y);
  // From the map of the op's output to its input, which is what warps have. If it cannot be
  // inverted, every point goes to infinity.
  static PointMap FromBack(const Matrix& back);
  // A magnifying glass (specs: object_zoom's lens): with rho = |p - centre| / radius below 1, the
  // output's p shows centre + (p - centre) (1/power + (1 - 1/power) rho^2); outside nothing moves.
  static PointMap Lens(PointF centre, double radius, double power);

  PointF Forward(PointF point) const;
  PointF Back(PointF point) const;
  bool is_identity() const { return kind_ == Kind::kIdentity; }
  // Whether straight lines stay straight.
  bool keeps_lines() const { return kind_ != Kind::kLens; }
  // Whether columns go to columns and rows to rows: x depends on x alone, and y on y.
  bool keeps_axes() const {
    if (kind_ != Kind::kMatrix) return kind_ == Kind::kIdentity;
    return back_[1] == 0 && back_[3] == 0 && back_[6] == 0 && back_[7] == 0;
  }

 private:
  enum class Kind : uint8_t { kIdentity, kMatrix, kLens };
  Kind kind_ = Kind::kIdentity;
  Matrix forward_{};
  Matrix back_{};
  PointF centre_;
  double radius_ = 0;
  double power_ = 1;
};

}  // namespace headrace::loader
