#include "loader/augment/color_curve.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "base/check.h"
#include "base/real_math.h"

namespace headrace::loader {
namespace {

constexpr uint32_t kKnots = 5;

uint32_t KnotCount(const CurveDraw& draw) {
  return draw.family == CurveFamily::kIid ? draw.pieces : kKnots;
}

using Knots = std::array<double, kCurvePiecesMax>;

void DrawKnots(const CurveDraw& draw, RandomStream* stream, Knots* knots) {
  for (uint32_t j = 0; j < KnotCount(draw); ++j) {
    const double unit = stream->NextUnit();
    (*knots)[j] = draw.family == CurveFamily::kExtreme ? (unit < 0.5 ? 0.0 : 1.0) : unit;
  }
}

// K p of piece `i`.
double PieceOf(const CurveDraw& draw, const Knots& knots, uint32_t i) {
  if (draw.family == CurveFamily::kIid) return 1 + (draw.bound - 1) * knots[i];
  const uint32_t place = i * (kKnots - 1);
  const uint32_t last = draw.pieces - 1;
  const uint32_t knot = std::min(place / last, kKnots - 2);
  const double along = static_cast<double>(place - knot * last) / last;
  const double height = knots[knot] + (knots[knot + 1] - knots[knot]) * along;
  return RealExp(RealLog(draw.bound) * height);
}

}  // namespace

void FillCurve(std::span<const double> parameters, double (&table)[256]) {
  const auto pieces = static_cast<uint32_t>(parameters.size());
  HR_DCHECK(pieces >= kCurvePiecesMin && pieces <= kCurvePiecesMax);
  double before[kCurvePiecesMax + 1];
  before[0] = 0;
  for (uint32_t k = 0; k < pieces; ++k) before[k + 1] = before[k] + parameters[k];
  const double sum = before[pieces];
  for (uint32_t v = 0; v < 256; ++v) {
    const CurvePlace place = PlaceOf(v, pieces);
    const double along = place.numerator / 255.0;
    table[v] = (before[place.piece] + along * parameters[place.piece]) / sum;
  }
}

void FillCurveBytes(std::span<const double> parameters, uint8_t (&table)[256]) {
  double curve[256];
  FillCurve(parameters, curve);
  for (uint32_t v = 0; v < 256; ++v) {
    table[v] = static_cast<uint8_t>(std::clamp(std::nearbyint(255.0 * curve[v]), 0.0, 255.0));
  }
}

void DrawCurves(const CurveDraw& draw, uint32_t channels, RandomStream* stream,
                std::span<double> parameters) {
  HR_DCHECK(parameters.size() >= size_t{channels} * draw.pieces);
  Knots common;
  DrawKnots(draw, stream, &common);
  for (uint32_t c = 0; c < channels; ++c) {
    Knots own;
    DrawKnots(draw, stream, &own);
    for (uint32_t j = 0; j < KnotCount(draw); ++j) {
      own[j] = (1 - draw.channel_mix) * common[j] + draw.channel_mix * own[j];
    }
    for (uint32_t i = 0; i < draw.pieces; ++i) {
      parameters[size_t{c} * draw.pieces + i] = PieceOf(draw, own, i) / draw.pieces;
    }
  }
}

}  // namespace headrace::loader
