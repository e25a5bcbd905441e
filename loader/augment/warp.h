// Warps: random_rotation, random_affine, random_perspective, random_zoom, random_zoom_out; and the
// warp that policies steer.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "loader/augment/op.h"
#include "simd/warp.h"

namespace headrace::loader {

// How a warp looks its pixels up, and what stands outside of the picture.
struct WarpStyle {
  simd::Interpolation interpolation = simd::Interpolation::kNearest;
  simd::FillColour fill = {};
};

// An affine warp to a picture of draw.out. draw.values[0..5]: the matrix from the result's places
// to the picture's (simd::AffineMatrix, warp_matrix.h). It draws nothing: policies fill the matrix.
class WarpOp : public Op {
 public:
  explicit WarpOp(const WarpStyle& style) : style_(style) {}

  std::string_view name() const override { return "random_affine"; }
  // The identity.
  Status Draw(RandomStream* stream, OpDraw* draw) const override;
  OpForm FormOf(const OpDraw&) const override { return OpForm::kPixels; }
  Status Run(const OpDraw& draw, const OpMemory& memory, Picture* picture) const override;
  PointMap PointsOf(const OpDraw& draw) const override;
  bool MovesPoints() const override { return true; }
  void Explain(const OpDraw& draw, std::string* toml) const override;

 protected:
  const WarpStyle& style() const { return style_; }

 private:
  WarpStyle style_;
};

void SetMatrix(const simd::AffineMatrix& matrix, OpDraw* draw);
simd::AffineMatrix MatrixOf(const OpDraw& draw);

std::unique_ptr<Op> MakeRandomRotation(const OpConfig& config, ConfigError* error);
std::unique_ptr<Op> MakeRandomAffine(const OpConfig& config, ConfigError* error);
std::unique_ptr<Op> MakeRandomPerspective(const OpConfig& config, ConfigError* error);
std::unique_ptr<Op> MakeRandomZoom(const OpConfig& config, ConfigError* error);
std::unique_ptr<Op> MakeRandomZoomOut(const OpConfig& config, ConfigError* error);

}  // namespace headrace::loader
