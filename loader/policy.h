// What an augmentation policy is: lists of primitive ops, each with a probability and a magnitude.
//
// Plain data, shared by the configuration (policy files), the tables of published policies and the
// policy ops. A magnitude is a number without a unit; policy_levels.h says what it amounts to.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace headrace::loader {

enum class PolicyOp : uint8_t {
  kIdentity,
  kShearX,
  kShearY,
  kTranslateX,
  kTranslateY,
  kRotate,
  kBrightness,
  kColor,
  kContrast,
  kSharpness,
  kPosterize,
  kSolarize,
  kAutocontrast,
  kEqualize,
  kInvert,
  kSolarizeAdd,
  kCutout,
};
// As policy files spell them, in the order of the enum.
inline constexpr std::array<std::string_view, 17> kPolicyOpNames = {
    "identity",     "shear_x",  "shear_y",  "translate_x",  "translate_y", "rotate",
    "brightness",   "color",    "contrast", "sharpness",    "posterize",   "solarize",
    "autocontrast", "equalize", "invert",   "solarize_add", "cutout"};

constexpr std::string_view PolicyOpName(PolicyOp op) {
  return kPolicyOpNames[static_cast<size_t>(op)];
}

// Whether a magnitude makes a difference to the op.
constexpr bool HasMagnitude(PolicyOp op) {
  return op != PolicyOp::kIdentity && op != PolicyOp::kAutocontrast && op != PolicyOp::kEqualize &&
         op != PolicyOp::kInvert;
}

// Whether it puts pixels elsewhere.
constexpr bool MovesPoints(PolicyOp op) {
  return op >= PolicyOp::kShearX && op <= PolicyOp::kRotate;
}

// Whose level maps, op lists and habits.
enum class PolicyProfile : uint8_t { kTorchvision, kTimm, kTf };
inline constexpr std::array<std::string_view, 3> kPolicyProfileNames = {"torchvision", "timm",
                                                                        "tf"};

struct PolicyStep {
  PolicyOp op = PolicyOp::kIdentity;
  double p = 1.0;
  // torchvision: a bin, a whole number below the policy's bins; timm and tf: a level, 0 to 10.
  double magnitude = 0.0;
};
using SubPolicy = std::vector<PolicyStep>;

struct Policy {
  PolicyProfile profile = PolicyProfile::kTorchvision;
  int bins = 10;
  std::vector<SubPolicy> sub_policies;  // one is drawn a sample
};

inline constexpr size_t kSubPoliciesMax = 1000;
inline constexpr size_t kSubPolicyOpsMax = 16;
inline constexpr double kPolicyLevelMax = 10;
// The TPU models were trained with RandAugment's levels up to here.
inline constexpr double kTfLevelMax = 30;

// Null when there is no op of that name.
std::optional<PolicyOp> FindPolicyOp(std::string_view name);

}  // namespace headrace::loader
