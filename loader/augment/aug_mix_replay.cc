#include "loader/augment/aug_mix_replay.h"

#include <charconv>
#include <cmath>
#include <optional>

#include "loader/augment/op_params.h"

namespace headrace::loader {
namespace {

struct AmountBounds {
  double low;
  double high;
};

// What an op may be asked for; a translation by more than any side is nothing but fill.
AmountBounds BoundsOf(PolicyOp op) {
  switch (op) {
    case PolicyOp::kShearX:
    case PolicyOp::kShearY: return {-100, 100};
    case PolicyOp::kTranslateX:
    case PolicyOp::kTranslateY: return {-1e6, 1e6};
    case PolicyOp::kRotate: return {-36000, 36000};
    case PolicyOp::kBrightness:
    case PolicyOp::kColor:
    case PolicyOp::kContrast:
    case PolicyOp::kSharpness: return {0, 1000};
    case PolicyOp::kPosterize: return {0, 8};
    case PolicyOp::kSolarize: return {0, 256};
    case PolicyOp::kSolarizeAdd: return {-128, 128};
    default: return {0, 0};
  }
}

std::optional<double> NumberOf(std::string_view text, AmountBounds bounds) {
  double value = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (code != std::errc() || end != text.data() + text.size()) return std::nullopt;
  if (!(value >= bounds.low && value <= bounds.high)) return std::nullopt;
  return value;
}

// Takes what stands before the next `divider`, and the divider.
std::string_view Next(std::string_view* rest, char divider) {
  const size_t end = rest->find(divider);
  const std::string_view part = rest->substr(0, end);
  *rest = end == rest->npos ? std::string_view() : rest->substr(end + 1);
  return part;
}

std::optional<AugMixStep> StepOf(std::string_view text) {
  const size_t equals = text.find('=');
  const std::optional<PolicyOp> op = FindPolicyOp(text.substr(0, equals));
  // A cutout has a centre too; aug_mix never draws one.
  if (!op || *op == PolicyOp::kCutout || HasMagnitude(*op) != (equals != text.npos)) {
    return std::nullopt;
  }
  if (!HasMagnitude(*op)) return AugMixStep{*op, 0};
  const std::optional<double> amount = NumberOf(text.substr(equals + 1), BoundsOf(*op));
  const bool whole = *op == PolicyOp::kPosterize || *op == PolicyOp::kSolarizeAdd;
  if (!amount || (whole && *amount != std::trunc(*amount))) return std::nullopt;
  return AugMixStep{*op, *amount};
}

bool Fail(std::string_view part, const char* expected, std::string* wrong) {
  *wrong = "found \"" + std::string(part.substr(0, 60)) + "\", expected " + expected;
  return false;
}

bool ParseChain(std::string_view text, AugMixChain* chain, std::string* wrong) {
  if (text.ends_with(' ')) return Fail(text, "no space at the end", wrong);
  const std::string_view weight_text = Next(&text, ' ');
  const std::optional<double> weight = NumberOf(weight_text, {0, 1});
  if (!weight) return Fail(weight_text, "a weight from 0 to 1", wrong);
  chain->weight = *weight;
  while (!text.empty()) {
    const std::string_view part = Next(&text, ' ');
    const std::optional<AugMixStep> step = StepOf(part);
    if (!step) return Fail(part, "an op, such as rotate=8", wrong);
    if (chain->steps.size() == kAugMixDepthMax) return Fail(part, "at most 16 ops", wrong);
    chain->steps.push_back(*step);
  }
  return true;
}

}  // namespace

bool ParseAugMixReplay(std::string_view text, AugMixReplay* replay, std::string* wrong) {
  *replay = {};
  const bool has_chains = text.find('|') != text.npos;
  const std::string_view share_text = Next(&text, '|');
  const std::optional<double> share = NumberOf(share_text, {0, 1});
  if (!share) return Fail(share_text, "the share of the chains, from 0 to 1", wrong);
  if (!has_chains) return Fail(share_text, "chains behind it, such as 0.5|1 rotate=8", wrong);
  replay->share = *share;
  for (bool more = true; more;) {
    more = text.find('|') != text.npos;
    const std::string_view part = Next(&text, '|');
    if (replay->chains.size() == kAugMixWidthMax) return Fail(part, "at most 16 chains", wrong);
    if (!ParseChain(part, &replay->chains.emplace_back(), wrong)) return false;
  }
  return true;
}

std::string AugMixReplayText(const AugMixReplay& replay) {
  std::string text;
  AppendReal(replay.share, &text);
  for (const AugMixChain& chain : replay.chains) {
    text += '|';
    AppendReal(chain.weight, &text);
    for (const AugMixStep& step : chain.steps) {
      text.append(" ").append(PolicyOpName(step.op));
      if (!HasMagnitude(step.op)) continue;
      text += '=';
      AppendReal(step.amount, &text);
    }
  }
  return text;
}

}  // namespace headrace::loader
