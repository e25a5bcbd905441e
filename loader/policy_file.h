// A policy as a file says it, and as one line: what a search hands out and auto_augment reads.
//
// Plain data and pure functions: any thread; they allocate.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "loader/config_toml.h"
#include "loader/policy.h"

namespace headrace::loader {

// What the file holds: a list of sub-policies, or the numbers of a policy that needs none.
enum class PolicyForm : uint8_t { kSubPolicies, kRandAugment, kTrivialAugmentWide };

struct PolicyFile {
  PolicyForm form = PolicyForm::kSubPolicies;
  Policy policy;         // profile and bins of all forms; sub_policies of the first one
  uint32_t num_ops = 2;  // of kRandAugment, and so the next
  double magnitude = 9;
};

// Where a file does not say, and what timm and tf always have.
inline constexpr int kPolicyBinsDefault = 10;
// torchvision's, of RandAugment and TrivialAugmentWide.
inline constexpr int kRandBinsDefault = 31;
inline constexpr uint32_t kRandOpsMax = 16;

// The largest magnitude that a step, or RandAugment, may have.
double PolicyMagnitudeMax(const PolicyFile& file);

// Reads the TOML of a policy file; `name` is what errors call it.
[[nodiscard]] bool ParsePolicyFile(std::string_view text, std::string_view name, PolicyFile* file,
                                   ConfigError* error);
// What ParsePolicyFile reads to the same.
std::string PolicyFileToml(const PolicyFile& file);

// The line, without a line end: "hraa1/torchvision/10:Pos:0.4:8+Rot:0.6:9|Sol:0.6:5+AC:0.6:-" for
// sub-policies, "hraa1/torchvision/31:RandAugment:2:9", "hraa1/torchvision/31:TrivialAugmentWide".
inline constexpr std::string_view kPolicyLineHead = "hraa1/";
std::string PolicyLine(const PolicyFile& file);
// Reads it; all that PolicyLine writes comes back, and errors have the column.
[[nodiscard]] bool ParsePolicyLine(std::string_view text, PolicyFile* file, ConfigError* error);

// The op that a line calls so: "Rot" is rotate. None: it is none.
std::optional<PolicyOp> PolicyOpOfShortName(std::string_view name);

// The same for policies that do the same: steps that never change anything are left out, but for
// one {identity, 0, 0} where there is no other, ops without a magnitude have 0, sub-policies are
// sorted.
PolicyFile CanonicalPolicy(const PolicyFile& file);
// Of the canonical form.
uint64_t PolicyHash(const PolicyFile& file);

}  // namespace headrace::loader
