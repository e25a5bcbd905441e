// random_perspective. Draws: where the upper left, upper right, lower right and lower left corner
// go, x before y each. values[0..7]: the coefficients (simd::PerspectiveCoefficients).
#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <utility>
#include <vector>

#include "base/check.h"
#include "loader/augment/warp.h"
#include "loader/augment/warp_matrix.h"
#include "loader/augment/warp_params.h"

namespace headrace::loader {
namespace {

constexpr simd::PerspectiveCoefficients kIdentity = {1, 0, 0, 0, 1, 0, 0, 0};
using Corners = std::array<PointPx, 4>;

// Solves rows of 8 factors and a right side, by elimination with the largest pivot of a column.
// Nothing when there is no unique solution worth the name.
std::optional<simd::PerspectiveCoefficients> Solved(std::array<std::array<double, 9>, 8> rows) {
  for (size_t i = 0; i < 8; ++i) {
    size_t best = i;
    for (size_t r = i + 1; r < 8; ++r) {
      if (std::fabs(rows[r][i]) > std::fabs(rows[best][i])) best = r;
    }
    std::swap(rows[i], rows[best]);
    if (!(std::fabs(rows[i][i]) > 1e-9)) return std::nullopt;
    for (size_t r = i + 1; r < 8; ++r) {
      const double factor = rows[r][i] / rows[i][i];
      for (size_t c = i; c < 9; ++c) rows[r][c] -= factor * rows[i][c];
    }
  }
  simd::PerspectiveCoefficients solution = {};
  for (size_t i = 8; i-- > 0;) {
    double sum = rows[i][8];
    for (size_t c = i + 1; c < 8; ++c) sum -= rows[i][c] * solution[c];
    solution[i] = sum / rows[i][i];
  }
  return solution;
}

// The map that takes the corners `end` of the result to `start` of the picture.
std::optional<simd::PerspectiveCoefficients> CoefficientsOf(const Corners& start,
                                                            const Corners& end) {
  std::array<std::array<double, 9>, 8> rows;
  for (size_t i = 0; i < 4; ++i) {
    const PointPx& e = end[i];
    const PointPx& s = start[i];
    rows[2 * i] = {e.x, e.y, 1, 0, 0, 0, -s.x * e.x, -s.x * e.y, s.x};
    rows[2 * i + 1] = {0, 0, 0, e.x, e.y, 1, -s.y * e.x, -s.y * e.y, s.y};
  }
  return Solved(rows);
}

class RandomPerspective final : public Op {
 public:
  RandomPerspective(const WarpStyle& style, double distortion_scale,
                    const std::optional<simd::PerspectiveCoefficients>& coefficients)
      : style_(style), distortion_scale_(distortion_scale), coefficients_(coefficients) {}

  std::string_view name() const override { return "random_perspective"; }

  Status Draw(RandomStream* stream, OpDraw* draw) const override {
    draw->values = coefficients_.has_value() ? *coefficients_ : Drawn(stream, draw->in);
    return {};
  }

  OpForm FormOf(const OpDraw&) const override { return OpForm::kPixels; }

  Status Run(const OpDraw& draw, const OpMemory& memory, Picture* picture) const override {
    if (draw.values == kIdentity) return {};
    HR_ENSURE(memory.output.size() >= PictureBytes(draw.out), "random_perspective: small output");
    const ImageView target = PictureIn(memory.output, draw.out);
    simd::WarpPerspective(picture->pixels, draw.values, style_.interpolation, style_.fill, target);
    picture->pixels = target;
    return {};
  }

  PointMap PointsOf(const OpDraw& draw) const override {
    const auto& c = draw.values;
    if (c == kIdentity) return {};
    return PointMap::FromBack({c[0], c[1], c[2], c[3], c[4], c[5], c[6], c[7], 1});
  }
  bool MovesPoints() const override { return true; }

  void Explain(const OpDraw& draw, std::string* toml) const override {
    AppendReals("coefficients", draw.values, toml);
    AppendWarpStyle(style_, toml);
  }

 private:
  simd::PerspectiveCoefficients Drawn(RandomStream* stream, SizePx in) const {
    const auto reach = [this](uint32_t side) {
      return static_cast<uint32_t>(distortion_scale_ * (side / 2));
    };
    const uint32_t reach_x = reach(in.width);
    const uint32_t reach_y = reach(in.height);
    const double right = in.width - 1.0;
    const double bottom = in.height - 1.0;
    const auto near_low = [stream](uint32_t most) -> double { return stream->NextBelow(most + 1); };
    const auto near_high = [stream](uint32_t most, uint32_t side) -> double {
      return side - most - 1 + stream->NextBelow(most + 1);
    };
    Corners end;
    end[0].x = near_low(reach_x);
    end[0].y = near_low(reach_y);
    end[1].x = near_high(reach_x, in.width);
    end[1].y = near_low(reach_y);
    end[2].x = near_high(reach_x, in.width);
    end[2].y = near_high(reach_y, in.height);
    end[3].x = near_low(reach_x);
    end[3].y = near_high(reach_y, in.height);
    const Corners start = {{{0, 0}, {right, 0}, {right, bottom}, {0, bottom}}};
    // Corners of the smallest pictures may coincide: those stay as they are.
    return CoefficientsOf(start, end).value_or(kIdentity);
  }

  WarpStyle style_;
  double distortion_scale_;
  std::optional<simd::PerspectiveCoefficients> coefficients_;  // when given instead of drawn
};

}  // namespace

std::unique_ptr<Op> MakeRandomPerspective(const OpConfig& config, ConfigError* error) {
  WarpStyle style = {.interpolation = simd::Interpolation::kBilinear};
  std::vector<double> scale;
  std::vector<double> values;
  if (!ReadNumbers(config, "distortion_scale", &scale, error) ||
      !ReadNumbers(config, "coefficients", &values, error) ||
      !ReadWarpStyle(config, &style, error)) {
    return nullptr;
  }
  if (scale.empty()) scale = {0.5};
  if (scale.size() != 1 || !(scale[0] >= 0 && scale[0] <= 1)) {
    OpError(config, Code::kConfigValue, "distortion_scale: expected a number from 0 to 1", error);
    return nullptr;
  }
  std::optional<simd::PerspectiveCoefficients> coefficients;
  if (!values.empty()) {
    if (values.size() != 8) {
      OpError(config, Code::kConfigValue, "coefficients: expected 8 numbers", error);
      return nullptr;
    }
    coefficients.emplace();
    std::copy(values.begin(), values.end(), coefficients->begin());
  }
  return std::make_unique<RandomPerspective>(style, scale[0], coefficients);
}

}  // namespace headrace::loader
