// The text of aug_mix's `replay`: m, then each chain behind a bar with its weight and its ops,
// "0.5|0.25 rotate=8 equalize|0.75 shear_x=-0.03".
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "loader/policy.h"

namespace headrace::loader {

inline constexpr size_t kAugMixWidthMax = 16;
inline constexpr size_t kAugMixDepthMax = 16;

struct AugMixStep {
  PolicyOp op = PolicyOp::kIdentity;
  double amount = 0;  // as PolicyAmount gives it
  friend bool operator==(const AugMixStep&, const AugMixStep&) = default;
};
struct AugMixChain {
  double weight = 0;
  std::vector<AugMixStep> steps;
  friend bool operator==(const AugMixChain&, const AugMixChain&) = default;
};
struct AugMixReplay {
  double share = 0;  // m
  std::vector<AugMixChain> chains;
  friend bool operator==(const AugMixReplay&, const AugMixReplay&) = default;
};

// False: *wrong is the part that cannot be read, with what was expected.
[[nodiscard]] bool ParseAugMixReplay(std::string_view text, AugMixReplay* replay,
                                     std::string* wrong);

std::string AugMixReplayText(const AugMixReplay& replay);

}  // namespace headrace::loader
