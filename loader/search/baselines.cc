#include "loader/search/baselines.h"

namespace headrace::loader {

static_assert(sizeof kBaselineNames / sizeof *kBaselineNames == kBaselines);

PolicyFile BaselinePolicy(uint32_t index, const PolicySpace& space, uint64_t seed) {
  PolicyFile file;
  switch (index) {
    case 0: file.policy.sub_policies = {{{PolicyOp::kIdentity, 1, 0}}}; return file;
    case 1:
      file.form = PolicyForm::kRandAugment;
      file.policy.profile = space.config().profile;
      if (file.policy.profile == PolicyProfile::kTorchvision) file.policy.bins = kRandBinsDefault;
      return file;
    case 2:
      // Of torchvision whatever the space: nobody else has it.
      file.form = PolicyForm::kTrivialAugmentWide;
      file.policy.bins = kRandBinsDefault;
      return file;
    default: break;
  }
  RandomStream stream({.seed = seed, .name = "search/baseline"});
  return space.Decode(space.Draw(&stream));
}

}  // namespace headrace::loader
