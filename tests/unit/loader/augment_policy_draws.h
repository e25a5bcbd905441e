// A second writing of how policies draw, by docs/ops.md, and what the tests of policies share.
#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "base/rng.h"
#include "loader/augment/op.h"
#include "loader/augment/policy_levels.h"
#include "loader/config_toml.h"
#include "tests/unit/loader/augment_pictures.h"

namespace headrace::loader {

inline std::vector<OpConfig> ParsedOps(const std::vector<std::string>& texts) {
  std::vector<OpConfig> ops;
  ConfigError error;
  EXPECT_TRUE(ParseOps(texts, &ops, &error)) << error.text;
  return ops;
}

inline std::unique_ptr<AugmentProgram> PolicyProgram(const std::string& text) {
  return MakeProgram(ParsedOps({text}));
}

// One op of a recipe, as policies name it, with its number.
struct DrawnOp {
  PolicyOp op = PolicyOp::kIdentity;
  double amount = 0;  // of rotations, which are matrices by then, NaN
  friend bool operator==(const DrawnOp& a, const DrawnOp& b) {
    if (a.op != b.op) return false;
    // torchvision's way from a shear to its angle and back may change the last bit.
    return std::isnan(a.amount) || std::isnan(b.amount) ||
           std::abs(a.amount - b.amount) <= 1e-15 * std::abs(a.amount);
  }
  friend std::ostream& operator<<(std::ostream& out, const DrawnOp& drawn) {
    return out << PolicyOpName(drawn.op) << '=' << drawn.amount;
  }
};

inline DrawnOp DrawnOf(const OpDraw& draw) {
  const auto& v = draw.values;
  const std::string_view name = draw.op->name();
  if (name == "random_affine") {
    EXPECT_EQ(v[0], 1);
    EXPECT_EQ(v[4], 1);
    if (v[1] != 0) return {PolicyOp::kShearX, v[1]};
    if (v[3] != 0) return {PolicyOp::kShearY, v[3]};
    if (v[2] != 0) return {PolicyOp::kTranslateX, -v[2]};
    return {PolicyOp::kTranslateY, -v[5]};
  }
  if (name == "random_rotation") return {PolicyOp::kRotate, NAN};
  if (name == "random_erasing" || name == "cutout") {
    return {PolicyOp::kCutout, static_cast<double>(draw.rect.width)};
  }
  const std::optional<PolicyOp> op = FindPolicyOp(name == "saturation" ? "color" : name);
  EXPECT_TRUE(op.has_value()) << name;
  if (!op.has_value()) return {};
  return {*op, HasMagnitude(*op) ? v[0] : 0};
}

inline std::vector<DrawnOp> DrawnOps(const Recipe& recipe) {
  std::vector<DrawnOp> drawn;
  for (const OpDraw& draw : recipe.draws()) drawn.push_back(DrawnOf(draw));
  return drawn;
}

// The stream of the only entry of a list, behind the draw for its p.
inline RandomStream StreamOf(const SampleKey& key, std::string_view op) {
  RandomStream stream({.seed = key.seed,
                       .epoch = key.epoch,
                       .unit = key.id,
                       .name = op,
                       .occurrence = 0,
                       .view = key.view});
  stream.NextUnit();
  return stream;
}

// Appends what an op at this amount comes to.
inline void AddDrawn(PolicyOp op, double amount, std::vector<DrawnOp>* drawn) {
  const bool factor = op == PolicyOp::kBrightness || op == PolicyOp::kColor ||
                      op == PolicyOp::kContrast || op == PolicyOp::kSharpness;
  if (op == PolicyOp::kIdentity || (factor && amount == 1)) return;
  if (op == PolicyOp::kPosterize && amount == 8) return;
  if (op == PolicyOp::kSolarize && amount == 256) return;
  const bool zero_is_nothing =
      HasMagnitude(op) && !factor && op != PolicyOp::kPosterize && op != PolicyOp::kSolarize;
  if (zero_is_nothing && amount == 0) return;
  drawn->push_back({op, op == PolicyOp::kRotate ? NAN : amount});
}

// What chi-square of `categories` - 1 degrees of freedom passes with probability 1e-6 (Wilson and
// Hilferty's approximation).
inline double ChiSquareLimit(size_t categories) {
  const double k = static_cast<double>(categories) - 1;
  constexpr double kNormal = 4.7534;  // of probability 1e-6
  return k * std::pow(1 - 2 / (9 * k) + kNormal * std::sqrt(2 / (9 * k)), 3);
}

// Against equal chances.
inline double ChiSquare(const std::vector<size_t>& counts) {
  double sum = 0;
  for (const size_t count : counts) sum += static_cast<double>(count);
  const double expected = sum / static_cast<double>(counts.size());
  double chi = 0;
  for (const size_t count : counts) {
    const double off = static_cast<double>(count) - expected;
    chi += off * off / expected;
  }
  return chi;
}

}  // namespace headrace::loader
