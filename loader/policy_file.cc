#include "loader/policy_file.h"

#include <algorithm>
#include <span>

#include "base/hash.h"
#include "base/number_text.h"

namespace headrace::loader {
namespace {

std::string StepToml(const PolicyStep& step) {
  std::string text = "{ op = \"";
  text.append(PolicyOpName(step.op)).append("\", p = ").append(ShortestText(step.p));
  if (HasMagnitude(step.op)) text.append(", magnitude = ").append(ShortestText(step.magnitude));
  return text + " }";
}

// Bin 0 of torchvision is no change but for solarize, whose threshold of 255 inverts white; level 0
// of the others dims and cuts, and only moves nothing.
bool DoesNothing(PolicyProfile profile, const PolicyStep& step) {
  if (step.op == PolicyOp::kIdentity || step.p == 0) return true;
  if (!HasMagnitude(step.op) || step.magnitude != 0) return false;
  return MovesPoints(step.op) ||
         (profile == PolicyProfile::kTorchvision && step.op != PolicyOp::kSolarize);
}

bool Before(const PolicyStep& a, const PolicyStep& b) {
  if (a.op != b.op) return a.op < b.op;
  if (a.p != b.p) return a.p < b.p;
  return a.magnitude < b.magnitude;
}

}  // namespace

double PolicyMagnitudeMax(const PolicyFile& file) {
  const bool rand = file.form == PolicyForm::kRandAugment;
  switch (file.policy.profile) {
    case PolicyProfile::kTorchvision: return file.policy.bins - 1;
    case PolicyProfile::kTimm: break;
    case PolicyProfile::kTf: return rand ? kTfLevelMax : kPolicyLevelMax;
  }
  return kPolicyLevelMax;
}

std::string PolicyFileToml(const PolicyFile& file) {
  std::string text = "format = \"headrace-policy/1\"\nprofile = \"";
  text.append(kPolicyProfileNames[static_cast<size_t>(file.policy.profile)]).append("\"\n");
  if (file.policy.profile == PolicyProfile::kTorchvision) {
    text.append("bins = ").append(std::to_string(file.policy.bins)).append("\n");
  }
  switch (file.form) {
    case PolicyForm::kRandAugment:
      text.append("\n[rand_augment]\nnum_ops = ").append(std::to_string(file.num_ops));
      return text.append("\nmagnitude = ").append(ShortestText(file.magnitude)).append("\n");
    case PolicyForm::kTrivialAugmentWide: return text + "\n[trivial_augment_wide]\n";
    case PolicyForm::kSubPolicies: break;
  }
  for (const SubPolicy& steps : file.policy.sub_policies) {
    text += "\n[[sub_policy]]\nops = [";
    for (size_t i = 0; i < steps.size(); ++i) text += (i == 0 ? "" : ", ") + StepToml(steps[i]);
    text += "]\n";
  }
  return text;
}

PolicyFile CanonicalPolicy(const PolicyFile& file) {
  PolicyFile canonical = file;
  for (SubPolicy& steps : canonical.policy.sub_policies) {
    for (PolicyStep& step : steps) {
      if (!HasMagnitude(step.op)) step.magnitude = 0;
    }
    const auto rest = std::remove_if(steps.begin(), steps.end(), [&](const PolicyStep& step) {
      return DoesNothing(file.policy.profile, step);
    });
    // A sub-policy without steps cannot be written.
    if (rest == steps.begin() && !steps.empty()) {
      steps.assign(1, {PolicyOp::kIdentity, 0, 0});
    } else {
      steps.erase(rest, steps.end());
    }
  }
  std::ranges::sort(canonical.policy.sub_policies, [](const SubPolicy& a, const SubPolicy& b) {
    return std::ranges::lexicographical_compare(a, b, Before);
  });
  return canonical;
}

uint64_t PolicyHash(const PolicyFile& file) {
  const std::string line = PolicyLine(CanonicalPolicy(file));
  return Hash64(std::as_bytes(std::span(line)));
}

}  // namespace headrace::loader
