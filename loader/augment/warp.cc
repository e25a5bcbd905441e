#include "loader/augment/warp.h"

#include <algorithm>

#include "base/check.h"
#include "loader/augment/op_params.h"
#include "loader/augment/warp_matrix.h"
#include "loader/augment/warp_params.h"

namespace headrace::loader {

void SetMatrix(const simd::AffineMatrix& matrix, OpDraw* draw) {
  std::copy(matrix.begin(), matrix.end(), draw->values.begin());
}

simd::AffineMatrix MatrixOf(const OpDraw& draw) {
  simd::AffineMatrix matrix;
  std::copy_n(draw.values.begin(), matrix.size(), matrix.begin());
  return matrix;
}

Status WarpOp::Draw(RandomStream*, OpDraw* draw) const {
  SetMatrix(kIdentityMatrix, draw);
  return {};
}

Status WarpOp::Run(const OpDraw& draw, const OpMemory& memory, Picture* picture) const {
  const simd::AffineMatrix matrix = MatrixOf(draw);
  if (matrix == kIdentityMatrix && draw.out == draw.in) return {};
  HR_ENSURE(memory.output.size() >= PictureBytes(draw.out), "warp: output too small");
  const ImageView target = PictureIn(memory.output, draw.out);
  simd::WarpAffine(picture->pixels, matrix, style_.interpolation, style_.fill, target);
  picture->pixels = target;
  return {};
}

PointMap WarpOp::PointsOf(const OpDraw& draw) const {
  const simd::AffineMatrix m = MatrixOf(draw);
  if (m == kIdentityMatrix) return {};
  return PointMap::FromBack({m[0], m[1], m[2], m[3], m[4], m[5], 0, 0, 1});
}

void WarpOp::Explain(const OpDraw& draw, std::string* toml) const {
  toml->append("degrees = 0\n");
  AppendReals("matrix", std::span(draw.values).first(6), toml);
  AppendWarpStyle(style_, toml);
}

}  // namespace headrace::loader
