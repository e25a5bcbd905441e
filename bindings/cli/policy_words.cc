#include "bindings/cli/policy_words.h"

#include <charconv>
#include <cmath>

#include <headrace.h>

namespace headrace::cli {
namespace {

std::vector<std::string_view> Split(std::string_view text, char at) {
  std::vector<std::string_view> parts;
  for (;;) {
    const size_t end = text.find(at);
    parts.push_back(text.substr(0, end));
    if (end == text.npos) return parts;
    text.remove_prefix(end + 1);
  }
}

PolicyStepWords StepOf(std::string_view text) {
  const std::vector<std::string_view> parts = Split(text, ':');
  PolicyStepWords step;
  step.op = parts[0];
  const char* name = hr_policy_op_name(parts[0].data(), parts[0].size());
  if (name != nullptr && parts.size() == 3) {
    step.op = name;
    (void)std::from_chars(parts[1].data(), parts[1].data() + parts[1].size(), step.probability);
    if (parts[2] != "-") step.magnitude = parts[2];
    return step;
  }
  // RandAugment:2:9, TrivialAugmentWide.
  if (parts.size() == 3) {
    step.op.append(", ").append(parts[1]).append(" ops");
    step.magnitude = parts[2];
  }
  return step;
}

}  // namespace

PolicyWords WordsOf(std::string_view line) {
  PolicyWords words;
  const size_t head = line.find(':');
  if (head == line.npos) {
    words.lines.emplace_back(line);
    words.sub_policies.push_back({StepOf(line)});
    return words;
  }
  words.head = line.substr(0, head + 1);
  words.bins = words.head.substr(words.head.rfind('/') + 1);
  words.bins.pop_back();
  for (const std::string_view sub_policy : Split(line.substr(head + 1), '|')) {
    words.lines.emplace_back(sub_policy);
    auto& steps = words.sub_policies.emplace_back();
    for (const std::string_view step : Split(sub_policy, '+')) steps.push_back(StepOf(step));
  }
  return words;
}

std::string SubPolicyText(const std::vector<PolicyStepWords>& steps) {
  std::string text;
  for (const PolicyStepWords& step : steps) {
    if (step.op == "identity" || step.probability == 0) continue;
    text.append(text.empty() ? "" : ", ").append(step.op);
    if (!step.magnitude.empty()) text.append(" ").append(step.magnitude);
    const auto percent = static_cast<int>(std::lround(step.probability * 100));
    if (percent < 100) text.append(" (").append(std::to_string(percent)).append(" %)");
  }
  return text.empty() ? "nothing" : text;
}

}  // namespace headrace::cli
