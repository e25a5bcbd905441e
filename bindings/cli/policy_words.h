// The one-line form of a policy ("hraa1/torchvision/10:Rot:0.6:9+Eq:0.4:-|...") taken apart, for
// people to read.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace headrace::cli {

struct PolicyStepWords {
  std::string op;  // "rotate"; a whole policy that has no steps: "RandAugment"
  double probability = 1;
  std::string magnitude;  // empty: it has none
};

struct PolicyWords {
  std::string head;  // "hraa1/torchvision/10:", that makes a policy of one sub-policy's line
  std::string bins;  // "10"
  std::vector<std::string> lines;  // a sub-policy each, as the line has it
  std::vector<std::vector<PolicyStepWords>> sub_policies;
};

// What is not understood comes out as it is, as the only step.
PolicyWords WordsOf(std::string_view line);
// "rotate 9 (60 %), equalize (40 %)".
std::string SubPolicyText(const std::vector<PolicyStepWords>& steps);

}  // namespace headrace::cli
