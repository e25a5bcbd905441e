#include "loader/augment/policy_levels.h"

#include <algorithm>
#include <cmath>

namespace headrace::loader {
namespace {

using enum PolicyOp;

// Largest amounts, at the last bin or at level 10.
constexpr double kShearMax = 0.3;
constexpr double kWideShearMax = 0.99;
constexpr double kDegreesMax = 30.0;
constexpr double kWideDegreesMax = 135.0;
constexpr double kFactorSpread = 0.9;
constexpr double kWideFactorSpread = 0.99;
constexpr double kWideTranslateMax = 32.0;         // pixels
constexpr double kPaperTranslate = 150.0 / 331.0;  // of a side
constexpr double kTimmTranslate = 0.45;            // of a side
constexpr double kTimmAugMixTranslate = 0.3;       // of a side
constexpr double kTfTranslateMax = 250.0;          // pixels
constexpr double kTfRandTranslateMax = 100.0;      // pixels
constexpr double kTfCutoutMax = 100.0;             // half a side, pixels
constexpr double kTfRandCutoutMax = 40.0;          // half a side, pixels
constexpr double kAugMixCutoutMax = 20.0;          // a side, pixels
// AutoAugment's paper cuts up to 60 of 331 pixels and adds up to 110. torchvision has neither op;
// with its bins they go as its translations do.
constexpr double kPaperCutout = 60.0 / 331.0;
constexpr double kAddMax = 110.0;

constexpr double kNoThreshold = 256.0;
constexpr double kAddBound = 128.0;
constexpr double kDim = 0.1;  // the least factor of timm and TensorFlow
constexpr double kBits = 8.0;

constexpr bool IsFactor(PolicyOp op) {
  return op == kBrightness || op == kColor || op == kContrast || op == kSharpness;
}

double SideOf(PolicyOp op, SizePx size) { return op == kTranslateY ? size.height : size.width; }
double ShortSide(SizePx size) { return std::min(size.width, size.height); }

// Never -0, which would show in recipes.
double Signed(double amount, Sign sign) {
  return sign == Sign::kMinus && amount != 0 ? -amount : amount;
}

// The maps with bins.
class BinMap {
 public:
  BinMap(LevelMap map, const PolicyLevel& level)
      : map_(map), bins_(level.bins), bin_(static_cast<int>(level.magnitude)) {}

  double Amount(PolicyOp op, Sign sign, SizePx size) const {
    const bool wide = map_ == LevelMap::kTorchvisionWide;
    switch (op) {
      case kShearX:
      case kShearY: return Signed(UpTo(wide ? kWideShearMax : kShearMax), sign);
      case kTranslateX:
      case kTranslateY: return Signed(std::trunc(UpTo(TranslateMax(SideOf(op, size)))), sign);
      case kRotate: return Signed(UpTo(wide ? kWideDegreesMax : kDegreesMax), sign);
      case kBrightness:
      case kColor:
      case kContrast:
      case kSharpness: return 1.0 + Signed(UpTo(wide ? kWideFactorSpread : kFactorSpread), sign);
      case kPosterize: return Bits();
      case kSolarize: return LinspaceEntry(255.0f, 0.0f, bins_, bin_);
      case kSolarizeAdd: return std::trunc(UpTo(kAddMax));
      case kCutout: return std::trunc(UpTo(kPaperCutout * ShortSide(size)));
      default: return 0;
    }
  }

 private:
  double UpTo(double last) const {
    return LinspaceEntry(0.0f, static_cast<float>(last), bins_, bin_);
  }

  double TranslateMax(double side) const {
    if (map_ == LevelMap::kTorchvisionWide) return kWideTranslateMax;
    if (map_ == LevelMap::kTorchvisionAugMix) return side / 3.0;
    return kPaperTranslate * side;
  }

  // torch divides in f32 and rounds half to even.
  double Bits() const {
    const bool wide = map_ == LevelMap::kTorchvisionWide;
    const float bits_lost_max = wide ? 6.0f : 4.0f;
    const float bins_per_bit = static_cast<float>(static_cast<double>(bins_ - 1) / bits_lost_max);
    const double lost = std::nearbyint(static_cast<float>(bin_) / bins_per_bit);
    return (map_ == LevelMap::kTorchvisionAugMix ? 4.0 : kBits) - lost;
  }

  LevelMap map_;
  int bins_;
  int bin_;
};

// The maps with levels; L stands for the level.
class LevelScale {
 public:
  LevelScale(LevelMap map, double level) : map_(map), level_(level) {}

  double Amount(PolicyOp op, Sign sign, SizePx size) const {
    switch (op) {
      case kShearX:
      case kShearY: return Signed(Part(kShearMax), sign);
      case kTranslateX:
      case kTranslateY: return Signed(Translation(SideOf(op, size)), sign);
      case kRotate: {
        const double degrees = Part(kDegreesMax);
        return Signed(is_aug_mix() ? std::trunc(degrees) : degrees, sign);
      }
      case kBrightness:
      case kColor:
      case kContrast:
      case kSharpness: return Factor(sign);
      case kPosterize: return std::clamp(Bits(), 0.0, kBits);
      case kSolarize: return Threshold();
      case kSolarizeAdd: return std::min(kAddBound, std::trunc(Part(kAddMax)));
      case kCutout: return CutoutSide();
      default: return 0;
    }
  }

 private:
  bool is_aug_mix() const { return map_ == LevelMap::kAugMix; }
  bool increases() const {
    return map_ == LevelMap::kTimmIncreasing || map_ == LevelMap::kTimmAugMix || is_aug_mix();
  }

  // The reference of AugMix multiplies first, the others divide first.
  double Part(double whole) const {
    return is_aug_mix() ? level_ * whole / kPolicyLevelMax : level_ / kPolicyLevelMax * whole;
  }

  double Translation(double side) const {
    switch (map_) {
      case LevelMap::kTf: return Part(kTfTranslateMax);
      case LevelMap::kTfRand: return Part(kTfRandTranslateMax);
      case LevelMap::kAugMix: return std::trunc(Part(side / 3.0));
      case LevelMap::kTimmAugMix: return Part(kTimmAugMixTranslate) * side;
      default: return Part(kTimmTranslate) * side;
    }
  }

  double Factor(Sign sign) const {
    if (increases() && !is_aug_mix()) {
      return std::max(kDim, 1.0 + Signed(Part(kFactorSpread), sign));
    }
    return Part(2 * kFactorSpread) + kDim;
  }

  double Bits() const {
    const double bits = std::trunc(Part(4.0));
    if (increases()) return 4.0 - bits;
    return map_ == LevelMap::kTimmOriginal ? bits + 4.0 : bits;
  }

  double Threshold() const {
    const double threshold = std::min(kNoThreshold, std::trunc(Part(kNoThreshold)));
    return increases() ? kNoThreshold - threshold : threshold;
  }

  double CutoutSide() const {
    if (is_aug_mix()) return std::trunc(Part(kAugMixCutoutMax));
    return 2 * std::trunc(Part(map_ == LevelMap::kTfRand ? kTfRandCutoutMax : kTfCutoutMax));
  }

  LevelMap map_;
  double level_;
};

}  // namespace

bool IsSigned(LevelMap map, PolicyOp op) {
  switch (op) {
    case kShearX:
    case kShearY:
    case kTranslateX:
    case kTranslateY:
    case kRotate: return true;
    default: break;
  }
  return IsFactor(op) &&
         (HasBins(map) || map == LevelMap::kTimmIncreasing || map == LevelMap::kTimmAugMix);
}

double PolicyAmount(LevelMap map, PolicyOp op, const PolicyLevel& level, Sign sign, SizePx size) {
  return HasBins(map) ? BinMap(map, level).Amount(op, sign, size)
                      : LevelScale(map, level.magnitude).Amount(op, sign, size);
}

float LinspaceEntry(float first, float last, int count, int index) {
  const float step = (last - first) / static_cast<float>(count - 1);
  // From the nearer end, rounded once: in f64 the product and the sum are exact.
  const auto entry = [&](int i) {
    const bool near = i < count / 2;
    const double steps = near ? i : i - (count - 1);
    return static_cast<float>((near ? first : last) + static_cast<double>(step) * steps);
  };
  // As long as two vectors of eight are left, entries are what begins a vector and some steps more.
  constexpr int kLanes = 8;
  if (index >= count - count % (2 * kLanes)) return entry(index);
  const int lane = index % kLanes;
  return entry(index - lane) + step * static_cast<float>(lane);
}

}  // namespace headrace::loader
