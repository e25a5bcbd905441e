// Kolmogorov-Smirnov distances for tests of random draws at fixed seeds.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

namespace headrace::testing {

// The largest distance between the samples' distribution and `cdf`, looked for at the samples
// within [low, high] (elsewhere they may have been rounded together).
template <class Cdf>
double KsDistance(std::vector<double> samples, const Cdf& cdf, double low = -HUGE_VAL,
                  double high = HUGE_VAL) {
  std::sort(samples.begin(), samples.end());
  const auto n = static_cast<double>(samples.size());
  double distance = 0;
  for (size_t i = 0; i < samples.size(); ++i) {
    if (samples[i] < low || samples[i] > high) continue;
    const double expected = cdf(samples[i]);
    distance = std::max({distance, expected - static_cast<double>(i) / n,
                         static_cast<double>(i + 1) / n - expected});
  }
  return distance;
}

// The distance that a right sampler exceeds with probability 1e-6 (Massart's bound).
inline double KsLimit(size_t samples) {
  return std::sqrt(std::log(2.0 / 1e-6) / 2.0 / static_cast<double>(samples));
}

// The distribution of Beta(a, a): the regularised incomplete beta function, by its continued
// fraction (Abramowitz and Stegun 26.5.8) with Lentz's method.
inline double BetaCdf(double x, double a) {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  if (x > 0.5) return 1.0 - BetaCdf(1.0 - x, a);
  const double front =
      std::exp(a * std::log(x) + a * std::log1p(-x) + std::lgamma(2 * a) - 2 * std::lgamma(a)) / a;
  constexpr double kTiny = 1e-300;
  const auto away_from_zero = [](double v) { return std::abs(v) < kTiny ? kTiny : v; };
  double c = 1;
  double d = 1 / away_from_zero(1 - 2 * a * x / (a + 1));
  double fraction = d;
  for (int m = 1; m < 300; ++m) {
    const double even = m * (a - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 / away_from_zero(1 + even * d);
    c = away_from_zero(1 + even / c);
    fraction *= d * c;
    const double odd = -(a + m) * (2 * a + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 / away_from_zero(1 + odd * d);
    c = away_from_zero(1 + odd / c);
    fraction *= d * c;
    if (std::abs(d * c - 1) < 1e-14) break;
  }
  return front * fraction;
}

}  // namespace headrace::testing
