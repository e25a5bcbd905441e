// Curves of colour: monotone, piecewise linear, from 0 to 0 and from 1 to 1 (advanced colour
// enhancement, Zhao et al.).
//
// With K parameters p > 0 whose sum is S, F(x) = (p_0 + ... + p_{k-1} + t p_k) / S, where
// k = min(floor(K x), K - 1) and t = K x - k. Only the ratios count; all equal is the identity.
// Within 1/K <= p <= bound/K the slopes of a curve differ by at most `bound`, and no value moves by
// more than (sqrt(bound) - 1) / (sqrt(bound) + 1).
#pragma once

#include <cstdint>
#include <span>

#include "base/rng.h"

namespace headrace::loader {

inline constexpr uint32_t kCurvePiecesMin = 2;
inline constexpr uint32_t kCurvePiecesMax = 256;
inline constexpr double kCurveBoundMax = 1000;

// Where byte v lies: in piece v * pieces / 255 of them (255 in the last), at `numerator` / 255 of
// it.
struct CurvePlace {
  uint32_t piece = 0;
  uint32_t numerator = 0;
};
constexpr CurvePlace PlaceOf(uint32_t value, uint32_t pieces) {
  const uint32_t piece = value * pieces / 255;
  return piece < pieces ? CurvePlace{piece, value * pieces - 255 * piece}
                        : CurvePlace{pieces - 1, 255};
}

// table[v] = F(v / 255). The parameters are above 0, 2 to 256 of them.
void FillCurve(std::span<const double> parameters, double (&table)[256]);
// The same as bytes, rounded to nearest.
void FillCurveBytes(std::span<const double> parameters, uint8_t (&table)[256]);

// How curves are drawn inside the bound.
enum class CurveFamily : uint8_t {
  kSmooth,   // ln(K p) is ln(bound) times a line through five units
  kExtreme,  // the five are 0 or 1
  kIid,      // K p uniform from 1 to bound: with many pieces nearly the identity
};

struct CurveDraw {
  CurveFamily family = CurveFamily::kSmooth;
  double bound = 2;
  uint32_t pieces = 64;
  double channel_mix = 1;  // 0: all channels get the common curve; 1: each its own
};

// Fills the parameters of `channels` curves, one after the other, `pieces` each. Takes five units
// (kIid: `pieces`) for what the channels have in common, then as many for each channel.
void DrawCurves(const CurveDraw& draw, uint32_t channels, RandomStream* stream,
                std::span<double> parameters);

}  // namespace headrace::loader
