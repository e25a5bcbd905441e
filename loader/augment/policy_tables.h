// The published policies and op lists, as docs/ops.md numbers them.
//
// The order within each list is a contract: a draw is an index into it. Static tables: any thread,
// no allocation.
#pragma once

#include <array>
#include <span>
#include <string_view>

#include "loader/policy.h"

namespace headrace::loader {

// AutoAugment's tables: 25 sub-policies of two ops.
using PolicyPair = std::array<PolicyStep, 2>;
struct PolicyTable {
  std::string_view name;
  std::span<const PolicyPair> pairs;
  // Made of levels 0 to 10 and of ops that torchvision does not have: not for its profile.
  bool levels_only = false;
};
// imagenet, cifar10 and svhn as published with AutoAugment, and v0, the ImageNet policy of the TPU
// EfficientNets.
std::span<const PolicyTable> PolicyTables();
// Null when there is none of that name.
const PolicyTable* FindPolicyTable(std::string_view name);

// The ops that RandAugment draws from.
std::span<const PolicyOp> RandAugmentOps(PolicyProfile profile);
// And TrivialAugmentWide.
std::span<const PolicyOp> TrivialAugmentOps();

// AugMix: without `all`, the ops that share nothing with the corruptions of ImageNet-C.
enum class AugMixProfile : uint8_t { kReference, kTorchvision, kTimm };
enum class AugMixOps : uint8_t { kWithoutColour, kAll };
std::span<const PolicyOp> AugMixOpList(AugMixProfile profile, AugMixOps which);

}  // namespace headrace::loader
