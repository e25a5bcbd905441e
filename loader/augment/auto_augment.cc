#include "loader/augment/auto_augment.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "loader/augment/op_params.h"
#include "loader/augment/policy_levels.h"
#include "loader/augment/policy_ops.h"
#include "loader/augment/policy_tables.h"

namespace headrace::loader {
namespace {

class AutoAugment final : public PolicyBase {
 public:
  AutoAugment(Policy policy, LevelMap map, PolicyOps ops)
      : policy_(std::move(policy)), map_(map), ops_(std::move(ops)) {
    for (const SubPolicy& steps : policy_.sub_policies) {
      draw_count_max_ = std::max(draw_count_max_, static_cast<uint32_t>(steps.size()));
    }
  }

  std::string_view name() const override { return "auto_augment"; }
  uint32_t DrawCountMax() const override { return draw_count_max_; }

  Status Expand(RandomStream* stream, DrawList* draws) const override {
    const uint32_t index = stream->NextBelow(static_cast<uint32_t>(policy_.sub_policies.size()));
    for (const PolicyStep& step : policy_.sub_policies[index]) {
      const SizePx size = draws->size();
      const bool fires = stream->NextUnit() < step.p;
      const PolicyOps::Turn turn = ops_.DrawTurn(stream, step.op, size);
      if (!fires) continue;
      const PolicyLevel level{step.magnitude, policy_.bins};
      ops_.Append(step.op, PolicyAmount(map_, step.op, level, turn.sign, size), turn, draws);
    }
    return {};
  }

 private:
  Policy policy_;
  LevelMap map_;
  PolicyOps ops_;
  uint32_t draw_count_max_ = 0;
};

Policy PolicyOfTable(const PolicyTable& table, PolicyProfile profile) {
  Policy policy{.profile = profile, .bins = 10, .sub_policies = {}};
  for (const PolicyPair& pair : table.pairs) {
    policy.sub_policies.emplace_back(pair.begin(), pair.end());
  }
  return policy;
}

// The entry's policy file, or the table that it names.
bool ReadPolicy(const OpConfig& config, Policy* policy, LevelMap* map, ConfigError* error) {
  PolicyProfile profile{};
  if (!ReadPolicyProfile(config, &profile, error)) return false;
  const PolicyTable* table = nullptr;
  if (config.policy.has_value()) {
    *policy = *config.policy;
  } else {
    table = FindPolicyTable(PolicyText(config, "policy", "imagenet"));
    const bool fits =
        table != nullptr && !(table->levels_only && profile == PolicyProfile::kTorchvision);
    if (!fits) {
      return OpError(config, Code::kConfigValue,
                     "policy: expected imagenet, cifar10 or svhn, or v0 with timm or tf", error);
    }
    *policy = PolicyOfTable(*table, profile);
  }
  switch (policy->profile) {
    case PolicyProfile::kTorchvision: *map = LevelMap::kTorchvision; break;
    case PolicyProfile::kTf: *map = LevelMap::kTf; break;
    case PolicyProfile::kTimm:
      // timm posterizes less in the policy of the paper, and has no other published one.
      *map = table != nullptr && !table->levels_only ? LevelMap::kTimmOriginal : LevelMap::kTimm;
      break;
  }
  return true;
}

bool CheckPolicy(const OpConfig& config, const Policy& policy, ConfigError* error) {
  const bool bins = policy.profile == PolicyProfile::kTorchvision;
  const double most = bins ? policy.bins - 1 : kPolicyLevelMax;
  bool good = policy.bins >= 2 && !policy.sub_policies.empty() &&
              policy.sub_policies.size() <= kSubPoliciesMax;
  for (const SubPolicy& steps : policy.sub_policies) {
    good = good && !steps.empty() && steps.size() <= kSubPolicyOpsMax;
    for (const PolicyStep& step : steps) {
      good = good && step.p >= 0 && step.p <= 1 && step.magnitude >= 0 && step.magnitude <= most;
    }
  }
  return good ||
         OpError(config, Code::kConfigValue,
                 "policy: a probability, a magnitude or a number of ops is out of bounds", error);
}

}  // namespace

std::unique_ptr<Op> MakeAutoAugment(const OpConfig& config, ConfigError* error) {
  Policy policy;
  LevelMap map{};
  if (!ReadPolicy(config, &policy, &map, error) || !CheckPolicy(config, policy, error)) {
    return nullptr;
  }
  std::vector<PolicyOp> used;
  for (const SubPolicy& steps : policy.sub_policies) {
    for (const PolicyStep& step : steps) used.push_back(step.op);
  }
  PolicyOps ops;
  if (!ops.Make(config, used, ShearOf(map), error)) return nullptr;
  return std::make_unique<AutoAugment>(std::move(policy), map, std::move(ops));
}

}  // namespace headrace::loader
