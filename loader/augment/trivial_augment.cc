#include "loader/augment/trivial_augment.h"

#include <utility>

#include "loader/augment/param_values.h"
#include "loader/augment/policy_levels.h"
#include "loader/augment/policy_ops.h"
#include "loader/augment/policy_tables.h"

namespace headrace::loader {
namespace {

class TrivialAugment final : public PolicyBase {
 public:
  TrivialAugment(uint32_t bins, PolicyOps ops)
      : list_(TrivialAugmentOps()), bins_(bins), ops_(std::move(ops)) {}

  std::string_view name() const override { return "trivial_augment_wide"; }
  uint32_t DrawCountMax() const override { return 1; }

  Status Expand(RandomStream* stream, DrawList* draws) const override {
    const SizePx size = draws->size();
    const PolicyOp op = list_[stream->NextBelow(static_cast<uint32_t>(list_.size()))];
    PolicyLevel level{0, static_cast<int>(bins_)};
    if (HasMagnitude(op)) level.magnitude = stream->NextBelow(bins_);
    const PolicyOps::Turn turn = ops_.DrawTurn(stream, op, size);
    constexpr LevelMap kMap = LevelMap::kTorchvisionWide;
    ops_.Append(op, PolicyAmount(kMap, op, level, turn.sign, size), turn, draws);
    return {};
  }

 private:
  std::span<const PolicyOp> list_;
  uint32_t bins_;
  PolicyOps ops_;
};

}  // namespace

std::unique_ptr<Op> MakeTrivialAugment(const OpConfig& config, ConfigError* error) {
  uint32_t bins = 31;
  PolicyOps ops;
  if (!ReadCount(config, "num_magnitude_bins", 2, 1000, &bins, error) ||
      !ops.Make(config, TrivialAugmentOps(), PolicyOps::Shear::kAngle, error)) {
    return nullptr;
  }
  return std::make_unique<TrivialAugment>(bins, std::move(ops));
}

}  // namespace headrace::loader
