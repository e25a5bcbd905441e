#include "loader/augment/policy_tables.h"

#include <algorithm>

namespace headrace::loader {
namespace {

using enum PolicyOp;
using Pair = PolicyPair;

constexpr Pair kImagenet[] = {
    {{{kPosterize, 0.4, 8}, {kRotate, 0.6, 9}}},  {{{kSolarize, 0.6, 5}, {kAutocontrast, 0.6, 0}}},
    {{{kEqualize, 0.8, 0}, {kEqualize, 0.6, 0}}}, {{{kPosterize, 0.6, 7}, {kPosterize, 0.6, 6}}},
    {{{kEqualize, 0.4, 0}, {kSolarize, 0.2, 4}}}, {{{kEqualize, 0.4, 0}, {kRotate, 0.8, 8}}},
    {{{kSolarize, 0.6, 3}, {kEqualize, 0.6, 0}}}, {{{kPosterize, 0.8, 5}, {kEqualize, 1.0, 0}}},
    {{{kRotate, 0.2, 3}, {kSolarize, 0.6, 8}}},   {{{kEqualize, 0.6, 0}, {kPosterize, 0.4, 6}}},
    {{{kRotate, 0.8, 8}, {kColor, 0.4, 0}}},      {{{kRotate, 0.4, 9}, {kEqualize, 0.6, 0}}},
    {{{kEqualize, 0.0, 0}, {kEqualize, 0.8, 0}}}, {{{kInvert, 0.6, 0}, {kEqualize, 1.0, 0}}},
    {{{kColor, 0.6, 4}, {kContrast, 1.0, 8}}},    {{{kRotate, 0.8, 8}, {kColor, 1.0, 2}}},
    {{{kColor, 0.8, 8}, {kSolarize, 0.8, 7}}},    {{{kSharpness, 0.4, 7}, {kInvert, 0.6, 0}}},
    {{{kShearX, 0.6, 5}, {kEqualize, 1.0, 0}}},   {{{kColor, 0.4, 0}, {kEqualize, 0.6, 0}}},
    {{{kEqualize, 0.4, 0}, {kSolarize, 0.2, 4}}}, {{{kSolarize, 0.6, 5}, {kAutocontrast, 0.6, 0}}},
    {{{kInvert, 0.6, 0}, {kEqualize, 1.0, 0}}},   {{{kColor, 0.6, 4}, {kContrast, 1.0, 8}}},
    {{{kEqualize, 0.8, 0}, {kEqualize, 0.6, 0}}},
};
constexpr Pair kCifar10[] = {
    {{{kInvert, 0.1, 0}, {kContrast, 0.2, 6}}},
    {{{kRotate, 0.7, 2}, {kTranslateX, 0.3, 9}}},
    {{{kSharpness, 0.8, 1}, {kSharpness, 0.9, 3}}},
    {{{kShearY, 0.5, 8}, {kTranslateY, 0.7, 9}}},
    {{{kAutocontrast, 0.5, 0}, {kEqualize, 0.9, 0}}},
    {{{kShearY, 0.2, 7}, {kPosterize, 0.3, 7}}},
    {{{kColor, 0.4, 3}, {kBrightness, 0.6, 7}}},
    {{{kSharpness, 0.3, 9}, {kBrightness, 0.7, 9}}},
    {{{kEqualize, 0.6, 0}, {kEqualize, 0.5, 0}}},
    {{{kContrast, 0.6, 7}, {kSharpness, 0.6, 5}}},
    {{{kColor, 0.7, 7}, {kTranslateX, 0.5, 8}}},
    {{{kEqualize, 0.3, 0}, {kAutocontrast, 0.4, 0}}},
    {{{kTranslateY, 0.4, 3}, {kSharpness, 0.2, 6}}},
    {{{kBrightness, 0.9, 6}, {kColor, 0.2, 8}}},
    {{{kSolarize, 0.5, 2}, {kInvert, 0.0, 0}}},
    {{{kEqualize, 0.2, 0}, {kAutocontrast, 0.6, 0}}},
    {{{kEqualize, 0.2, 0}, {kEqualize, 0.6, 0}}},
    {{{kColor, 0.9, 9}, {kEqualize, 0.6, 0}}},
    {{{kAutocontrast, 0.8, 0}, {kSolarize, 0.2, 8}}},
    {{{kBrightness, 0.1, 3}, {kColor, 0.7, 0}}},
    {{{kSolarize, 0.4, 5}, {kAutocontrast, 0.9, 0}}},
    {{{kTranslateY, 0.9, 9}, {kTranslateY, 0.7, 9}}},
    {{{kAutocontrast, 0.9, 0}, {kSolarize, 0.8, 3}}},
    {{{kEqualize, 0.8, 0}, {kInvert, 0.1, 0}}},
    {{{kTranslateY, 0.7, 9}, {kAutocontrast, 0.9, 0}}},
};
constexpr Pair kSvhn[] = {
    {{{kShearX, 0.9, 4}, {kInvert, 0.2, 0}}},       {{{kShearY, 0.9, 8}, {kInvert, 0.7, 0}}},
    {{{kEqualize, 0.6, 0}, {kSolarize, 0.6, 6}}},   {{{kInvert, 0.9, 0}, {kEqualize, 0.6, 0}}},
    {{{kEqualize, 0.6, 0}, {kRotate, 0.9, 3}}},     {{{kShearX, 0.9, 4}, {kAutocontrast, 0.8, 0}}},
    {{{kShearY, 0.9, 8}, {kInvert, 0.4, 0}}},       {{{kShearY, 0.9, 5}, {kSolarize, 0.2, 6}}},
    {{{kInvert, 0.9, 0}, {kAutocontrast, 0.8, 0}}}, {{{kEqualize, 0.6, 0}, {kRotate, 0.9, 3}}},
    {{{kShearX, 0.9, 4}, {kSolarize, 0.3, 3}}},     {{{kShearY, 0.8, 8}, {kInvert, 0.7, 0}}},
    {{{kEqualize, 0.9, 0}, {kTranslateY, 0.6, 6}}}, {{{kInvert, 0.9, 0}, {kEqualize, 0.6, 0}}},
    {{{kContrast, 0.3, 3}, {kRotate, 0.8, 4}}},     {{{kInvert, 0.8, 0}, {kTranslateY, 0.0, 2}}},
    {{{kShearY, 0.7, 6}, {kSolarize, 0.4, 8}}},     {{{kInvert, 0.6, 0}, {kRotate, 0.8, 4}}},
    {{{kShearY, 0.3, 7}, {kTranslateX, 0.9, 3}}},   {{{kShearX, 0.1, 6}, {kInvert, 0.6, 0}}},
    {{{kSolarize, 0.7, 2}, {kTranslateY, 0.6, 7}}}, {{{kShearY, 0.8, 4}, {kInvert, 0.8, 0}}},
    {{{kShearX, 0.7, 9}, {kTranslateY, 0.8, 3}}},   {{{kShearY, 0.8, 5}, {kAutocontrast, 0.7, 0}}},
    {{{kShearX, 0.7, 2}, {kInvert, 0.1, 0}}},
};
constexpr Pair kV0[] = {
    {{{kEqualize, 0.8, 0}, {kShearY, 0.8, 4}}},
    {{{kColor, 0.4, 9}, {kEqualize, 0.6, 0}}},
    {{{kColor, 0.4, 1}, {kRotate, 0.6, 8}}},
    {{{kSolarize, 0.8, 3}, {kEqualize, 0.4, 0}}},
    {{{kSolarize, 0.4, 2}, {kSolarize, 0.6, 2}}},
    {{{kColor, 0.2, 0}, {kEqualize, 0.8, 0}}},
    {{{kEqualize, 0.4, 0}, {kSolarizeAdd, 0.8, 3}}},
    {{{kShearX, 0.2, 9}, {kRotate, 0.6, 8}}},
    {{{kColor, 0.6, 1}, {kEqualize, 1.0, 0}}},
    {{{kInvert, 0.4, 0}, {kRotate, 0.6, 0}}},
    {{{kEqualize, 1.0, 0}, {kShearY, 0.6, 3}}},
    {{{kColor, 0.4, 7}, {kEqualize, 0.6, 0}}},
    {{{kPosterize, 0.4, 6}, {kAutocontrast, 0.4, 0}}},
    {{{kSolarize, 0.6, 8}, {kColor, 0.6, 9}}},
    {{{kSolarize, 0.2, 4}, {kRotate, 0.8, 9}}},
    {{{kRotate, 1.0, 7}, {kTranslateY, 0.8, 9}}},
    {{{kShearX, 0.0, 0}, {kSolarize, 0.8, 4}}},
    {{{kShearY, 0.8, 0}, {kColor, 0.6, 4}}},
    {{{kColor, 1.0, 0}, {kRotate, 0.6, 2}}},
    {{{kEqualize, 0.8, 0}, {kEqualize, 0.0, 0}}},
    {{{kEqualize, 1.0, 0}, {kAutocontrast, 0.6, 0}}},
    {{{kShearY, 0.4, 7}, {kSolarizeAdd, 0.6, 7}}},
    {{{kPosterize, 0.8, 2}, {kSolarize, 0.6, 10}}},
    {{{kSolarize, 0.6, 8}, {kEqualize, 0.6, 0}}},
    {{{kColor, 0.8, 6}, {kRotate, 0.4, 5}}},
};

constexpr PolicyTable kTables[] = {
    {"imagenet", kImagenet}, {"cifar10", kCifar10}, {"svhn", kSvhn}, {"v0", kV0, true}};

constexpr PolicyOp kTorchvisionRand[] = {
    kIdentity, kShearX,   kShearY,    kTranslateX, kTranslateY, kRotate,       kBrightness,
    kColor,    kContrast, kSharpness, kPosterize,  kSolarize,   kAutocontrast, kEqualize};
constexpr PolicyOp kTimmRand[] = {kAutocontrast, kEqualize,    kInvert, kRotate,     kPosterize,
                                  kSolarize,     kSolarizeAdd, kColor,  kContrast,   kBrightness,
                                  kSharpness,    kShearX,      kShearY, kTranslateX, kTranslateY};
constexpr PolicyOp kTfRand[] = {
    kAutocontrast, kEqualize,  kInvert, kRotate, kPosterize,  kSolarize,   kColor,  kContrast,
    kBrightness,   kSharpness, kShearX, kShearY, kTranslateX, kTranslateY, kCutout, kSolarizeAdd};

// The colour ops stand last in each, so that a prefix is the list without them.
constexpr size_t kColourOps = 4;
constexpr PolicyOp kAugMixReference[] = {
    kAutocontrast, kEqualize,   kPosterize, kRotate,   kSolarize,   kShearX,   kShearY,
    kTranslateX,   kTranslateY, kColor,     kContrast, kBrightness, kSharpness};
constexpr PolicyOp kAugMixTorchvision[] = {
    kShearX,       kShearY,   kTranslateX, kTranslateY, kRotate,   kPosterize, kSolarize,
    kAutocontrast, kEqualize, kBrightness, kColor,      kContrast, kSharpness};

}  // namespace

std::optional<PolicyOp> FindPolicyOp(std::string_view name) {
  const auto* found = std::ranges::find(kPolicyOpNames, name);
  if (found == kPolicyOpNames.end()) return std::nullopt;
  return static_cast<PolicyOp>(found - kPolicyOpNames.begin());
}

std::span<const PolicyTable> PolicyTables() { return kTables; }

const PolicyTable* FindPolicyTable(std::string_view name) {
  const auto* found = std::ranges::find(kTables, name, &PolicyTable::name);
  return found == std::end(kTables) ? nullptr : found;
}

std::span<const PolicyOp> RandAugmentOps(PolicyProfile profile) {
  switch (profile) {
    case PolicyProfile::kTorchvision: return kTorchvisionRand;
    case PolicyProfile::kTimm: return kTimmRand;
    case PolicyProfile::kTf: break;
  }
  return kTfRand;
}

std::span<const PolicyOp> TrivialAugmentOps() { return kTorchvisionRand; }

std::span<const PolicyOp> AugMixOpList(AugMixProfile profile, AugMixOps which) {
  // timm's list is the reference's in another order, which is nobody's business.
  const std::span<const PolicyOp> all = profile == AugMixProfile::kTorchvision
                                            ? std::span<const PolicyOp>(kAugMixTorchvision)
                                            : std::span<const PolicyOp>(kAugMixReference);
  return which == AugMixOps::kAll ? all : all.first(all.size() - kColourOps);
}

}  // namespace headrace::loader
