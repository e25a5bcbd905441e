// Policy files: TOML to PolicyFile.
#include <cmath>

#include "loader/config_toml_reader.h"
#include "loader/policy_file.h"

namespace headrace::loader {
namespace {

constexpr std::string_view kFormat = "headrace-policy/1";
constexpr std::string_view kRandTable = "rand_augment";
constexpr std::string_view kTrivialTable = "trivial_augment_wide";
constexpr std::string_view kSubPolicyTable = "sub_policy";
constexpr std::string_view kFileKeys[] = {"format",   "profile",       "bins",
                                          kRandTable, kSubPolicyTable, kTrivialTable};
constexpr std::string_view kSubPolicyKeys[] = {"ops"};
constexpr std::string_view kStepKeys[] = {"op", "p", "magnitude"};
constexpr std::string_view kRandKeys[] = {"num_ops", "magnitude"};
constexpr std::string_view kSubPolicyLabel = "[[sub_policy]]";
constexpr int kBinsMax = 1000;

constexpr ParamWord kProfileWords[] = {{"torchvision"}, {"timm"}, {"tf"}};
static_assert(static_cast<size_t>(PolicyProfile::kTf) == 2);

bool IsWhole(double value) { return value == std::floor(value); }

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

// Reads `value` up to the largest magnitude of the file; bins are whole.
bool ReadMagnitude(const ValueReader& value, const PolicyFile& file, double* out) {
  if (!value.Number({0, PolicyMagnitudeMax(file)}, out)) return false;
  return file.policy.profile != PolicyProfile::kTorchvision || IsWhole(*out) ||
         value.WrongValue("a whole number, the number of a bin");
}

// [rand_augment] or [trivial_augment_wide]: the table of that name.
bool ReadNumbers(Document* document, const ValueReader& value, std::string_view name,
                 PolicyFile* out) {
  const std::string label = '[' + std::string(name) + ']';
  const toml::table* numbers = value.node().as_table();
  if (numbers == nullptr) return value.WrongType("a table, " + label);
  const TableReader table(document, label, *numbers);
  if (out->form == PolicyForm::kTrivialAugmentWide) {
    return numbers->empty() || value.WrongValue("a table without keys");
  }
  if (!table.Keys(kRandKeys) || !table.U32("num_ops", 0, kRandOpsMax, &out->num_ops)) return false;
  const auto magnitude = table.Find("magnitude");
  if (magnitude) return ReadMagnitude(*magnitude, *out, &out->magnitude);
  return out->magnitude <= PolicyMagnitudeMax(*out) ||
         table.Missing("magnitude", "a number below bins; it is 9 by default");
}

// Which form the file has; exactly one of its tables may be there.
bool ReadForm(const TableReader& file, PolicyFile* out) {
  const auto subs = file.Find(kSubPolicyTable);
  const auto rand = file.Find(kRandTable);
  const auto trivial = file.Find(kTrivialTable);
  if (rand && (subs || trivial)) return rand->WrongValue("no other policy beside it");
  if (trivial && subs) return trivial->WrongValue("no other policy beside it");
  if (rand) out->form = PolicyForm::kRandAugment;
  if (trivial) out->form = PolicyForm::kTrivialAugmentWide;
  return true;
}

bool ReadBins(const TableReader& file, PolicyFile* out) {
  Policy* const policy = &out->policy;
  const bool has_bins = policy->profile == PolicyProfile::kTorchvision;
  if (out->form == PolicyForm::kTrivialAugmentWide && !has_bins) {
    return file.Find("profile")->WrongValue("\"torchvision\", which trivial_augment_wide is of");
  }
  const bool rand = out->form != PolicyForm::kSubPolicies && has_bins;
  uint32_t bins = rand ? kRandBinsDefault : kPolicyBinsDefault;
  if (!file.U32("bins", 2, kBinsMax, &bins)) return false;
  policy->bins = static_cast<int>(bins);
  return has_bins || bins == kPolicyBinsDefault ||
         file.Find("bins")->WrongValue("10, since timm and tf have levels of 0 to 10");
}

}  // namespace

bool ReadPolicyFile(Document* document, const toml::table& root, PolicyFile* out) {
  const TableReader file(document, "policy file", root);
  if (!file.Keys(kFileKeys)) return false;
  const auto format = file.Find("format");
  if (!format) return file.Missing("format", "\"" + std::string(kFormat) + "\"");
  constexpr ParamWord kFormats[] = {{kFormat}};
  size_t index = 0;
  if (!format->Word(kFormats, &index) ||
      !file.Word("profile", kProfileWords, &out->policy.profile) || !ReadForm(file, out) ||
      !ReadBins(file, out)) {
    return false;
  }
  switch (out->form) {
    case PolicyForm::kSubPolicies: return ReadSubPolicies(document, file, &out->policy);
    case PolicyForm::kRandAugment:
      return ReadNumbers(document, *file.Find(kRandTable), kRandTable, out);
    case PolicyForm::kTrivialAugmentWide: break;
  }
  return ReadNumbers(document, *file.Find(kTrivialTable), kTrivialTable, out);
}

bool ParsePolicyFile(std::string_view text, std::string_view name, PolicyFile* file,
                     ConfigError* error) {
  Document document;
  return Fenced(&document, error, [&] {
    document.name = name;
    *file = {};
    toml::table root;
    return ParseToml(&document, text, {}, &root) && ReadPolicyFile(&document, root, file);
  });
}

}  // namespace headrace::loader
