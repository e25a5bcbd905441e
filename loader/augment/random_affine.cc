// random_affine. Draws: the angle; with translate, the shift across and the shift down; with scale,
// the scale; with shear, that of x, and that of y if it has a range. values[0..5]: the matrix.
#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <vector>

#include "loader/augment/warp.h"
#include "loader/augment/warp_matrix.h"
#include "loader/augment/warp_params.h"

namespace headrace::loader {
namespace {

struct AffineRanges {
  Range degrees;
  std::optional<PointPx> translate;  // largest shares of the sides
  std::optional<Range> scale;
  std::optional<Range> shear_x;
  std::optional<Range> shear_y;
  std::optional<PointPx> centre;
  std::optional<simd::AffineMatrix> matrix;  // when it is given instead of drawn
};

class RandomAffine final : public WarpOp {
 public:
  RandomAffine(const WarpStyle& style, const AffineRanges& ranges)
      : WarpOp(style), ranges_(ranges) {}

  Status Draw(RandomStream* stream, OpDraw* draw) const override {
    if (ranges_.matrix.has_value()) {
      SetMatrix(*ranges_.matrix, draw);
      return {};
    }
    const auto uniform = [stream](const Range& range) {
      return stream->NextUniform(range.low, range.high);
    };
    // Whole pixels, half to even.
    const auto shift = [&uniform](double share, uint32_t side) {
      const double most = share * side;
      return std::nearbyint(uniform({-most, most}));
    };
    AffineParams params = {.degrees = uniform(ranges_.degrees), .centre = ranges_.centre};
    if (ranges_.translate.has_value()) {
      params.translate_px.x = shift(ranges_.translate->x, draw->in.width);
      params.translate_px.y = shift(ranges_.translate->y, draw->in.height);
    }
    if (ranges_.scale.has_value()) params.scale = uniform(*ranges_.scale);
    if (ranges_.shear_x.has_value()) params.shear_x = uniform(*ranges_.shear_x);
    if (ranges_.shear_y.has_value()) params.shear_y = uniform(*ranges_.shear_y);
    SetMatrix(AffineMatrixOf(params, draw->in), draw);
    return {};
  }

 private:
  AffineRanges ranges_;
};

bool ReadShear(const OpConfig& config, AffineRanges* ranges, ConfigError* error) {
  std::vector<double> values;
  if (!ReadNumbers(config, "shear", &values, error)) return false;
  if (values.empty()) return true;
  if (values.size() == 1) values = {-std::fabs(values[0]), std::fabs(values[0])};
  const bool is_odd = values.size() != 2 && values.size() != 4;
  if (is_odd || values[0] > values[1] || (values.size() == 4 && values[2] > values[3])) {
    return OpError(config, Code::kConfigValue,
                   "shear: expected a number, [low, high], or [low, high] of x and of y in one "
                   "list of 4",
                   error);
  }
  ranges->shear_x = Range{values[0], values[1]};
  if (values.size() == 4) ranges->shear_y = Range{values[2], values[3]};
  return true;
}

bool ReadMatrix(const OpConfig& config, AffineRanges* ranges, ConfigError* error) {
  std::vector<double> values;
  if (!ReadNumbers(config, "matrix", &values, error)) return false;
  if (values.empty()) return true;
  if (values.size() != 6) {
    return OpError(config, Code::kConfigValue, "matrix: expected 6 numbers", error);
  }
  ranges->matrix.emplace();
  std::copy(values.begin(), values.end(), ranges->matrix->begin());
  return true;
}

}  // namespace

std::unique_ptr<Op> MakeRandomAffine(const OpConfig& config, ConfigError* error) {
  constexpr double kMost = std::numeric_limits<double>::max();
  WarpStyle style;
  AffineRanges ranges;
  std::optional<Range> degrees;
  if (!ReadOptionalRange(config, "degrees", -kMost, kMost, &degrees, error) ||
      !ReadPoint(config, "translate", &ranges.translate, error) ||
      !ReadOptionalRange(config, "scale", 0, kMost, &ranges.scale, error) ||
      !ReadShear(config, &ranges, error) || !ReadPoint(config, "center", &ranges.centre, error) ||
      !ReadMatrix(config, &ranges, error) || !ReadWarpStyle(config, &style, error)) {
    return nullptr;
  }
  if (!degrees.has_value()) {
    OpError(config, Code::kConfigMissing, "degrees: expected [low, high]", error);
    return nullptr;
  }
  if (ranges.scale.has_value() && !(ranges.scale->low > 0)) {
    OpError(config, Code::kConfigValue, "scale: expected numbers above 0", error);
    return nullptr;
  }
  ranges.degrees = *degrees;
  return std::make_unique<RandomAffine>(style, ranges);
}

}  // namespace headrace::loader
