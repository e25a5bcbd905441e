// Colour curves, and random_color_filter, the op that draws them.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "base/rng.h"
#include "loader/augment/color_curve.h"
#include "tests/support/allocation_counter.h"
#include "tests/unit/loader/augment_replay.h"

namespace headrace::loader {
namespace {

// The definition, for any x.
double CurveAt(const std::vector<double>& p, double x) {
  double sum = 0;
  double value = 0;
  for (size_t i = 0; i < p.size(); ++i) {
    sum += p[i];
    value +=
        p[i] * std::clamp(x * static_cast<double>(p.size()) - static_cast<double>(i), 0.0, 1.0);
  }
  return value / sum;
}

std::vector<double> RandomParameters(uint32_t pieces, double bound, uint64_t seed) {
  RandomStream stream({.seed = seed, .name = "test"});
  std::vector<double> p(pieces);
  for (double& value : p) value = stream.NextUniform(1, bound) / pieces;
  return p;
}

TEST(ColorCurveTest, HasTheValuesOfTheReference) {
  // K = 4, p = [1, 2, 3, 2] / 4, at x = 0, .6 and 1, which bytes meet.
  const std::vector<double> p = {0.25, 0.5, 0.75, 0.5};
  double table[256];
  FillCurve(p, table);
  EXPECT_DOUBLE_EQ(table[0], 0);
  EXPECT_DOUBLE_EQ(table[153], 0.525);
  EXPECT_DOUBLE_EQ(table[255], 1);
  // x = .1 and .9 lie between two bytes of one piece, where the curve is a line; x = .25 and .5 are
  // near 63.75 and 127.5, on knots.
  EXPECT_DOUBLE_EQ((table[25] + table[26]) / 2, 0.05);
  EXPECT_DOUBLE_EQ((table[229] + table[230]) / 2, 0.9);
  EXPECT_NEAR(table[63], 0.125 - 0.5 / 255 * 0.75, 1e-12);
  EXPECT_NEAR(table[128], 0.375 + 1.5 / 255 * 0.5, 1e-12);
}

TEST(ColorCurveTest, TheTableIsTheDefinition) {
  for (const uint32_t pieces : {2u, 3u, 5u, 17u, 64u, 85u, 255u, 256u}) {
    const std::vector<double> p = RandomParameters(pieces, 16, pieces);
    double table[256];
    FillCurve(p, table);
    uint8_t bytes[256];
    FillCurveBytes(p, bytes);
    EXPECT_EQ(table[0], 0.0);
    EXPECT_EQ(table[255], 1.0);
    for (int v = 0; v < 256; ++v) {
      ASSERT_NEAR(table[v], CurveAt(p, v / 255.0), 1e-12) << pieces << " at " << v;
      ASSERT_EQ(bytes[v], static_cast<int>(std::nearbyint(table[v] * 255))) << v;
      if (v > 0) {
        ASSERT_GT(table[v], table[v - 1]);
        ASSERT_GE(bytes[v], bytes[v - 1]);
      }
    }
  }
}

TEST(ColorCurveTest, OnlyRatiosCountAndEqualOnesAreTheIdentity) {
  const std::vector<double> p = RandomParameters(64, 8, 3);
  std::vector<double> scaled = p;
  for (double& value : scaled) value *= 37.5;
  double one[256], other[256];
  FillCurve(p, one);
  FillCurve(scaled, other);
  for (int v = 0; v < 256; ++v) ASSERT_NEAR(one[v], other[v], 1e-14);
  for (const uint32_t pieces : {2u, 7u, 64u, 256u}) {
    uint8_t bytes[256];
    FillCurveBytes(std::vector<double>(pieces, 1.0 / pieces), bytes);
    for (int v = 0; v < 256; ++v) ASSERT_EQ(bytes[v], v) << pieces;
  }
}

TEST(ColorCurveTest, DrawnCurvesKeepTheBoundAndUseIt) {
  constexpr uint32_t kChannels = 3;
  for (const CurveFamily family :
       {CurveFamily::kSmooth, CurveFamily::kExtreme, CurveFamily::kIid}) {
    for (const double bound : {1.0, 2.0, 8.0}) {
      for (const uint32_t pieces : {2u, 5u, 64u, 256u}) {
        const CurveDraw draw{.family = family, .bound = bound, .pieces = pieces};
        double least = 1e9, most = 0;
        for (uint64_t seed = 0; seed < 50; ++seed) {
          RandomStream stream({.seed = seed, .name = "test"});
          std::vector<double> p(size_t{kChannels} * pieces);
          DrawCurves(draw, kChannels, &stream, p);
          for (const double value : p) {
            ASSERT_GE(value * pieces, 1 - 1e-12);
            ASSERT_LE(value * pieces, bound * (1 + 1e-12));
            least = std::min(least, value * pieces);
            most = std::max(most, value * pieces);
          }
        }
        EXPECT_LT(least, 1 + 0.1 * (bound - 1) + 1e-9);
        EXPECT_GT(most, 1 + 0.9 * (bound - 1) - 1e-9);
      }
    }
  }
}

TEST(ColorCurveTest, ChannelMixOfZeroIsOneCurveForAll) {
  CurveDraw draw{.channel_mix = 0};
  RandomStream stream({.seed = 1, .name = "test"});
  std::vector<double> p(3 * 64);
  DrawCurves(draw, 3, &stream, p);
  EXPECT_TRUE(std::equal(p.begin(), p.begin() + 64, p.begin() + 64));
  EXPECT_TRUE(std::equal(p.begin(), p.begin() + 64, p.begin() + 128));
  // The draws are the same ones, whatever the mix.
  draw.channel_mix = 1;
  std::vector<double> own(3 * 64);
  RandomStream again({.seed = 1, .name = "test"});
  DrawCurves(draw, 3, &again, own);
  EXPECT_NE(p, own);
  EXPECT_EQ(stream.NextU32(), again.NextU32());
}

// ------------------------------------------------------------------ the op

constexpr const char* kLists[] = {
    "op = \"random_color_filter\"\np = 1.0", "op = \"random_color_filter\"",
    "op = \"random_color_filter\"\np = 1.0\nfamily = \"extreme\"\nbound = 8\npieces = 2",
    "op = \"random_color_filter\"\np = 1.0\nfamily = \"iid\"\nbound = 16.5\npieces = 256",
    "op = \"random_color_filter\"\np = 1.0\nchannel_mix = 0.25\npieces = 7"};

Bitmap Ran(const std::string& body, const Bitmap& picture, uint64_t id = 0) {
  const auto program = MakeProgram(ParsedOp(body));
  return Applied(*program, MakeRecipe(*program, {.seed = 1, .id = id}, picture.size), picture);
}

TEST(ColorFilterTest, WhatIsExplainedReplays) {
  for (const char* body : kLists) ExpectReplays(ParsedOp(body), MakePicture({33, 21}, 4), 20);
}

TEST(ColorFilterTest, AnySizeWorks) {
  for (const char* body : kLists) {
    for (const SizePx size : {SizePx{1, 1}, {1, 7}, {7, 1}, {2, 3}, {17, 31}}) {
      EXPECT_EQ(Ran(body, MakePicture(size, 1)).size, size) << body;
    }
  }
}

TEST(ColorFilterTest, ABoundOfOneChangesNothing) {
  const Bitmap picture = MakePicture({40, 30}, 2);
  EXPECT_EQ(Ran("op = \"random_color_filter\"\np = 1.0\nbound = 1", picture), picture);
}

TEST(ColorFilterTest, NoPixelMovesFurtherThanTheBoundLets) {
  const Bitmap picture = MakePicture({64, 64}, 3);
  for (const double bound : {2.0, 4.0, 8.0, 16.0}) {
    const double shift = (std::sqrt(bound) - 1) / (std::sqrt(bound) + 1);
    int most = 0;
    for (uint64_t id = 0; id < 200; ++id) {
      const std::string body =
          "op = \"random_color_filter\"\np = 1.0\nfamily = \"extreme\"\nbound = " +
          std::to_string(bound);
      const Bitmap result = Ran(body, picture, id);
      for (size_t i = 0; i < picture.bytes.size(); ++i) {
        most = std::max(most, std::abs(int{result.bytes[i]} - int{picture.bytes[i]}));
      }
    }
    EXPECT_LE(most, 255 * shift + 1) << bound;
    EXPECT_GE(most, 255 * shift * 0.5) << bound;  // and the bound is made use of
  }
}

TEST(ColorFilterTest, PixelsOfOneValueStayOfOneValue) {
  const Bitmap picture = MakePicture({50, 40}, 5);
  const Bitmap result = Ran(kLists[0], picture);
  EXPECT_NE(result, picture);
  std::array<std::array<int, 256>, 3> seen;
  for (auto& channel : seen) channel.fill(-1);
  for (size_t i = 0; i < picture.bytes.size(); ++i) {
    int& there = seen[i % 3][picture.bytes[i]];
    if (there < 0) there = result.bytes[i];
    ASSERT_EQ(there, result.bytes[i]);
  }
}

TEST(ColorFilterTest, DrawsTheKeyAlone) {
  const Bitmap picture = MakePicture({8, 8}, 1);
  const auto program = MakeProgram(ParsedOp("op = \"random_color_filter\"\np = 1.0"));
  const Recipe recipe = MakeRecipe(*program, {.seed = 4, .epoch = 2, .id = 9}, picture.size);
  RandomStream stream({.seed = 4, .epoch = 2, .unit = 9, .name = "random_color_filter"});
  stream.NextUnit();  // p
  const double low = stream.NextU32();
  const double high = stream.NextU32();
  EXPECT_EQ(OnlyDraw(recipe).values[1], low);
  EXPECT_EQ(OnlyDraw(recipe).values[2], high);
}

}  // namespace
}  // namespace headrace::loader
