// The gradient of a loss by the parameters of a curve.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "base/rng.h"
#include "loader/augment/color_curve.h"
#include "loader/mix/ace_gradient.h"

namespace headrace::loader {
namespace {

using Sums = double[256];

std::vector<double> RandomParameters(uint32_t pieces, RandomStream* stream) {
  std::vector<double> p(pieces);
  for (double& value : p) value = stream->NextUniform(1, 8) / pieces;
  return p;
}

TEST(AceGradientTest, HasTheValuesOfTheReference) {
  // K = 4, p = [1, 2, 3, 2] / 4, pixels .1, .6, .9 with g = 1, -2, .5. All is linear inside of a
  // piece, so .1 is half of byte 25 and half of byte 26, .9 half of 229 and half of 230.
  const std::vector<double> p = {0.25, 0.5, 0.75, 0.5};
  Sums sums = {};
  sums[25] = sums[26] = 0.5;
  sums[153] = -2;
  sums[229] = sums[230] = 0.25;
  std::vector<double> gradient(4);
  CurveGradient(p, sums, gradient);
  const double expected[] = {-0.275, -0.475, 0.125, 0.425};
  for (size_t m = 0; m < 4; ++m) EXPECT_NEAR(gradient[m], expected[m], 1e-14);
}

TEST(AceGradientTest, IsThatOfFiniteDifferences) {
  // L = sum over v of h_v(F(v)), h_v a random square: not linear in p, like any loss.
  for (const uint32_t pieces : {2u, 4u, 17u, 64u, 256u}) {
    RandomStream stream({.seed = pieces, .name = "test"});
    std::vector<double> p = RandomParameters(pieces, &stream);
    double slope[256], bend[256];
    for (int v = 0; v < 256; ++v) {
      slope[v] = stream.NextNormal();
      bend[v] = stream.NextNormal();
    }
    const auto loss = [&] {
      double table[256];
      FillCurve(p, table);
      double sum = 0;
      for (int v = 0; v < 256; ++v) sum += table[v] * (slope[v] + bend[v] * table[v]);
      return sum;
    };
    double table[256];
    FillCurve(p, table);
    Sums sums;
    for (int v = 0; v < 256; ++v) sums[v] = slope[v] + 2 * bend[v] * table[v];
    std::vector<double> gradient(pieces);
    CurveGradient(p, sums, gradient);

    double largest = 0;
    double along = 0;  // p itself: the curve does not change along it
    for (uint32_t m = 0; m < pieces; ++m) {
      constexpr double kStep = 1e-6;
      const double before = p[m];
      p[m] = before + kStep;
      const double up = loss();
      p[m] = before - kStep;
      const double down = loss();
      p[m] = before;
      EXPECT_NEAR(gradient[m], (up - down) / (2 * kStep), 1e-6) << pieces << " " << m;
      largest = std::max(largest, std::abs(gradient[m]));
      along += p[m] * gradient[m];
    }
    EXPECT_GT(largest, 1e-2);
    EXPECT_NEAR(along, 0, 1e-12);
  }
}

TEST(AceGradientTest, OfAConstantPictureIsTheFormula) {
  // A picture of one value in piece k: the pieces above count through the sum only, so all of them
  // have the same gradient, -F g n / S, and those below (1 - F) g n / S.
  const uint32_t pieces = 8;
  RandomStream stream({.seed = 3, .name = "test"});
  const std::vector<double> p = RandomParameters(pieces, &stream);
  double sum = 0;
  for (const double value : p) sum += value;
  double table[256];
  FillCurve(p, table);
  const std::vector<uint8_t> pixels(35, 100);
  const std::vector<float> grad(35, 0.5f);
  Sums sums;
  SumByValue(pixels.data(), 5, 7, {grad.data(), 7, 1}, sums);
  EXPECT_EQ(sums[100], 17.5);
  std::vector<double> gradient(pieces);
  CurveGradient(p, sums, gradient);
  const uint32_t piece = 100 * pieces / 255;
  for (uint32_t m = 0; m < pieces; ++m) {
    if (m == piece) continue;
    const double weight = m < piece ? 1 - table[100] : -table[100];
    EXPECT_NEAR(gradient[m], 17.5 * weight / sum, 1e-12) << m;
  }
}

TEST(AceGradientTest, SumsDoNotDependOnHowTheGradientLies) {
  constexpr uint32_t kHeight = 13, kWidth = 17;
  RandomStream stream({.seed = 1, .name = "test"});
  std::vector<uint8_t> pixels(kHeight * kWidth);
  std::vector<float> dense(kHeight * kWidth);
  for (auto& v : pixels) v = static_cast<uint8_t>(stream.NextBelow(7) * 40);
  for (auto& g : dense) g = static_cast<float>(stream.NextNormal());
  Sums expected;
  SumByValue(pixels.data(), kHeight, kWidth, {dense.data(), kWidth, 1}, expected);

  // Against sums in f64, and the partial sums by hand.
  for (int v = 0; v < 256; ++v) {
    float banks[4] = {};
    double exact = 0;
    for (size_t i = 0; i < pixels.size(); ++i) {
      if (pixels[i] != v) continue;
      banks[i % 4] += dense[i];
      exact += dense[i];
    }
    ASSERT_EQ(expected[v],
              (double{banks[0]} + double{banks[1]}) + (double{banks[2]} + double{banks[3]}));
    ASSERT_NEAR(expected[v], exact, 1e-4);
  }

  struct Lie {
    int64_t stride_y, stride_x;
  };
  for (const Lie lie : {Lie{kWidth * 3, 3}, Lie{kWidth + 5, 1}, Lie{1, kHeight}, Lie{100, 4}}) {
    std::vector<float> spread(3000, 1e30f);
    for (uint32_t y = 0; y < kHeight; ++y) {
      for (uint32_t x = 0; x < kWidth; ++x) {
        spread[static_cast<size_t>(y * lie.stride_y + x * lie.stride_x)] = dense[y * kWidth + x];
      }
    }
    Sums sums;
    SumByValue(pixels.data(), kHeight, kWidth, {spread.data(), lie.stride_y, lie.stride_x}, sums);
    EXPECT_TRUE(std::equal(sums, sums + 256, expected)) << lie.stride_y << " " << lie.stride_x;
  }
  // From the last row up and from right to left.
  std::vector<float> turned(dense.rbegin(), dense.rend());
  Sums sums;
  SumByValue(pixels.data(), kHeight, kWidth,
             {turned.data() + turned.size() - 1, -int64_t{kWidth}, -1}, sums);
  EXPECT_TRUE(std::equal(sums, sums + 256, expected));
}

TEST(AceGradientTest, TheShareOfAPieceAddsUp) {
  // Raising one byte's F alone by g: the parts of W are the place of the byte.
  const std::vector<double> p(64, 1.0 / 64);
  for (const uint32_t v : {0u, 1u, 3u, 4u, 100u, 254u, 255u}) {
    Sums sums = {};
    sums[v] = 1;
    std::vector<double> gradient(64);
    CurveGradient(p, sums, gradient);
    // dF/dp_m = (w_m - F) / S with S = 1.
    for (uint32_t m = 0; m < 64; ++m) {
      const double share = std::clamp(64 * (v / 255.0) - m, 0.0, 1.0);
      EXPECT_NEAR(gradient[m], share - v / 255.0, 1e-13) << v << " " << m;
    }
  }
}

}  // namespace
}  // namespace headrace::loader
