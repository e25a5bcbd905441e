// The shapes of the random draws: moments, and Kolmogorov and Smirnov's distance to distribution
// functions that are computed here, by other means. Seeds are fixed, so a pass stays a pass; each
// distance has a control that shows it would notice a slightly wrong parameter.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <vector>

#include "base/rng.h"
#include "tests/support/distribution.h"

namespace headrace {
namespace {

constexpr size_t kDraws = 20000;
// The distance that a right distribution exceeds once in a thousand, times sqrt(n).
constexpr double kCritical = 1.95;

RandomStream Stream(uint64_t unit) {
  StreamAddress address;
  address.seed = 2026;
  address.unit = unit;
  address.name = "distribution";
  return RandomStream(address);
}

std::vector<double> Draw(uint64_t unit, const std::function<double(RandomStream&)>& next) {
  RandomStream stream = Stream(unit);
  std::vector<double> values(kDraws);
  for (double& value : values) value = next(stream);
  std::sort(values.begin(), values.end());
  return values;
}

// sqrt(n) times the largest gap between the draws' distribution and `cdf`.
double Distance(const std::vector<double>& draws, const std::function<double(double)>& cdf) {
  return headrace::testing::KsDistance(draws, cdf) * std::sqrt(static_cast<double>(draws.size()));
}

double Mean(const std::vector<double>& values) {
  double sum = 0;
  for (const double value : values) sum += value;
  return sum / static_cast<double>(values.size());
}

double Variance(const std::vector<double>& values) {
  const double mean = Mean(values);
  double sum = 0;
  for (const double value : values) sum += (value - mean) * (value - mean);
  return sum / static_cast<double>(values.size());
}

double NormalCdf(double x) { return 0.5 * std::erfc(-x / std::sqrt(2.0)); }

// The regularised lower incomplete gamma function by its power series (enough terms for x < 60).
double GammaCdf(double shape, double x) {
  if (x <= 0) return 0;
  double term = 1 / shape;
  double sum = term;
  for (int n = 1; n < 400; ++n) {
    term *= x / (shape + n);
    sum += term;
  }
  return std::min(1.0, std::exp(shape * std::log(x) - x - std::lgamma(shape)) * sum);
}

// The regularised incomplete beta function by its continued fraction (modified Lentz).
double BetaCdf(double a, double b, double x) {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  if (x > (a + 1) / (a + b + 2)) return 1 - BetaCdf(b, a, 1 - x);
  const double front = std::exp(std::lgamma(a + b) - std::lgamma(a) - std::lgamma(b) +
                                a * std::log(x) + b * std::log1p(-x)) /
                       a;
  const auto not_zero = [](double v) { return std::fabs(v) < 1e-30 ? 1e-30 : v; };
  double c = 1;
  double d = 1 / not_zero(1 - (a + b) * x / (a + 1));
  double fraction = d;
  for (int m = 1; m < 300; ++m) {
    const double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
    const double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
    for (const double numerator : {even, odd}) {
      d = 1 / not_zero(1 + numerator * d);
      c = not_zero(1 + numerator / c);
      fraction *= d * c;
    }
  }
  return front * fraction;
}

TEST(DistributionTest, ReferenceFunctionsAgreeWithClosedForms) {
  for (const double x : {0.05, 0.3, 0.5, 0.9}) {
    EXPECT_NEAR(BetaCdf(1, 1, x), x, 1e-12);
    EXPECT_NEAR(BetaCdf(2, 3, x), x * x * (6 - 8 * x + 3 * x * x), 1e-12);
    EXPECT_NEAR(BetaCdf(0.5, 0.5, x), 2 / std::acos(-1.0) * std::asin(std::sqrt(x)), 1e-10);
    EXPECT_NEAR(GammaCdf(1, 5 * x), 1 - std::exp(-5 * x), 1e-12);
  }
}

TEST(DistributionTest, NormalHasItsMomentsAndShape) {
  const auto values = Draw(1, [](RandomStream& s) { return s.NextNormal(); });
  EXPECT_NEAR(Mean(values), 0, 0.03);
  EXPECT_NEAR(Variance(values), 1, 0.04);
  EXPECT_LT(Distance(values, NormalCdf), kCritical);
  EXPECT_GT(Distance(values, [](double x) { return NormalCdf(x / 1.06); }), kCritical);
}

TEST(DistributionTest, LogUniformHasItsMomentsAndShape) {
  const double low = 3.0 / 4, high = 4.0 / 3;
  const auto values = Draw(2, [&](RandomStream& s) { return s.NextLogUniform(low, high); });
  EXPECT_GE(values.front(), low * (1 - 1e-15));
  EXPECT_LE(values.back(), high * (1 + 1e-15));
  const auto cdf = [&](double x) { return std::log(x / low) / std::log(high / low); };
  EXPECT_LT(Distance(values, cdf), kCritical);
  EXPECT_GT(Distance(values, [&](double x) { return (x - low) / (high - low); }), kCritical);
}

TEST(DistributionTest, GammaHasItsMomentsAndShape) {
  uint64_t unit = 10;
  for (const double shape : {0.1, 0.2, 0.5, 1.0, 1.5, 4.0, 20.0}) {
    const auto logs = Draw(unit++, [&](RandomStream& s) { return s.NextLogGamma(shape); });
    std::vector<double> values(logs.size());
    std::transform(logs.begin(), logs.end(), values.begin(), [](double v) { return std::exp(v); });
    // Six standard errors; the variance's own error uses the kurtosis 3 + 6 / shape.
    const double n = static_cast<double>(kDraws);
    EXPECT_NEAR(Mean(values), shape, 6 * std::sqrt(shape / n)) << shape;
    EXPECT_NEAR(Variance(values), shape, 6 * shape * std::sqrt((2 + 6 / shape) / n)) << shape;
    const auto cdf = [](double of) { return [of](double x) { return GammaCdf(of, x); }; };
    EXPECT_LT(Distance(values, cdf(shape)), kCritical) << shape;
    EXPECT_GT(Distance(values, cdf(shape * 1.1)), kCritical) << shape;
  }
}

TEST(DistributionTest, LogGammaSurvivesTinyShapes) {
  RandomStream stream = Stream(30);
  for (int i = 0; i < 2000; ++i) {
    const double value = stream.NextLogGamma(0.001);
    ASSERT_TRUE(std::isfinite(value));
  }
}

TEST(DistributionTest, BetaHasItsMomentsAndShape) {
  struct Case {
    double a, b;
  };
  uint64_t unit = 40;
  for (const auto [a, b] : {Case{0.2, 0.2}, Case{0.4, 0.4}, Case{1, 1}, Case{0.5, 2}, Case{8, 3}}) {
    const auto values = Draw(unit++, [a = a, b = b](RandomStream& s) { return s.NextBeta(a, b); });
    ASSERT_GE(values.front(), 0.0);
    ASSERT_LE(values.back(), 1.0);
    const double variance = a * b / ((a + b) * (a + b) * (a + b + 1));
    EXPECT_NEAR(Mean(values), a / (a + b), 6 * std::sqrt(variance / kDraws));
    EXPECT_NEAR(Variance(values), variance, 0.05 * variance);
    const auto cdf = [](double a1, double b1) {
      return [a1, b1](double x) { return BetaCdf(a1, b1, x); };
    };
    EXPECT_LT(Distance(values, cdf(a, b)), kCritical) << a << " " << b;
    EXPECT_GT(Distance(values, cdf(a * 1.25, b * 1.02)), kCritical) << a << " " << b;
  }
}

TEST(DistributionTest, BetaStaysInRangeForExtremeParameters) {
  RandomStream stream = Stream(60);
  for (const double a : {0.001, 0.01, 100.0, 1e4}) {
    for (int i = 0; i < 500; ++i) {
      const double value = stream.NextBeta(a, a);
      ASSERT_GE(value, 0.0);
      ASSERT_LE(value, 1.0);
    }
  }
}

}  // namespace
}  // namespace headrace
