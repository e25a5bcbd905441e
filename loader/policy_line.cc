// A policy as one line of text.
#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "base/number_text.h"
#include "loader/config_report.h"
#include "loader/policy_file.h"

namespace headrace::loader {
namespace {

// In the order of PolicyOp.
constexpr std::array<std::string_view, 17> kShortNames = {"Id",  "ShX", "ShY", "TrX", "TrY", "Rot",
                                                          "Bri", "Col", "Con", "Sha", "Pos", "Sol",
                                                          "AC",  "Eq",  "Inv", "SoA", "Cut"};
static_assert(kShortNames.size() == kPolicyOpNames.size());
constexpr std::string_view kRand = "RandAugment";
constexpr std::string_view kTrivial = "TrivialAugmentWide";
constexpr std::string_view kNoMagnitude = "-";
constexpr size_t kBytesMax = size_t{1} << 20;
constexpr int kBinsMax = 1000;

// Reads the line from left to right; the first thing that is wrong ends it.
class LineReader {
 public:
  LineReader(std::string_view text, ConfigError* error) : text_(text), error_(error) {}

  bool Read(PolicyFile* file) {
    if (text_.size() > kBytesMax) return Fail("text", "more than 1 MiB", "at most 1 MiB");
    if (!text_.starts_with(kPolicyLineHead)) {
      return Fail("text", Quoted(text_.substr(0, 12)), "a line that begins with \"hraa1/\"");
    }
    at_ = kPolicyLineHead.size();
    if (!ReadHead(file)) return false;
    const std::string_view form = Peek();
    if (form == kRand) {
      Take();
      file->form = PolicyForm::kRandAugment;
      return ReadRand(file);
    }
    if (form == kTrivial) {
      if (file->policy.profile != PolicyProfile::kTorchvision) {
        return Fail("policy", Quoted(Take()), "TrivialAugmentWide with torchvision only");
      }
      Take();
      file->form = PolicyForm::kTrivialAugmentWide;
      return AtEnd();
    }
    return ReadSubPolicies(&file->policy, *file);
  }

 private:
  // Always false. The column is that of the word that was read last.
  bool Fail(std::string_view subject, std::string_view found, std::string_view allowed,
            std::string_view suggestion = {}) {
    std::string place = "policy:1:";
    place.append(std::to_string(word_at_ + 1));
    const Complaint complaint{.code = Code::kConfigValue,
                              .place = std::move(place),
                              .subject = std::string(subject),
                              .found = std::string("found ").append(found),
                              .allowed = std::string("allowed: ").append(allowed),
                              .suggestion = std::string(suggestion)};
    return loader::Fail(error_, complaint.code, ComplaintText(complaint));
  }

  // The word that begins here; it ends before one of :+|/ or the end.
  std::string_view Peek() const {
    const size_t end = text_.find_first_of(":+|/", at_);
    return text_.substr(at_, end == text_.npos ? text_.npos : end - at_);
  }
  std::string_view Take() {
    const std::string_view word = Peek();
    word_at_ = at_;
    at_ += word.size();
    return word;
  }

  bool Expect(char separator, std::string_view after) {
    word_at_ = at_;
    if (at_ < text_.size() && text_[at_] == separator) {
      ++at_;
      return true;
    }
    const std::string allowed(1, separator);
    return Fail("text", Here(), Quoted(allowed).append(" ").append(after));
  }
  bool AtEnd() {
    word_at_ = at_;
    return at_ == text_.size() || Fail("text", Here(), "the end");
  }
  std::string Here() const {
    return at_ == text_.size() ? "the end" : Quoted(text_.substr(at_, 12));
  }

  // A number from 0 to `most`.
  bool Number(std::string_view subject, double most, bool whole, double* out) {
    const std::string_view word = Take();
    double value = 0;
    const auto [end, code] = std::from_chars(word.data(), word.data() + word.size(), value);
    const bool good = code == std::errc() && end == word.data() + word.size() && value >= 0 &&
                      value <= most && (!whole || value == std::floor(value));
    if (!good) {
      return Fail(
          subject, Quoted(word, 24),
          (whole ? "a whole number from 0 to " : "a number from 0 to ") + ShortestText(most));
    }
    *out = value == 0 ? 0 : value;  // no -0
    return true;
  }

  bool ReadHead(PolicyFile* file) {
    const std::string_view profile = Take();
    const auto* found = std::ranges::find(kPolicyProfileNames, profile);
    if (found == kPolicyProfileNames.end()) {
      return Fail("profile", Quoted(profile, 24), JoinNames(kPolicyProfileNames),
                  Closest(profile, kPolicyProfileNames));
    }
    file->policy.profile = static_cast<PolicyProfile>(found - kPolicyProfileNames.begin());
    double bins = 0;
    if (!Expect('/', "and the number of bins") || !Number("bins", kBinsMax, true, &bins)) {
      return false;
    }
    const bool fixed = file->policy.profile != PolicyProfile::kTorchvision;
    if (bins < 2 || (fixed && bins != kPolicyBinsDefault)) {
      return Fail("bins", ShortestText(bins),
                  fixed ? "10, since timm and tf have levels of 0 to 10" : "2 to 1000");
    }
    file->policy.bins = static_cast<int>(bins);
    return Expect(':', "and the policy");
  }

  bool ReadRand(PolicyFile* file) {
    const bool whole = file->policy.profile == PolicyProfile::kTorchvision;
    double num_ops = 0;
    if (!Expect(':', "and the number of ops") || !Number("num_ops", kRandOpsMax, true, &num_ops) ||
        !Expect(':', "and the magnitude") ||
        !Number("magnitude", PolicyMagnitudeMax(*file), whole, &file->magnitude)) {
      return false;
    }
    file->num_ops = static_cast<uint32_t>(num_ops);
    return AtEnd();
  }

  bool ReadStep(const PolicyFile& file, PolicyStep* step) {
    const std::string_view name = Take();
    const std::optional<PolicyOp> op = PolicyOpOfShortName(name);
    if (!op) {
      return Fail("op", Quoted(name, 24), JoinNames(kShortNames), Closest(name, kShortNames));
    }
    step->op = *op;
    if (step->op == PolicyOp::kCutout && file.policy.profile == PolicyProfile::kTimm) {
      return Fail("op", "\"Cut\"", "Cut in torchvision or tf");
    }
    if (!Expect(':', "and the probability") || !Number("probability", 1, false, &step->p) ||
        !Expect(':', "and the magnitude")) {
      return false;
    }
    if (!HasMagnitude(step->op) && Peek() == kNoMagnitude) {
      Take();
      return true;
    }
    const bool whole = file.policy.profile == PolicyProfile::kTorchvision;
    if (!Number("magnitude", PolicyMagnitudeMax(file), whole, &step->magnitude)) return false;
    if (!HasMagnitude(step->op)) step->magnitude = 0;
    return true;
  }

  bool ReadSubPolicies(Policy* policy, const PolicyFile& file) {
    for (;;) {
      if (policy->sub_policies.size() == kSubPoliciesMax) {
        return Fail("sub-policies", "more than 1000", "at most 1000");
      }
      SubPolicy& steps = policy->sub_policies.emplace_back();
      for (;;) {
        if (steps.size() == kSubPolicyOpsMax) return Fail("ops", "more than 16", "at most 16");
        if (!ReadStep(file, &steps.emplace_back())) return false;
        if (at_ == text_.size() || text_[at_] != '+') break;
        ++at_;
      }
      if (at_ == text_.size()) return true;
      if (!Expect('|', "and another sub-policy, \"+\" and another op, or the end")) return false;
    }
  }

  std::string_view text_;
  ConfigError* error_;
  size_t at_ = 0;
  size_t word_at_ = 0;
};

}  // namespace

std::optional<PolicyOp> PolicyOpOfShortName(std::string_view name) {
  const auto* found = std::ranges::find(kShortNames, name);
  if (found == kShortNames.end()) return std::nullopt;
  return static_cast<PolicyOp>(found - kShortNames.begin());
}

std::string PolicyLine(const PolicyFile& file) {
  std::string text(kPolicyLineHead);
  text.append(kPolicyProfileNames[static_cast<size_t>(file.policy.profile)]).append("/");
  text.append(std::to_string(file.policy.bins)).append(":");
  switch (file.form) {
    case PolicyForm::kRandAugment:
      text.append(kRand).append(":").append(std::to_string(file.num_ops)).append(":");
      return text + ShortestText(file.magnitude);
    case PolicyForm::kTrivialAugmentWide: return text.append(kTrivial);
    case PolicyForm::kSubPolicies: break;
  }
  for (size_t i = 0; i < file.policy.sub_policies.size(); ++i) {
    if (i > 0) text += '|';
    const SubPolicy& steps = file.policy.sub_policies[i];
    for (size_t k = 0; k < steps.size(); ++k) {
      if (k > 0) text += '+';
      const PolicyStep& step = steps[k];
      text.append(kShortNames[static_cast<size_t>(step.op)]).append(":");
      text.append(ShortestText(step.p)).append(":");
      text.append(HasMagnitude(step.op) ? ShortestText(step.magnitude) : std::string(kNoMagnitude));
    }
  }
  return text;
}

bool ParsePolicyLine(std::string_view text, PolicyFile* file, ConfigError* error) {
  *error = {};
  *file = {};
  return LineReader(text, error).Read(file);
}

}  // namespace headrace::loader
