// Policies in [[augment]]: what ties their parameters, timm strings, what a policy file makes of an
// entry.
#include <algorithm>
#include <cmath>
#include <cstring>

#include "loader/augment/policy_tables.h"
#include "loader/augment/timm_string.h"
#include "loader/config_toml_reader.h"
#include "loader/policy_file.h"

namespace headrace::loader {
namespace {

bool IsWhole(double value) { return value == std::floor(value); }

template <class T>
const T& Param(const OpConfig& op, const char* name) {
  return std::get<T>(op.params.at(name));
}

PolicyProfile ProfileOf(const OpConfig& op) {
  const auto* found = std::ranges::find(kPolicyProfileNames, Param<std::string>(op, "profile"));
  return static_cast<PolicyProfile>(found - kPolicyProfileNames.begin());
}

bool FailFile(const ValueReader& value, int error_number) {
  const bool is_no_file = error_number == EISDIR || error_number == EINVAL;
  std::array<char, 128> buffer{};
  const char* reason = strerror_r(error_number, buffer.data(), buffer.size());
  std::string text;
  if (!value.Text(&text)) return false;
  return value.document()->report.Fail(
      {.code = is_no_file ? Code::kNotRegularFile : CodeOfErrno(error_number),
       .place = value.place(),
       .subject = "[[augment]] policy",
       .found = "found " + Quoted(text) + ", " + (is_no_file ? "which is no file" : reason),
       .allowed = "allowed: imagenet, cifar10, svhn, v0 or the path of a policy file",
       .suggestion = {},
       .error_number = error_number});
}

// What an entry with a policy file becomes: auto_augment with the sub-policies, or the very op that
// the file gives the numbers of, so that writing the op instead of the file changes no pixel.
void TakePolicy(PolicyFile file, OpConfig* op) {
  if (file.form == PolicyForm::kSubPolicies) {
    op->policy = std::move(file.policy);
    return;
  }
  op->params.erase("policy");
  const bool bins = file.policy.profile == PolicyProfile::kTorchvision;
  if (bins) op->params["num_magnitude_bins"] = int64_t{file.policy.bins};
  if (file.form == PolicyForm::kTrivialAugmentWide) {
    op->op = "trivial_augment_wide";
    op->params.erase("profile");
    return;
  }
  op->op = "rand_augment";
  op->params["num_ops"] = int64_t{file.num_ops};
  op->params["magnitude"] = file.magnitude;
}

// The policy file at `path`, which is relative to the configuration's folder.
bool LoadPolicy(const TableReader& entry, const ValueReader& value, const std::string& path,
                PolicyFile* out, OpConfig* op) {
  Document file;
  file.name = entry.document()->Resolve(path);
  std::string text;
  if (const int error_number = ReadTomlFile(file.name, TomlFile::kRegular, &text);
      error_number != 0) {
    return FailFile(value, error_number);
  }
  toml::table root;
  const bool good = ParseToml(&file, text, {}, &root) && ReadPolicyFile(&file, root, out);
  if (!entry.document()->report.Take(file.report) || !good) return false;

  const auto profile = entry.Find("profile");
  if (profile && ProfileOf(*op) != out->policy.profile) {
    return profile->WrongValue("what the policy file says, or no profile");
  }
  op->params["profile"] =
      std::string(kPolicyProfileNames[static_cast<size_t>(out->policy.profile)]);
  return true;
}

// *file: what a policy file says; empty where a table of ours was named.
bool ReadAutoAugment(const TableReader& entry, std::optional<PolicyFile>* file, OpConfig* op) {
  const std::string policy = Param<std::string>(*op, "policy");
  const auto value = entry.Find("policy");
  if (const PolicyTable* table = FindPolicyTable(policy)) {
    if (!table->levels_only || ProfileOf(*op) != PolicyProfile::kTorchvision) return true;
    return value->WrongValue("with profile = \"timm\" or \"tf\", for v0 has no bins");
  }
  if (policy.starts_with("rand-")) {
    return value->WrongValue(
        "a policy; timm's texts go to op = \"rand_augment\", config = \"rand-...\"");
  }
  if (policy.find_first_of("./") != policy.npos) {
    return LoadPolicy(entry, *value, policy, &file->emplace(), op);
  }
  std::vector<std::string_view> names;
  for (const PolicyTable& table : PolicyTables()) names.push_back(table.name);
  return value->WrongValue("imagenet, cifar10, svhn, v0 or the path of a policy file",
                           Closest(policy, names));
}

// rand_augment by a timm string.
bool ReadTimmConfig(const TableReader& entry, const ValueReader& value, OpConfig* op) {
  constexpr const char* kInTheText[] = {"num_ops", "magnitude", "num_magnitude_bins", "profile"};
  for (const char* key : kInTheText) {
    if (const auto given = entry.Find(key)) {
      return given->WrongValue("nothing beside config, which says it all");
    }
    op->params.erase(key);
  }
  TimmRand rand;
  TimmStringError error;
  if (!ParseTimmRand(Param<std::string>(*op, "config"), &rand, &error)) {
    if (!error.not_built) return value.WrongPart(Code::kConfigValue, error.found, error.allowed);
    value.NotBuilt(error.allowed);
    return true;
  }
  op->params["config"] = TimmRandText(rand);
  return true;
}

bool ReadRandAugment(const TableReader& entry, OpConfig* op) {
  const double level = Param<double>(*op, "magnitude");
  const auto bins = static_cast<double>(Param<int64_t>(*op, "num_magnitude_bins"));
  const auto given = entry.Find("magnitude");
  const auto given_bins = entry.Find("num_magnitude_bins");
  switch (ProfileOf(*op)) {
    case PolicyProfile::kTorchvision:
      if (level >= bins) {
        return given ? given->WrongValue("a number below num_magnitude_bins")
                     : given_bins->WrongValue("an integer above magnitude, which is 9 by default");
      }
      return IsWhole(level) || given->WrongValue("a whole number, the number of a bin");
    case PolicyProfile::kTimm:
      if (level > kPolicyLevelMax) return given->WrongValue("a level from 0 to 10");
      break;
    case PolicyProfile::kTf:
      if (level > kTfLevelMax) return given->WrongValue("a level from 0 to 30");
      break;
  }
  op->params.erase("num_magnitude_bins");
  return !given_bins || given_bins->WrongValue("only with profile = \"torchvision\"");
}

// What a profile puts for interpolation and fill where the entry does not say.
void PutHabits(const TableReader& entry, PolicyProfile profile, OpConfig* op) {
  const bool timm = profile == PolicyProfile::kTimm;
  if (timm && !entry.Find("interpolation")) op->params["interpolation"] = std::string("random");
  if (profile == PolicyProfile::kTorchvision || entry.Find("fill")) return;
  op->params["fill"] = timm ? std::vector<double>{124, 116, 104}
                            : std::vector<double>{128};  // timm: ImageNet's mean
}

bool ReadAugMix(const TableReader& entry, const OpConfig& op) {
  if (Param<int64_t>(op, "chain_depth") == 0) {
    return entry.Find("chain_depth")->WrongValue("-1 (drawn from 1 to 3), or 1 to 16");
  }
  return Param<std::string>(op, "profile") != "torchvision" ||
         IsWhole(Param<double>(op, "severity")) ||
         entry.Find("severity")->WrongValue("a whole number of bins with this profile");
}

}  // namespace

bool ReadPolicy(const TableReader& entry, OpConfig* op) {
  if (op->op == "aug_mix") return ReadAugMix(entry, *op);
  if (op->op == "auto_augment") {
    std::optional<PolicyFile> file;
    if (!ReadAutoAugment(entry, &file, op)) return false;
    PutHabits(entry, ProfileOf(*op), op);
    if (file) TakePolicy(*std::move(file), op);
    return true;
  }
  if (op->op == "rand_augment") {
    const auto config = entry.Find("config");
    if (config) {
      if (!ReadTimmConfig(entry, *config, op)) return false;
      PutHabits(entry, PolicyProfile::kTimm, op);
    } else {
      if (!ReadRandAugment(entry, op)) return false;
      PutHabits(entry, ProfileOf(*op), op);
    }
  }
  return true;
}

}  // namespace headrace::loader
