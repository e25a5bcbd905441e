#include "loader/search/policy_space.h"

#include <algorithm>
#include <cmath>

#include "base/number_text.h"
#include "loader/config_search.h"

namespace headrace::loader {
namespace {

constexpr size_t kStepGenes = 3;
constexpr size_t kRandGenes = 2;
// Probabilities that people write by hand: 0.333 is not a third.
constexpr double kProbabilityError = 1e-9;

// `value` as one of `count` whole numbers from 0.
bool WholeBelow(double value, uint32_t count, uint32_t* out) {
  const bool good = value >= 0 && value < count && value == std::floor(value);
  if (good) *out = static_cast<uint32_t>(value);
  return good;
}

}  // namespace

PolicySpace::PolicySpace(const SearchConfig& config) : config_(config) {
  if (config_.space == SearchSpace::kRandAugment) {
    slot_genes_ = kRandGenes;
    genes_ = {{GeneKind::kNumOps, config_.num_ops}, {GeneKind::kMagnitude, config_.bins}};
    return;
  }
  if (config_.ops.empty()) {
    const auto ops = SearchOps(config_.profile);
    config_.ops.assign(ops.begin(), ops.end());
  }
  slot_genes_ = kStepGenes;
  const size_t steps = size_t{config_.sub_policies} * config_.num_ops;
  for (size_t i = 0; i < steps; ++i) {
    genes_.push_back({GeneKind::kOp, static_cast<uint32_t>(config_.ops.size())});
    genes_.push_back({GeneKind::kProbability, config_.probabilities});
    genes_.push_back({GeneKind::kMagnitude, config_.bins});
  }
}

bool PolicySpace::Contains(std::span<const uint32_t> genome) const {
  return std::ranges::equal(genome, genes_,
                            [](uint32_t value, const Gene& gene) { return value < gene.values; });
}

PolicyFile PolicySpace::Decode(std::span<const uint32_t> genome) const {
  PolicyFile file;
  file.policy.profile = config_.profile;
  const bool bins = config_.profile == PolicyProfile::kTorchvision;
  file.policy.bins = bins ? static_cast<int>(config_.bins) : kPolicyBinsDefault;
  if (!has_sub_policies()) {
    file.form = PolicyForm::kRandAugment;
    file.num_ops = genome[0] + 1;
    file.magnitude = genome[1];
    return file;
  }
  const double last = config_.probabilities - 1;
  size_t at = 0;
  for (uint32_t s = 0; s < config_.sub_policies; ++s) {
    SubPolicy& steps = file.policy.sub_policies.emplace_back();
    for (uint32_t k = 0; k < config_.num_ops; ++k, at += kStepGenes) {
      const PolicyOp op = config_.ops[genome[at]];
      const double magnitude = HasMagnitude(op) ? genome[at + 2] : 0;
      steps.push_back({op, genome[at + 1] / last, magnitude});
    }
  }
  return file;
}

bool PolicySpace::EncodeSteps(const SubPolicy& steps, uint32_t* genes, std::string* why) const {
  const auto not_here = [&](size_t k, const std::string& text) {
    *why = "op ";
    why->append(std::to_string(k + 1)).append(": ").append(text);
    return false;
  };
  if (steps.size() > config_.num_ops) {
    return not_here(config_.num_ops, "the space has num_ops = " + std::to_string(config_.num_ops));
  }
  const double last = config_.probabilities - 1;
  for (size_t k = 0; k < steps.size(); ++k) {
    uint32_t* const gene = genes + k * kStepGenes;
    const PolicyStep& step = steps[k];
    const auto op = std::ranges::find(config_.ops, step.op);
    if (op == config_.ops.end()) {
      return not_here(k, std::string(PolicyOpName(step.op)) + " is not among the space's ops");
    }
    gene[0] = static_cast<uint32_t>(op - config_.ops.begin());
    const double nearest = std::floor(step.p * last + 0.5);
    if (std::fabs(step.p - nearest / last) > kProbabilityError) {
      return not_here(k, "p = " + ShortestText(step.p) + ", the nearest of the space is " +
                             ShortestText(nearest / last));
    }
    gene[1] = static_cast<uint32_t>(nearest);
    if (HasMagnitude(step.op) && !WholeBelow(step.magnitude, config_.bins, &gene[2])) {
      return not_here(k, "magnitude " + ShortestText(step.magnitude) +
                             ", the space has whole ones below " + std::to_string(config_.bins));
    }
  }
  // What is missing: any op, with probability 0.
  const auto identity = std::ranges::find(config_.ops, PolicyOp::kIdentity);
  for (size_t k = steps.size(); k < config_.num_ops && identity != config_.ops.end(); ++k) {
    genes[k * kStepGenes] = static_cast<uint32_t>(identity - config_.ops.begin());
  }
  return true;
}

bool PolicySpace::Encode(const PolicyFile& file, Genome* genome, std::string* why) const {
  genome->assign(genes_.size(), 0);
  const auto not_here = [&](std::string text) {
    *why = std::move(text);
    return false;
  };
  const PolicyForm form = has_sub_policies() ? PolicyForm::kSubPolicies : PolicyForm::kRandAugment;
  if (file.form != form) return not_here("the space has policies of another kind");
  if (file.policy.profile != config_.profile) return not_here("the space has another profile");
  const bool bins = config_.profile == PolicyProfile::kTorchvision;
  if (bins && static_cast<uint32_t>(file.policy.bins) != config_.bins) {
    return not_here("bins = " + std::to_string(file.policy.bins) + ", the space has " +
                    std::to_string(config_.bins));
  }
  if (!has_sub_policies()) {
    const bool good = file.num_ops >= 1 && file.num_ops <= config_.num_ops &&
                      WholeBelow(file.magnitude, config_.bins, &(*genome)[1]);
    if (!good) return not_here("num_ops or magnitude is not in the space");
    (*genome)[0] = file.num_ops - 1;
    return true;
  }
  const auto& sub_policies = file.policy.sub_policies;
  if (sub_policies.size() != config_.sub_policies) {
    return not_here(std::to_string(sub_policies.size()) + " sub-policies, the space has " +
                    std::to_string(config_.sub_policies));
  }
  const size_t sub_genes = size_t{config_.num_ops} * kStepGenes;
  for (size_t s = 0; s < sub_policies.size(); ++s) {
    if (EncodeSteps(sub_policies[s], genome->data() + s * sub_genes, why)) continue;
    why->insert(0, "sub-policy " + std::to_string(s + 1) + ", ");
    return false;
  }
  return true;
}

Genome PolicySpace::Draw(RandomStream* stream) const {
  Genome genome;
  genome.reserve(genes_.size());
  for (const Gene& gene : genes_) genome.push_back(stream->NextBelow(gene.values));
  return genome;
}

}  // namespace headrace::loader
