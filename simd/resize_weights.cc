#include "simd/resize_weights.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace headrace::simd {
namespace {

// x - quadrant * pi/2 as a sum high + low, |high| <= pi/4. The first part of pi/2 has 33 bits, so
// its product with a small quadrant is exact.
struct Reduced {
  int quadrant;
  double high;
  double low;
};

Reduced ReduceToQuarter(double x) {
  constexpr double kHalfPiHigh = 1.57079632673412561417e+00;
  constexpr double kHalfPiLow = 6.07710050650619224932e-11;
  const double turns = x * (2.0 / std::numbers::pi);
  const int quadrant = static_cast<int>(turns < 0 ? turns - 0.5 : turns + 0.5);
  const double rest = x - quadrant * kHalfPiHigh;
  const double correction = quadrant * kHalfPiLow;
  const double high = rest - correction;
  return {quadrant, high, (rest - high) - correction};
}

// Taylor terms with the last coefficients adjusted to [-pi/4, pi/4] (the classic double-precision
// minimax polynomials); `low` is the tail of the argument.
double SinQuarter(double x, double low) {
  const double z = x * x;
  const double tail = 8.33333333332248946124e-03 +
                      z * (-1.98412698298579493134e-04 +
                           z * (2.75573137070700676789e-06 + z * (-2.50507602534068634195e-08 +
                                                                  z * 1.58969099521155010221e-10)));
  const double cube = z * x;
  return x - ((z * (0.5 * low - cube * tail) - low) - cube * -1.66666666666666324348e-01);
}

double CosQuarter(double x, double low) {
  const double z = x * x;
  const double tail =
      z * (4.16666666666666019037e-02 +
           z * (-1.38888888888741095749e-03 +
                z * (2.48015872894767294178e-05 +
                     z * (-2.75573143513906633035e-07 +
                          z * (2.08757232129817482790e-09 + z * -1.13596475577881948265e-11)))));
  const double half = 0.5 * z;
  const double rounded = 1.0 - half;
  return rounded + (((1.0 - rounded) - half) + (z * tail - x * low));
}

double Sinc(double x) {
  if (x == 0.0) return 1.0;
  x = x * std::numbers::pi;
  return RealSin(x) / x;
}

double BoxAt(double x) { return x > -0.5 && x <= 0.5 ? 1.0 : 0.0; }

double BilinearAt(double x) {
  x = std::fabs(x);
  return x < 1.0 ? 1.0 - x : 0.0;
}

double HammingAt(double x) {
  x = std::fabs(x);
  if (x == 0.0) return 1.0;
  if (x >= 1.0) return 0.0;
  x = x * std::numbers::pi;
  // Pillow writes the two constants as floats.
  return RealSin(x) / x * (double{0.54f} + double{0.46f} * RealCos(x));
}

double BicubicAt(double x) {
  constexpr double kA = -0.5;
  x = std::fabs(x);
  if (x < 1.0) return ((kA + 2.0) * x - (kA + 3.0)) * x * x + 1.0;
  if (x < 2.0) return (((x - 5.0) * x + 8.0) * x - 4.0) * kA;
  return 0.0;
}

double LanczosAt(double x) { return x >= -3.0 && x < 3.0 ? Sinc(x) * Sinc(x / 3.0) : 0.0; }

double SupportOf(Filter filter) {
  switch (filter) {
    case Filter::kBox: return 0.5;
    case Filter::kBilinear: return 1.0;
    case Filter::kHamming: return 1.0;
    case Filter::kBicubic: return 2.0;
    case Filter::kLanczos: return 3.0;
    case Filter::kNearest:
    case Filter::kNearestLegacy: break;  // has no weights
  }
  return 1.0;
}

double Centre(const ResizeAxis& axis, uint32_t index) {
  return axis.start + (index + 0.5) * axis.scale;
}

// One copy of the loop per filter, so that the filter is inlined.
template <double (*kFilterAt)(double)>
double Evaluate(const ResizeAxis& axis, uint32_t index, ResizeWindow window, double* real) {
  const double centre = Centre(axis, index);
  const double inverse = 1.0 / axis.filter_scale;
  double sum = 0.0;
  for (uint32_t k = 0; k < window.count; ++k) {
    real[k] = kFilterAt((static_cast<double>(k + window.first) - centre + 0.5) * inverse);
    sum += real[k];
  }
  return sum;
}

double Evaluate(const ResizeAxis& axis, uint32_t index, ResizeWindow window, double* real) {
  switch (axis.filter) {
    case Filter::kBox: return Evaluate<BoxAt>(axis, index, window, real);
    case Filter::kBilinear: return Evaluate<BilinearAt>(axis, index, window, real);
    case Filter::kHamming: return Evaluate<HammingAt>(axis, index, window, real);
    case Filter::kBicubic: return Evaluate<BicubicAt>(axis, index, window, real);
    case Filter::kLanczos: return Evaluate<LanczosAt>(axis, index, window, real);
    case Filter::kNearest:
    case Filter::kNearestLegacy: break;
  }
  return 1.0;
}

}  // namespace

double RealSin(double x) {
  const Reduced r = ReduceToQuarter(x);
  const bool odd = (r.quadrant & 1) != 0;
  const double value = odd ? CosQuarter(r.high, r.low) : SinQuarter(r.high, r.low);
  return (r.quadrant & 2) != 0 ? -value : value;
}

double RealCos(double x) {
  const Reduced r = ReduceToQuarter(x);
  const bool odd = (r.quadrant & 1) != 0;
  const double value = odd ? SinQuarter(r.high, r.low) : CosQuarter(r.high, r.low);
  return ((r.quadrant + 1) & 2) != 0 ? -value : value;
}

ResizeAxis MakeBoxResizeAxis(Filter filter, uint32_t in_px, double start, double length,
                             uint32_t out_px) {
  const double scale = length / out_px;
  const double filter_scale = std::max(scale, 1.0);
  const double support_px = SupportOf(filter) * filter_scale;
  const uint32_t taps = static_cast<uint32_t>(std::ceil(support_px)) * 2 + 1;
  return {filter, in_px, out_px, start, scale, filter_scale, support_px, std::min(taps, in_px)};
}

ResizeAxis MakeResizeAxis(Filter filter, uint32_t in_px, uint32_t out_px) {
  return MakeBoxResizeAxis(filter, in_px, 0.0, in_px, out_px);
}

ResizeWindow WindowOf(const ResizeAxis& axis, uint32_t index) {
  const double centre = Centre(axis, index);
  const double low = std::max(centre - axis.support_px + 0.5, 0.0);
  const double high = std::min(centre + axis.support_px + 0.5, static_cast<double>(axis.in_px));
  const auto first = static_cast<uint32_t>(low);
  return {first, static_cast<uint32_t>(high) - first};
}

void FixedWeights(const ResizeAxis& axis, uint32_t index, ResizeWindow window, double* real,
                  int32_t* fixed) {
  const double sum = Evaluate(axis, index, window, real);
  const double divisor = sum != 0.0 ? sum : 1.0;
  constexpr double kOne = 1 << kWeightBits;
  for (uint32_t k = 0; k < window.count; ++k) {
    const double weight = real[k] / divisor;
    fixed[k] = static_cast<int32_t>(weight < 0 ? weight * kOne - 0.5 : weight * kOne + 0.5);
  }
}

}  // namespace headrace::simd
