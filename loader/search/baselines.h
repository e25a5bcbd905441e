// The policies that a searched one has to be compared with.
#pragma once

#include <cstdint>
#include <string_view>

#include "loader/search/policy_space.h"

namespace headrace::loader {

inline constexpr const char* kBaselineNames[] = {"none", "rand_augment", "trivial_augment_wide",
                                                 "random"};
inline constexpr uint32_t kBaselines = 4;

// Nothing at all; RandAugment of the space's profile, two ops at magnitude 9; TrivialAugmentWide;
// a policy of the space that `seed` draws.
PolicyFile BaselinePolicy(uint32_t index, const PolicySpace& space, uint64_t seed);

}  // namespace headrace::loader
