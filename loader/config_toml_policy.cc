// Policies in [[augment]]: what ties their parameters, timm strings, policy files.
#include <algorithm>
#include <cmath>
#include <cstring>

#include "loader/augment/policy_tables.h"
#include "loader/augment/timm_string.h"
#include "loader/config_toml_reader.h"

namespace headrace::loader {
namespace {

constexpr std::string_view kFormat = "headrace-policy/1";
constexpr std::string_view kFileKeys[] = {"format", "profile", "bins", "sub_policy"};
constexpr std::string_view kSubPolicyKeys[] = {"ops"};
constexpr std::string_view kStepKeys[] = {"op", "p", "magnitude"};
constexpr std::string_view kSubPolicyLabel = "[[sub_policy]]";
constexpr int kBinsMax = 1000;
constexpr int kBinsDefault = 10;

constexpr ParamWord kProfileWords[] = {{"torchvision"}, {"timm"}, {"tf"}};
static_assert(static_cast<size_t>(PolicyProfile::kTf) == 2);

bool IsWhole(double value) { return value == std::floor(value); }

template <class T>
const T& Param(const OpConfig& op, const char* name) {
  return std::get<T>(op.params.at(name));
}

PolicyProfile ProfileOf(const OpConfig& op) {
  const auto* found = std::ranges::find(kPolicyProfileNames, Param<std::string>(op, "profile"));
  return static_cast<PolicyProfile>(found - kPolicyProfileNames.begin());
}

// One {op, p, magnitude} of a sub-policy.
bool ReadStep(const TableReader& entry, const Policy& policy, PolicyStep* step) {
  std::vector<ParamWord> words;
  for (const std::string_view name : kPolicyOpNames) words.push_back({name});
  const auto op = entry.Find("op");
  if (!op) return entry.Missing("op", "the name of an op, such as \"rotate\"");
  size_t index = 0;
  if (!op->Word(words, &index)) return false;
  step->op = static_cast<PolicyOp>(index);
  // timm has no cutout, and so no level for it.
  if (step->op == PolicyOp::kCutout && policy.profile == PolicyProfile::kTimm) {
    return op->WrongValue("cutout with profile = \"torchvision\" or \"tf\"");
  }
  if (!entry.Keys(kStepKeys) || !entry.Number("p", {0, 1}, &step->p)) return false;

  const bool bins = policy.profile == PolicyProfile::kTorchvision;
  const double last = bins ? policy.bins - 1 : kPolicyLevelMax;
  const auto magnitude = entry.Find("magnitude");
  if (!magnitude) {
    return !HasMagnitude(step->op) ||
           entry.Missing("magnitude",
                         "a number from 0 to " + std::to_string(static_cast<int>(last)));
  }
  if (!magnitude->Number({0, last}, &step->magnitude)) return false;
  return !bins || IsWhole(step->magnitude) ||
         magnitude->WrongValue("a whole number, the number of a bin");
}

bool ReadSubPolicy(Document* document, const toml::table& table, const Policy& policy,
                   SubPolicy* steps) {
  const TableReader entry(document, std::string(kSubPolicyLabel), table);
  constexpr std::string_view kAllowed =
      "a list of 1 to 16 tables, such as { op = \"rotate\", p = 0.6, magnitude = 9 }";
  if (!entry.Keys(kSubPolicyKeys)) return false;
  const auto ops = entry.Find("ops");
  if (!ops) return entry.Missing("ops", kAllowed);
  const toml::array* list = ops->node().as_array();
  if (list == nullptr) return ops->WrongType(kAllowed);
  if (list->empty() || list->size() > kSubPolicyOpsMax) return ops->WrongValue(kAllowed);
  for (const toml::node& node : *list) {
    const toml::table* step = node.as_table();
    if (step == nullptr) return ops->WrongEntry(Code::kConfigType, node, kAllowed);
    const TableReader reader(document, std::string(kSubPolicyLabel) + " ops", *step);
    if (!ReadStep(reader, policy, &steps->emplace_back())) return false;
  }
  return true;
}

bool ReadSubPolicies(Document* document, const TableReader& file, Policy* policy) {
  constexpr std::string_view kAllowed = "1 to 1000 tables, [[sub_policy]]";
  const auto value = file.Find("sub_policy");
  if (!value) return file.Missing("sub_policy", kAllowed);
  const toml::array* list = value->node().as_array();
  const bool tables = list != nullptr && (list->empty() || list->is_homogeneous<toml::table>());
  if (!tables) return value->WrongType(kAllowed);
  if (list->empty() || list->size() > kSubPoliciesMax) return value->WrongValue(kAllowed);
  for (const toml::node& node : *list) {
    if (!ReadSubPolicy(document, *node.as_table(), *policy, &policy->sub_policies.emplace_back())) {
      return false;
    }
  }
  return true;
}

// The tables of a policy file.
bool ReadPolicyFile(Document* document, const toml::table& root, Policy* policy) {
  const TableReader file(document, "policy file", root);
  if (!file.Keys(kFileKeys)) return false;
  const auto format = file.Find("format");
  if (!format) return file.Missing("format", "\"" + std::string(kFormat) + "\"");
  constexpr ParamWord kFormats[] = {{kFormat}};
  size_t index = 0;
  if (!format->Word(kFormats, &index) || !file.Word("profile", kProfileWords, &policy->profile)) {
    return false;
  }
  uint32_t bins = kBinsDefault;
  if (!file.U32("bins", 2, kBinsMax, &bins)) return false;
  policy->bins = static_cast<int>(bins);
  if (policy->profile != PolicyProfile::kTorchvision && bins != kBinsDefault) {
    return file.Find("bins")->WrongValue("10, since timm and tf have levels of 0 to 10");
  }
  return ReadSubPolicies(document, file, policy);
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

// The policy file at `path`, which is relative to the configuration's folder.
bool LoadPolicy(const TableReader& entry, const ValueReader& value, const std::string& path,
                OpConfig* op) {
  Document file;
  file.name = entry.document()->Resolve(path);
  std::string text;
  if (const int error_number = ReadTomlFile(file.name, TomlFile::kRegular, &text);
      error_number != 0) {
    return FailFile(value, error_number);
  }
  toml::table root;
  Policy policy;
  const bool good = ParseToml(&file, text, {}, &root) && ReadPolicyFile(&file, root, &policy);
  if (!entry.document()->report.Take(file.report) || !good) return false;

  const auto profile = entry.Find("profile");
  if (profile && ProfileOf(*op) != policy.profile) {
    return profile->WrongValue("what the policy file says, or no profile");
  }
  op->params["profile"] = std::string(kPolicyProfileNames[static_cast<size_t>(policy.profile)]);
  op->policy = std::move(policy);
  return true;
}

bool ReadAutoAugment(const TableReader& entry, OpConfig* op) {
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
  if (policy.find_first_of("./") != policy.npos) return LoadPolicy(entry, *value, policy, op);
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
    if (!ReadAutoAugment(entry, op)) return false;
    PutHabits(entry, ProfileOf(*op), op);
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
