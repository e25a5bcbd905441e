// [search]: the space of a policy search.
#include "loader/config_search.h"

#include <algorithm>

#include "loader/config_toml_reader.h"
#include "loader/policy_file.h"

namespace headrace::loader {
namespace {

using enum PolicyOp;

constexpr ParamWord kSpaceWords[] = {{"auto_augment"}, {"rand_augment"}, {"sub_policy"}};
constexpr ParamWord kProfileWords[] = {{"torchvision"}, {"timm"}, {"tf"}};
static_assert(static_cast<size_t>(SearchSpace::kSubPolicy) == 2);
static_assert(static_cast<size_t>(PolicyProfile::kTf) == 2);

// A policy has up to 50 x 16 steps of three numbers; five joined ones fit into a policy file.
constexpr uint32_t kSearchSubPoliciesMax = 50;
constexpr uint32_t kStepsMax = static_cast<uint32_t>(kSubPolicyOpsMax);
constexpr uint32_t kProbabilitiesMax = 101;
constexpr uint32_t kBinsMax = 100;
constexpr uint32_t kBins = kPolicyBinsDefault;
constexpr uint32_t kRandBins = kRandBinsDefault;
// Levels are whole in a search: 0 to 10, and of RandAugment in tf 0 to 30.
constexpr uint32_t kLevels = static_cast<uint32_t>(kPolicyLevelMax) + 1;
constexpr uint32_t kTfLevels = static_cast<uint32_t>(kTfLevelMax) + 1;
// RandAugment's paper looks at one to three ops.
constexpr uint32_t kRandOpsDefault = 3;

constexpr PolicyOp kOps[] = {kShearX,     kShearY,       kTranslateX, kTranslateY,
                             kRotate,     kAutocontrast, kInvert,     kEqualize,
                             kSolarize,   kPosterize,    kContrast,   kColor,
                             kBrightness, kSharpness,    kCutout,     kIdentity};
constexpr PolicyOp kTimmOps[] = {kShearX,       kShearY, kTranslateX, kTranslateY, kRotate,
                                 kAutocontrast, kInvert, kEqualize,   kSolarize,   kPosterize,
                                 kContrast,     kColor,  kBrightness, kSharpness,  kIdentity};

// The keys that the space has no use for must not be there.
bool CheckUnused(const TableReader& table, const SearchConfig& search) {
  const auto refuse = [&](std::string_view key, std::string_view allowed) {
    const auto value = table.Find(key);
    return !value || value->WrongValue(allowed);
  };
  if (search.space == SearchSpace::kSubPolicy) {
    return search.sub_policies == 1 || refuse("sub_policies", "1 with space = \"sub_policy\"");
  }
  if (search.space != SearchSpace::kRandAugment) return true;
  constexpr std::string_view kAllowed = "only with space = \"auto_augment\" or \"sub_policy\"";
  return refuse("ops", kAllowed) && refuse("sub_policies", kAllowed) &&
         refuse("probabilities", kAllowed);
}

bool ReadOps(const TableReader& table, SearchConfig* search) {
  const auto value = table.Find("ops");
  if (!value) return true;
  std::vector<std::string> names;
  if (!value->Texts(&names)) return false;
  const auto fail = [&](const std::string& name, const std::string& allowed,
                        std::string_view suggestion) {
    return table.document()->report.Fail({.code = Code::kConfigValue,
                                          .place = value->place(),
                                          .subject = "[search] ops",
                                          .found = "found " + Quoted(name, 40),
                                          .allowed = "allowed: " + allowed,
                                          .suggestion = std::string(suggestion)});
  };
  for (const std::string& name : names) {
    const auto op = FindPolicyOp(name);
    if (!op) return fail(name, JoinNames(kPolicyOpNames), Closest(name, kPolicyOpNames));
    if (*op == kCutout && search->profile == PolicyProfile::kTimm) {
      return fail(name, "cutout with profile = \"torchvision\" or \"tf\"", {});
    }
    search->ops.push_back(*op);
  }
  return true;
}

// How many bins a magnitude may have, and has by default.
struct BinsOf {
  uint32_t most;
  uint32_t usual;
};
BinsOf BinsFor(const SearchConfig& search) {
  const bool rand = search.space == SearchSpace::kRandAugment;
  switch (search.profile) {
    case PolicyProfile::kTorchvision: return {kBinsMax, rand ? kRandBins : kBins};
    case PolicyProfile::kTimm: return {kLevels, rand ? kLevels : kBins};
    case PolicyProfile::kTf: break;
  }
  return rand ? BinsOf{kTfLevels, kTfLevels} : BinsOf{kLevels, kBins};
}

}  // namespace

std::span<const PolicyOp> SearchOps(PolicyProfile profile) {
  if (profile == PolicyProfile::kTimm) return kTimmOps;
  return kOps;
}

bool ReadSearch(const TableReader& table, SearchConfig* search) {
  if (!table.Keys(kSearchKeys) || !table.Word("space", kSpaceWords, &search->space) ||
      !table.Word("profile", kProfileWords, &search->profile) || !ReadOps(table, search)) {
    return false;
  }
  if (search->space == SearchSpace::kSubPolicy) search->sub_policies = 1;
  if (search->space == SearchSpace::kRandAugment) search->num_ops = kRandOpsDefault;
  const BinsOf bins = BinsFor(*search);
  search->bins = bins.usual;
  return table.U32("sub_policies", 1, kSearchSubPoliciesMax, &search->sub_policies) &&
         table.U32("num_ops", 1, kStepsMax, &search->num_ops) &&
         table.U32("probabilities", 2, kProbabilitiesMax, &search->probabilities) &&
         table.U32("bins", 2, bins.most, &search->bins) && CheckUnused(table, *search);
}

bool ParseSearch(const ConfigSource& source, SearchConfig* search, ConfigError* error) {
  Document document;
  return Fenced(&document, error, [&] {
    document.name = source.name;
    document.folder = source.folder;
    *search = {};
    toml::table root;
    return ParseTables(&document, source, &root) && ReadSearchAlone(&document, root, search);
  });
}

bool ParseSearchFile(const std::string& path, std::span<const std::string> overrides,
                     SearchConfig* search, ConfigError* error) {
  Document document;
  return Fenced(&document, error, [&] {
    std::string text;
    *search = {};
    toml::table root;
    if (!ReadConfigText(&document, path, &text)) return false;
    const ConfigSource source{.text = text, .name = path, .folder = {}, .overrides = overrides};
    return ParseTables(&document, source, &root) && ReadSearchAlone(&document, root, search);
  });
}

}  // namespace headrace::loader
