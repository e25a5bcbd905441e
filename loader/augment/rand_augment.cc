#include "loader/augment/rand_augment.h"

#include <algorithm>
#include <span>
#include <string>
#include <utility>

#include "loader/augment/op_params.h"
#include "loader/augment/param_values.h"
#include "loader/augment/policy_levels.h"
#include "loader/augment/policy_ops.h"
#include "loader/augment/policy_tables.h"
#include "loader/augment/timm_string.h"

namespace headrace::loader {
namespace {

constexpr uint32_t kLayersMax = 16;

// What torchvision and the TPU models say: ops at one magnitude, always applied.
struct RandChoice {
  std::span<const PolicyOp> list;
  LevelMap map = LevelMap::kTorchvision;
  PolicyLevel level;
  uint32_t layers = 2;
};

class RandAugment final : public PolicyBase {
 public:
  RandAugment(const RandChoice& choice, PolicyOps ops) : choice_(choice), ops_(std::move(ops)) {}

  std::string_view name() const override { return "rand_augment"; }
  uint32_t DrawCountMax() const override { return choice_.layers; }

  Status Expand(RandomStream* stream, DrawList* draws) const override {
    for (uint32_t i = 0; i < choice_.layers; ++i) {
      const SizePx size = draws->size();
      const PolicyOp op =
          choice_.list[stream->NextBelow(static_cast<uint32_t>(choice_.list.size()))];
      const PolicyOps::Turn turn = ops_.DrawTurn(stream, op, size);
      ops_.Append(op, PolicyAmount(choice_.map, op, choice_.level, turn.sign, size), turn, draws);
    }
    return {};
  }

 private:
  RandChoice choice_;
  PolicyOps ops_;
};

// timm's: each op is applied by chance, at a magnitude that may be drawn.
class TimmRandAugment final : public PolicyBase {
 public:
  TimmRandAugment(const TimmRand& rand, PolicyOps ops)
      : rand_(rand),
        list_(RandAugmentOps(PolicyProfile::kTimm)),
        map_(rand.increasing ? LevelMap::kTimmIncreasing : LevelMap::kTimm),
        ops_(std::move(ops)) {}

  std::string_view name() const override { return "rand_augment"; }
  uint32_t DrawCountMax() const override { return static_cast<uint32_t>(rand_.layers); }

  Status Expand(RandomStream* stream, DrawList* draws) const override {
    for (int i = 0; i < rand_.layers; ++i) {
      const SizePx size = draws->size();
      const PolicyOp op = list_[stream->NextBelow(static_cast<uint32_t>(list_.size()))];
      const bool fires = stream->NextUnit() < rand_.p;
      const PolicyOps::Turn turn = ops_.DrawTurn(stream, op, size);
      const PolicyLevel level{DrawLevel(stream), 0};
      if (!fires) continue;
      ops_.Append(op, PolicyAmount(map_, op, level, turn.sign, size), turn, draws);
    }
    return {};
  }

 private:
  double DrawLevel(RandomStream* stream) const {
    double level = rand_.magnitude;
    if (rand_.magnitude_spread > kTimmUniformSpread) {
      level = stream->NextUniform(0, rand_.magnitude);
    } else if (rand_.magnitude_spread > 0) {
      level += rand_.magnitude_spread * stream->NextNormal();
    }
    return std::clamp(level, 0.0, rand_.magnitude_max);
  }

  TimmRand rand_;
  std::span<const PolicyOp> list_;
  LevelMap map_;
  PolicyOps ops_;
};

std::unique_ptr<Op> MakeTimm(const OpConfig& config, const TimmRand& rand, ConfigError* error) {
  PolicyOps ops;
  if (!ops.Make(config, RandAugmentOps(PolicyProfile::kTimm), PolicyOps::Shear::kEntry, error))
    return nullptr;
  return std::make_unique<TimmRandAugment>(rand, std::move(ops));
}

}  // namespace

std::unique_ptr<Op> MakeRandAugment(const OpConfig& config, ConfigError* error) {
  TimmRand rand;
  if (const std::string_view text = PolicyText(config, "config", {}); !text.empty()) {
    TimmStringError wrong;
    if (!ParseTimmRand(text, &rand, &wrong)) {
      const Code code = wrong.not_built ? Code::kNotInThisVersion : Code::kConfigValue;
      OpError(config, code, "config: " + wrong.found + "; allowed: " + wrong.allowed, error);
      return nullptr;
    }
    return MakeTimm(config, rand, error);
  }

  PolicyProfile profile{};
  RandChoice choice;
  uint32_t bins = 31;
  choice.level.magnitude = 9;
  if (!ReadPolicyProfile(config, &profile, error) ||
      !ReadCount(config, "num_ops", 0, kLayersMax, &choice.layers, error) ||
      !ReadCount(config, "num_magnitude_bins", 2, 1000, &bins, error)) {
    return nullptr;
  }
  const double most = profile == PolicyProfile::kTorchvision ? bins - 1
                      : profile == PolicyProfile::kTimm      ? kPolicyLevelMax
                                                             : kTfLevelMax;
  if (!ReadReal(config, "magnitude", 0, most, &choice.level.magnitude, error)) return nullptr;
  if (profile == PolicyProfile::kTimm) {
    rand.magnitude = choice.level.magnitude;
    rand.layers = static_cast<int>(choice.layers);
    return MakeTimm(config, rand, error);
  }
  choice.level.bins = static_cast<int>(bins);
  choice.list = RandAugmentOps(profile);
  choice.map = profile == PolicyProfile::kTf ? LevelMap::kTfRand : LevelMap::kTorchvision;
  PolicyOps ops;
  if (!ops.Make(config, choice.list, ShearOf(choice.map), error)) return nullptr;
  return std::make_unique<RandAugment>(choice, std::move(ops));
}

}  // namespace headrace::loader
