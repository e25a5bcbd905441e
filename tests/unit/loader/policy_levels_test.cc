// What magnitudes amount to: torchvision's by program, the other maps by values worked out by hand.
#include "loader/augment/policy_levels.h"

#include <gtest/gtest.h>

#include <cmath>
#include <string>

#include "tests/unit/loader/policy_golden.h"

namespace headrace::loader {
namespace {

using enum PolicyOp;
constexpr SizePx kSize = {300, 200};
constexpr PolicyOp kFactors[] = {kBrightness, kColor, kContrast, kSharpness};

LevelMap MapOf(const std::string& name) {
  if (name == "wide") return LevelMap::kTorchvisionWide;
  return name == "aug_mix" ? LevelMap::kTorchvisionAugMix : LevelMap::kTorchvision;
}

// What torchvision makes of an entry of its space.
double AmountOfEntry(PolicyOp op, double entry, Sign sign) {
  const double turned = sign == Sign::kMinus ? -entry : entry;
  if (op == kTranslateX || op == kTranslateY) return std::trunc(turned);
  const bool factor = op == kBrightness || op == kColor || op == kContrast || op == kSharpness;
  return factor ? 1.0 + turned : turned;
}

TEST(PolicyLevelsTest, EveryBinAmountsToWhatTorchvisionMakesOfIt) {
  size_t values = 0;
  for (const auto& row : PolicyGoldenRows("level")) {
    const LevelMap map = MapOf(row[1]);
    const PolicyOp op = FindPolicyOp(row[2]).value();
    const int bins = std::stoi(row[3]);
    const SizePx size = {static_cast<uint32_t>(std::stoul(row[4])),
                         static_cast<uint32_t>(std::stoul(row[5]))};
    SCOPED_TRACE(row[1] + " " + row[2] + " " + row[3] + " bins " + row[4] + "x" + row[5]);
    EXPECT_EQ(IsSigned(map, op), row[6] == "1");
    ASSERT_EQ(row.size(), 7u + static_cast<size_t>(bins));
    for (int bin = 0; bin < bins; ++bin) {
      const double entry = std::stod(row[7 + static_cast<size_t>(bin)]);
      const PolicyLevel level{static_cast<double>(bin), bins};
      EXPECT_EQ(PolicyAmount(map, op, level, Sign::kPlus, size),
                AmountOfEntry(op, entry, Sign::kPlus))
          << bin;
      if (IsSigned(map, op)) {
        EXPECT_EQ(PolicyAmount(map, op, level, Sign::kMinus, size),
                  AmountOfEntry(op, entry, Sign::kMinus))
            << bin;
      }
      ++values;
    }
  }
  EXPECT_GT(values, 3000u);
}

double At(LevelMap map, PolicyOp op, double level, Sign sign = Sign::kPlus) {
  return PolicyAmount(map, op, {level, 0}, sign, kSize);
}

TEST(PolicyLevelsTest, GeometryAtLevelNineIsWhatEachProfileSays) {
  constexpr double kNine = 9;
  for (const LevelMap map : {LevelMap::kTimm, LevelMap::kTimmIncreasing, LevelMap::kTf}) {
    EXPECT_EQ(At(map, kRotate, kNine), kNine / 10 * 30);
    EXPECT_EQ(At(map, kShearX, kNine, Sign::kMinus), -(kNine / 10 * 0.3));
  }
  EXPECT_DOUBLE_EQ(At(LevelMap::kTimm, kTranslateX, kNine), 0.405 * 300);
  EXPECT_DOUBLE_EQ(At(LevelMap::kTimm, kTranslateY, kNine, Sign::kMinus), -0.405 * 200);
  EXPECT_DOUBLE_EQ(At(LevelMap::kTimmAugMix, kTranslateX, 3), 0.09 * 300);
  EXPECT_EQ(At(LevelMap::kTf, kTranslateY, kNine), 225);
  EXPECT_EQ(At(LevelMap::kTfRand, kTranslateY, 28), 280);
  EXPECT_EQ(At(LevelMap::kAugMix, kTranslateX, 2.99), 29);  // T(0.299 * 100)
  EXPECT_EQ(At(LevelMap::kAugMix, kTranslateX, 2.99, Sign::kMinus), -29);
  EXPECT_EQ(At(LevelMap::kAugMix, kRotate, 2.99), 8);
  EXPECT_DOUBLE_EQ(At(LevelMap::kAugMix, kShearY, 2), 0.06);
}

TEST(PolicyLevelsTest, FactorsSweepInPlainMapsAndGoBothWaysInIncreasingOnes) {
  for (const PolicyOp op : kFactors) {
    for (const LevelMap map : {LevelMap::kTimm, LevelMap::kTimmOriginal, LevelMap::kTf,
                               LevelMap::kTfRand, LevelMap::kAugMix}) {
      EXPECT_FALSE(IsSigned(map, op));
      EXPECT_EQ(At(map, op, 0), 0.1);
      EXPECT_DOUBLE_EQ(At(map, op, 5), 1.0);
      EXPECT_DOUBLE_EQ(At(map, op, 10), 1.9);
    }
    EXPECT_DOUBLE_EQ(At(LevelMap::kTfRand, op, 30), 5.5);
    for (const LevelMap map : {LevelMap::kTimmIncreasing, LevelMap::kTimmAugMix}) {
      EXPECT_TRUE(IsSigned(map, op));
      EXPECT_EQ(At(map, op, 0, Sign::kMinus), 1.0);
      EXPECT_DOUBLE_EQ(At(map, op, 5), 1.45);
      EXPECT_DOUBLE_EQ(At(map, op, 5, Sign::kMinus), 0.55);
      EXPECT_DOUBLE_EQ(At(map, op, 10, Sign::kMinus), 0.1);
      EXPECT_DOUBLE_EQ(At(map, op, 30, Sign::kMinus), 0.1);  // never below
    }
  }
}

TEST(PolicyLevelsTest, PosterizeFallsInPlainMapsAndRisesInTheOthers) {
  const double levels[] = {0, 2.4, 2.5, 5, 7.5, 9, 10, 30};
  const double plain[] = {0, 0, 1, 2, 3, 3, 4, 8};
  const double original[] = {4, 4, 5, 6, 7, 7, 8, 8};
  const double rising[] = {4, 4, 3, 2, 1, 1, 0, 0};
  for (size_t i = 0; i < std::size(levels); ++i) {
    EXPECT_EQ(At(LevelMap::kTimm, kPosterize, levels[i]), plain[i]);
    EXPECT_EQ(At(LevelMap::kTf, kPosterize, levels[i]), plain[i]);
    EXPECT_EQ(At(LevelMap::kTimmOriginal, kPosterize, levels[i]), original[i]);
    EXPECT_EQ(At(LevelMap::kTimmIncreasing, kPosterize, levels[i]), rising[i]);
    EXPECT_EQ(At(LevelMap::kAugMix, kPosterize, levels[i]), rising[i]);
  }
}

TEST(PolicyLevelsTest, SolarizeAndItsKin) {
  EXPECT_EQ(At(LevelMap::kTimm, kSolarize, 0), 0);
  EXPECT_EQ(At(LevelMap::kTimm, kSolarize, 9), 230);
  EXPECT_EQ(At(LevelMap::kTfRand, kSolarize, 28), 256);
  EXPECT_EQ(At(LevelMap::kTimmIncreasing, kSolarize, 9), 26);
  EXPECT_EQ(At(LevelMap::kTimmIncreasing, kSolarize, 0), 256);
  EXPECT_EQ(At(LevelMap::kAugMix, kSolarize, 3), 256 - 76);
  EXPECT_EQ(At(LevelMap::kTimm, kSolarizeAdd, 9), 99);
  EXPECT_EQ(At(LevelMap::kTfRand, kSolarizeAdd, 28), 128);
}

TEST(PolicyLevelsTest, CutoutSidesAreEvenOrWhole) {
  EXPECT_EQ(At(LevelMap::kTf, kCutout, 9), 180);
  EXPECT_EQ(At(LevelMap::kTfRand, kCutout, 9), 72);
  EXPECT_EQ(At(LevelMap::kAugMix, kCutout, 9), 18);
  // With torchvision's bins 60 of 331 pixels of the short side at the last.
  EXPECT_EQ(PolicyAmount(LevelMap::kTorchvision, kCutout, {9, 10}, Sign::kPlus, kSize), 36);
  EXPECT_EQ(PolicyAmount(LevelMap::kTorchvision, kSolarizeAdd, {9, 10}, Sign::kPlus, kSize), 110);
}

TEST(PolicyLevelsTest, NoAmountIsAMinusZero) {
  for (size_t op = 0; op < kPolicyOpNames.size(); ++op) {
    for (int map = 0; map <= static_cast<int>(LevelMap::kAugMix); ++map) {
      const double amount = PolicyAmount(static_cast<LevelMap>(map), static_cast<PolicyOp>(op),
                                         {0, 10}, Sign::kMinus, kSize);
      EXPECT_FALSE(std::signbit(amount)) << PolicyOpName(static_cast<PolicyOp>(op)) << map;
    }
  }
}

TEST(PolicyLevelsTest, ALineOfFloatsEndsWhereItShould) {
  for (const int count : {2, 3, 10, 31, 1000}) {
    EXPECT_EQ(LinspaceEntry(0, 0.3f, count, 0), 0.0f);
    EXPECT_FLOAT_EQ(LinspaceEntry(0, 0.3f, count, count - 1), 0.3f);
    EXPECT_EQ(LinspaceEntry(255, 0, count, 0), 255.0f);
    EXPECT_EQ(LinspaceEntry(255, 0, count, count - 1), 0.0f);
  }
}

}  // namespace
}  // namespace headrace::loader
