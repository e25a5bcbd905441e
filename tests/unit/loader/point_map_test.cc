// PointMap: forward and back are each other's inverse, and know what is nowhere to be seen.
#include "loader/augment/point_map.h"

#include <gtest/gtest.h>

#include <cmath>

namespace headrace::loader {
namespace {

void ExpectNear(PointF actual, PointF expected, double tolerance) {
  EXPECT_NEAR(actual.x, expected.x, tolerance);
  EXPECT_NEAR(actual.y, expected.y, tolerance);
}

// Both ways over a grid of points.
void ExpectRoundTrips(const PointMap& map, double tolerance) {
  for (double y = -20; y <= 120; y += 7) {
    for (double x = -20; x <= 160; x += 9) {
      ExpectNear(map.Back(map.Forward({x, y})), {x, y}, tolerance);
      ExpectNear(map.Forward(map.Back({x, y})), {x, y}, tolerance);
    }
  }
}

TEST(PointMapTest, IsTheIdentityByDefault) {
  const PointMap map;
  EXPECT_TRUE(map.is_identity());
  EXPECT_EQ(map.Forward({3, 4}), (PointF{3, 4}));
  EXPECT_EQ(map.Back({3, 4}), (PointF{3, 4}));
}

TEST(PointMapTest, ScalesAndShifts) {
  // A mirror image of a picture 100 wide, half as high.
  const PointMap map = PointMap::ScaleShift(-1, 100, 0.5, 3);
  EXPECT_EQ(map.Forward({10, 20}), (PointF{90, 13}));
  EXPECT_EQ(map.Back({90, 13}), (PointF{10, 20}));
  EXPECT_TRUE(map.keeps_lines());
  ExpectRoundTrips(map, 1e-12);
}

TEST(PointMapTest, InvertsAffineMaps) {
  // A quarter turn: output (x, y) shows input (y, 50 - x).
  const PointMap turn = PointMap::FromBack({0, 1, 0, -1, 0, 50, 0, 0, 1});
  ExpectNear(turn.Back({10, 20}), {20, 40}, 1e-12);
  ExpectNear(turn.Forward({20, 40}), {10, 20}, 1e-12);
  ExpectRoundTrips(PointMap::FromBack({0.8, -0.3, 5, 0.2, 1.1, -7, 0, 0, 1}), 1e-10);
}

TEST(PointMapTest, InvertsPerspective) {
  ExpectRoundTrips(PointMap::FromBack({1.1, 0.1, 2, -0.05, 0.9, 4, 1e-3, -5e-4, 1}), 1e-9);
}

TEST(PointMapTest, SendsWhatIsBehindTheHorizonToInfinity) {
  const PointMap map = PointMap::FromBack({1, 0, 0, 0, 1, 0, -0.02, 0, 1});
  EXPECT_FALSE(std::isfinite(map.Back({60, 10}).x));
  EXPECT_TRUE(std::isfinite(map.Back({40, 10}).x));
}

TEST(PointMapTest, SaysNothingIsSeenThroughAMapThatCannotBeInverted) {
  const PointMap flat = PointMap::FromBack({1, 1, 0, 1, 1, 0, 0, 0, 1});
  EXPECT_FALSE(std::isfinite(flat.Forward({3, 5}).x));
}

TEST(PointMapTest, MagnifiesInsideTheLensOnly) {
  const PointF centre{70, 50};
  const PointMap lens = PointMap::Lens(centre, 40, 1.6);
  EXPECT_FALSE(lens.keeps_lines());
  EXPECT_EQ(lens.Forward({10, 10}), (PointF{10, 10}));
  ExpectNear(lens.Forward(centre), centre, 1e-12);
  // Near the centre lengths grow by the power; at the rim nothing moves.
  ExpectNear(lens.Forward({70.01, 50}), {70.016, 50}, 1e-6);
  ExpectNear(lens.Forward({109.9999, 50}), {109.9999, 50}, 1e-3);
  ExpectRoundTrips(lens, 1e-9);
}

TEST(PointMapTest, LensOfPowerOneIsTheIdentity) {
  ExpectRoundTrips(PointMap::Lens({50, 50}, 30, 1), 1e-9);
  ExpectNear(PointMap::Lens({50, 50}, 30, 1).Forward({60, 55}), {60, 55}, 1e-9);
}

}  // namespace
}  // namespace headrace::loader
