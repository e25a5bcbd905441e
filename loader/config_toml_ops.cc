// [[augment]] and [[mix]] entries, read by the schema of config_ops.h.
#include <algorithm>
#include <cmath>
#include <vector>

#include "loader/config_toml_reader.h"

namespace headrace::loader {
namespace {

constexpr std::string_view kAugment = "[[augment]]";
constexpr std::string_view kMix = "[[mix]]";

bool IsWhole(double value) { return value == std::floor(value); }

std::string ScalarOr(std::string_view list, const ParamBounds& bounds, std::string_view noun) {
  return std::string(noun) + " or " + std::string(list) + ", " + BoundsText(bounds);
}

// v, or [low, high]. `spread` turns a lone number into its range.
template <class Spread>
bool ReadRange(const ValueReader& value, const ParamBounds& bounds,
               const ParamBounds& scalar_bounds, Spread spread, ParamValue* out) {
  if (value.node().is_array()) {
    Range range;
    if (!value.Pair(bounds, &range)) return false;
    *out = range;
    return true;
  }
  if (!value.is_number()) return value.WrongType(ScalarOr("[low, high]", bounds, "a number"));
  double number = 0;
  if (!value.Number(scalar_bounds, &number)) return false;
  *out = spread(number);
  return true;
}

bool ReadIntRange(const ValueReader& value, const ParamBounds& bounds, ParamValue* out) {
  if (!ReadRange(
          value, bounds, bounds,
          [](double v) {
            return Range{v, v};
          },
          out))
    return false;
  const Range& range = std::get<Range>(*out);
  if (IsWhole(range.low) && IsWhole(range.high)) return true;
  return value.WrongValue(ScalarOr("[low, high]", bounds, "an integer"));
}

// A list with one of the given lengths, or a lone number that stands for `repeat` equal ones.
bool ReadList(const ValueReader& value, const ParamBounds& bounds, std::span<const size_t> counts,
              size_t repeat, std::string_view shape, std::vector<double>* out) {
  if (value.node().is_array()) return value.Numbers(bounds, counts, out);
  if (!value.is_number()) return value.WrongType(ScalarOr(shape, bounds, "a number"));
  double number = 0;
  if (!value.Number(bounds, &number)) return false;
  out->assign(repeat, number);
  return true;
}

// As ReadList, of whole numbers.
bool ReadIntList(const ValueReader& value, const ParamBounds& bounds,
                 std::span<const size_t> counts, size_t repeat, std::string_view shape,
                 std::vector<double>* out) {
  if (!ReadList(value, bounds, counts, repeat, shape, out)) return false;
  if (std::ranges::all_of(*out, IsWhole)) return true;
  return value.WrongValue(ScalarOr(shape, bounds, "an integer"));
}

bool ReadOddPair(const ValueReader& value, const ParamBounds& bounds, std::vector<double>* out) {
  constexpr size_t kTwo[] = {2};
  if (!ReadIntList(value, bounds, kTwo, 2, "[x, y]", out)) return false;
  if (std::ranges::all_of(*out, [](double v) { return std::fmod(v, 2) == 1; })) return true;
  return value.WrongValue(ScalarOr("[x, y]", bounds, "an odd integer"));
}

bool ReadPadding(const ValueReader& value, const ParamBounds& bounds, std::vector<double>* out) {
  constexpr size_t kCounts[] = {2, 4};
  if (!ReadIntList(value, bounds, kCounts, 4, "[x, y] or [left, top, right, bottom]", out)) {
    return false;
  }
  if (out->size() == 2) out->insert(out->end(), {(*out)[0], (*out)[1]});
  return true;
}

bool ReadBox(const ValueReader& value, const ParamBounds& bounds, std::vector<double>* out) {
  constexpr size_t kFour[] = {4};
  if (!value.Numbers(bounds, kFour, out)) return false;
  if (std::ranges::all_of(*out, IsWhole) && (*out)[2] >= 1 && (*out)[3] >= 1) return true;
  return value.WrongValue("[top, left, height, width] of integers, height and width at least 1");
}

bool ReadWeights(const ValueReader& value, const ParamSpec& spec, std::vector<double>* out) {
  std::vector<std::string_view> names;
  for (const ParamWord& word : spec.words) names.push_back(word.name);
  const toml::table* table = value.node().as_table();
  if (table == nullptr) return value.WrongType("a table of weights for " + JoinNames(names));
  const TableReader reader(value.document(), "[[augment]] " + std::string(spec.name), *table);
  if (!reader.Keys(names)) return false;
  out->assign(names.size(), 0.0);
  double sum = 0;
  for (size_t i = 0; i < names.size(); ++i) {
    if (!reader.Number(names[i], spec.bounds, &(*out)[i])) return false;
    sum += (*out)[i];
  }
  return sum > 0 || value.WrongValue("at least one weight above 0");
}

bool ReadWord(const ValueReader& value, const ParamSpec& spec, ParamValue* out) {
  size_t index = 0;
  if (!value.Word(spec.words, &index)) return false;
  *out = std::string(spec.words[index].name);
  return true;
}

bool ReadBool(const ValueReader& value, const ParamSpec& spec, ParamValue* out) {
  bool flag = false;
  if (!value.Bool(&flag)) return false;
  if (!flag && !spec.false_built) value.NotBuilt("true");
  *out = flag;
  return true;
}

bool ReadInt(const ValueReader& value, const ParamSpec& spec, ParamValue* out) {
  int64_t number = 0;
  if (!value.Int(static_cast<int64_t>(spec.bounds.low), static_cast<int64_t>(spec.bounds.high),
                 &number)) {
    return false;
  }
  *out = number;
  return true;
}

// The kinds that become a list of numbers.
bool ReadNumbers(const ValueReader& value, const ParamSpec& spec, ParamValue* out) {
  constexpr size_t kTwo[] = {2}, kOneTwoFourCounts[] = {1, 2, 4}, kOneThree[] = {1, 3};
  constexpr size_t kSixCount[] = {6}, kEightCount[] = {8};
  const ParamBounds& bounds = spec.bounds;
  std::vector<double> list;
  bool good = false;
  switch (spec.kind) {
    case ParamKind::kSizeSquare:
      good = ReadIntList(value, bounds, kTwo, 2, "[height, width]", &list);
      break;
    case ParamKind::kSizeShort:
      good = ReadIntList(value, bounds, kTwo, 1, "[height, width]", &list);
      break;
    case ParamKind::kOddPair: good = ReadOddPair(value, bounds, &list); break;
    case ParamKind::kPadding: good = ReadPadding(value, bounds, &list); break;
    case ParamKind::kBox: good = ReadBox(value, bounds, &list); break;
    case ParamKind::kPair: good = value.Numbers(bounds, kTwo, &list); break;
    case ParamKind::kOneTwoFour:
      good = ReadList(value, bounds, kOneTwoFourCounts, 1, "a list of 1, 2 or 4", &list);
      break;
    case ParamKind::kSix: good = value.Numbers(bounds, kSixCount, &list); break;
    case ParamKind::kEight: good = value.Numbers(bounds, kEightCount, &list); break;
    case ParamKind::kWeights: good = ReadWeights(value, spec, &list); break;
    default: good = ReadList(value, bounds, kOneThree, 1, "[r, g, b]", &list); break;
  }
  if (good) *out = std::move(list);
  return good;
}

bool ReadParam(const ValueReader& value, const ParamSpec& spec, ParamValue* out) {
  const ParamBounds& bounds = spec.bounds;
  ParamBounds from_zero = bounds;
  switch (spec.kind) {
    case ParamKind::kBool: return ReadBool(value, spec, out);
    case ParamKind::kInt: return ReadInt(value, spec, out);
    case ParamKind::kNumber: return value.Number(bounds, &out->emplace<double>());
    case ParamKind::kRange:
      return ReadRange(
          value, bounds, bounds,
          [](double v) {
            return Range{v, v};
          },
          out);
    case ParamKind::kIntRange: return ReadIntRange(value, bounds, out);
    case ParamKind::kSpread:
      // -d must be allowed too: where -1 is not, 1 is not.
      from_zero = {0, std::min(bounds.high, -bounds.low), false, bounds.low_open};
      return ReadRange(
          value, bounds, from_zero,
          [](double d) {
            return Range{-d, d};
          },
          out);
    case ParamKind::kFactor:
      return ReadRange(
          value, bounds, bounds,
          [](double x) {
            return Range{std::max(0.0, 1.0 - x), 1.0 + x};
          },
          out);
    case ParamKind::kWord: return ReadWord(value, spec, out);
    case ParamKind::kText: return value.Text(&out->emplace<std::string>());
    case ParamKind::kFillOrWord:
      return value.node().is_string() ? ReadWord(value, spec, out) : ReadNumbers(value, spec, out);
    default: return ReadNumbers(value, spec, out);
  }
}

// Reads the schema's own text as if the user had written it.
bool ReadDefault(Document* document, const ParamSpec& spec, ParamValue* out) {
  toml::table table;
  if (!ParseToml(document, "v = " + std::string(spec.default_toml), spec.name, &table))
    return false;
  return ReadParam(*TableReader(document, std::string(kAugment), table).Find("v"), spec, out);
}

bool ReadParams(const TableReader& entry, const OpSpec& spec, OpConfig* op) {
  for (const ParamSpec& param : spec.params) {
    const auto value = entry.Find(param.name);
    ParamValue* const out = &op->params[std::string(param.name)];
    if (value) {
      if (!ReadParam(*value, param, out)) return false;
    } else if (param.need == ParamNeed::kDefault) {
      if (!ReadDefault(entry.document(), param, out)) return false;
    } else if (param.need == ParamNeed::kRequired) {
      return entry.Missing(param.name, "a value; " + op->op + " has no default for it");
    } else {
      op->params.erase(std::string(param.name));
    }
  }
  return true;
}

// Rules that tie two parameters of one op.
bool CheckTogether(const TableReader& entry, const OpConfig& op) {
  if (op.op == "resize") {
    const auto max_size = entry.Find("max_size");
    const auto& size = std::get<std::vector<double>>(op.params.at("size"));
    if (!max_size) return true;
    if (size.size() != 1) return max_size->WrongValue("only with size = a short side");
    const auto longest = static_cast<double>(std::get<int64_t>(op.params.at("max_size")));
    return longest > size[0] || max_size->WrongValue("an integer above size");
  }
  return true;
}

// A mirrored "left" is a "right" and the other way round: one pair stands for both directions, and
// a class can have one mirror image only.
bool ReadRemap(const ValueReader& value, std::map<std::string, std::string>* remap) {
  constexpr std::string_view kAllowed = "a table of class pairs, such as { left = \"right\" }";
  const toml::table* pairs = value.node().as_table();
  if (pairs == nullptr) return value.WrongType(kAllowed);
  if (pairs->empty()) return value.WrongValue(kAllowed);
  const TableReader reader(value.document(), "[[augment]] remap", *pairs);
  for (const auto& [from, node] : *pairs) {
    std::string to;
    const auto pair = reader.Find(from.str());
    if (from.str().empty()) return value.WrongValue(kAllowed);
    if (!pair->Text(&to)) return false;
    const auto [there, new_there] = remap->emplace(from.str(), to);
    if (!new_there && there->second != to) {
      return pair->WrongValue("one mirror class; another pair gives " + Quoted(there->second, 30));
    }
    const auto [back, new_back] = remap->emplace(to, from.str());
    if (!new_back && back->second != from.str()) {
      return pair->WrongValue("one mirror class; another pair gives " + Quoted(back->second, 30));
    }
  }
  return true;
}

// Names the op; null after an error.
const OpSpec* ReadOpName(const TableReader& entry, std::string* op) {
  std::vector<std::string_view> names, built;
  for (const OpSpec& spec : AllOps()) {
    names.push_back(spec.name);
    if (spec.built) built.push_back(spec.name);
  }
  // The page first: the list is cut where an error's text ends.
  const std::string allowed = "a name of docs/ops.md: " + JoinNames(built);
  const auto value = entry.Find("op");
  if (!value) {
    entry.Missing("op", allowed);
    return nullptr;
  }
  const auto* text = value->node().as_string();
  if (text == nullptr) {
    value->WrongType(allowed);
    return nullptr;
  }
  const OpSpec* spec = FindOp(text->get());
  if (spec == nullptr) {
    value->WrongValue(allowed, Closest(text->get(), names));
    return nullptr;
  }
  if (!spec->built) value->NotBuilt(allowed);
  *op = text->get();
  return spec;
}

// [[mix]].

constexpr ParamWord kMixOpWords[] = {{"mixup"}, {"cutmix"}, {"rmix"}, {"ace"}};
constexpr ParamWord kModeWords[] = {{"batch"}, {"pair"}, {"element"}};
constexpr ParamWord kPartnerWords[] = {{"roll"}, {"flip"}, {"perm"}};
static_assert(static_cast<size_t>(MixMode::kElement) == 2);
static_assert(static_cast<size_t>(MixPartner::kPerm) == 2);

constexpr ParamWord kPairingWords[] = {{"matching"}, {"reverse"}, {"permute"}};
constexpr ParamWord kSaliencyWords[] = {{"sr"},      {"sobel"}, {"contrast"}, {"center"},
                                        {"uniform"}, {"model"}, {"callback"}, {"maps"}};
constexpr ParamWord kSolverWords[] = {{"pgd"}, {"adam", false}};
constexpr ParamWord kStepWords[] = {{"l2"}, {"sign"}};
constexpr ParamWord kKeepWords[] = {{"last"}, {"best"}};
static_assert(static_cast<size_t>(RmixPairing::kPermute) == 2);
static_assert(static_cast<size_t>(RmixSaliency::kMaps) == 7);
static_assert(static_cast<size_t>(AceStep::kSign) == 1);
static_assert(static_cast<size_t>(AceKeep::kBest) == 1);

constexpr std::string_view kRmixKeys[] = {"patches",  "quantiles",    "pairing", "lam_per_pair",
                                          "saliency", "centre_prior", "cache"};
constexpr std::string_view kAceKeys[] = {"pieces", "bound",        "steps",
                                         "solver", "step",         "kappa",
                                         "chunk",  "random_start", "freeze_on_success",
                                         "keep",   "final_eval"};
constexpr std::string_view kMixKeys[] = {"op",   "alpha",   "weight",          "p",
                                         "mode", "partner", "label_smoothing", "correct_lam"};

bool CheckMixKeys(const TableReader& entry, std::string_view op) {
  std::vector<std::string_view> keys(std::begin(kMixKeys), std::end(kMixKeys));
  if (op == "rmix") keys.insert(keys.end(), std::begin(kRmixKeys), std::end(kRmixKeys));
  if (op == "ace") keys.insert(keys.end(), std::begin(kAceKeys), std::end(kAceKeys));
  if (op == "cutmix") keys.push_back("minmax");
  return entry.Keys(keys);
}

// A list of 1 to 64 numbers inside the bounds.
bool ReadList(const TableReader& entry, std::string_view key, const ParamBounds& bounds,
              std::vector<double>* numbers) {
  const auto value = entry.Find(key);
  if (!value) return true;
  const std::string allowed = "a list of 1 to 64 numbers, each " + BoundsText(bounds);
  const toml::array* list = value->node().as_array();
  if (list == nullptr) return value->WrongType(allowed);
  if (list->empty() || list->size() > 64) return value->WrongValue(allowed);
  const size_t counts[] = {list->size()};
  return value->Numbers(bounds, counts, numbers);
}

bool ReadRmix(const TableReader& entry, RmixConfig* rmix) {
  std::vector<double> patches;
  bool cache = false;
  if (!ReadList(entry, "patches", {1, 64}, &patches) ||
      !ReadList(entry, "quantiles", {0, 1}, &rmix->quantiles) ||
      !entry.Word("pairing", kPairingWords, &rmix->pairing) ||
      !entry.Bool("lam_per_pair", &rmix->lam_per_pair) ||
      !entry.Word("saliency", kSaliencyWords, &rmix->saliency) ||
      !entry.Bool("centre_prior", &rmix->centre_prior) || !entry.Bool("cache", &cache)) {
    return false;
  }
  if (cache) entry.Find("cache")->NotBuilt("false");
  if (patches.empty()) return true;
  rmix->patches.clear();
  for (const double count : patches) {
    if (count != std::floor(count)) {
      return entry.Find("patches")->WrongValue("a list of whole numbers from 1 to 64");
    }
    rmix->patches.push_back(static_cast<uint32_t>(count));
  }
  return true;
}

bool ReadAce(const TableReader& entry, AceConfig* ace) {
  enum class Solver : uint8_t { kPgd, kAdam } solver = Solver::kPgd;
  return entry.U32("pieces", 2, 256, &ace->pieces) &&
         entry.Number("bound", {1, 1000}, &ace->bound) &&
         entry.U32("steps", 1, 10000, &ace->steps) && entry.Word("solver", kSolverWords, &solver) &&
         entry.Word("step", kStepWords, &ace->step) &&
         entry.Number("kappa", {0, 1e9}, &ace->kappa) &&
         entry.Bool("freeze_on_success", &ace->freeze_on_success) &&
         entry.Bool("random_start", &ace->random_start) &&
         entry.U32("chunk", 1, 65536, &ace->chunk) && entry.Word("keep", kKeepWords, &ace->keep) &&
         entry.Bool("final_eval", &ace->final_eval);
}

// Keys that every entry may have, and that mean nothing to rmix and ace: a value that asks for
// something would be lost.
bool CheckUnusedMixKeys(const TableReader& entry, const MixConfig& mix) {
  if (mix.op == "mixup" || mix.op == "cutmix") return true;
  const MixConfig unused;
  const char* const instead = mix.op == "rmix" ? "; see pairing and lam_per_pair" : "";
  const auto check = [&](std::string_view key, bool is_default, std::string_view only) {
    return is_default || entry.Find(key)->WrongValue("with op = \"" + mix.op + "\" only " +
                                                     std::string(only) + instead);
  };
  return check("mode", mix.mode == unused.mode, "\"batch\"") &&
         check("partner", mix.partner == unused.partner, "\"roll\"") &&
         check("correct_lam", mix.correct_lam == unused.correct_lam, "true");
}

bool ReadOwnMixKeys(const TableReader& entry, MixConfig* mix) {
  if (mix->op == "rmix") return ReadRmix(entry, &mix->rmix);
  return mix->op != "ace" || ReadAce(entry, &mix->ace);
}

}  // namespace

bool ReadOp(Document* document, const toml::table& table, OpConfig* op) {
  const TableReader entry(document, std::string(kAugment), table);
  const OpSpec* spec = ReadOpName(entry, &op->op);
  if (spec == nullptr) return false;
  op->line = table.source().path ? 0 : static_cast<int>(table.source().begin.line);
  op->p = spec->p;

  const auto common = CommonOpKeys();
  std::vector<std::string_view> keys;
  for (const ParamSpec& param : spec->params) keys.push_back(param.name);
  keys.insert(keys.end(), common.begin(), spec->is_flip ? common.end() : common.end() - 1);
  if (!entry.Keys(keys) || !entry.Number("p", {0, 1}, &op->p)) return false;

  const auto only = entry.Find("only_classes");
  const auto except = entry.Find("except_classes");
  const auto remap = entry.Find("remap");
  return (!only || only->Texts(&op->only_classes)) &&
         (!except || except->Texts(&op->except_classes)) &&
         (!remap || ReadRemap(*remap, &op->remap)) && ReadParams(entry, *spec, op) &&
         CheckTogether(entry, *op) && ReadPolicy(entry, op);
}

bool ReadMix(Document* document, const toml::table& table, MixConfig* mix) {
  const TableReader entry(document, std::string(kMix), table);
  const auto name = entry.Find("op");
  size_t op = 0;
  if (!name) return entry.Missing("op", "mixup, cutmix, rmix, ace");
  if (!name->Word(kMixOpWords, &op)) return false;
  mix->op = kMixOpWords[op].name;
  mix->line = table.source().path ? 0 : static_cast<int>(table.source().begin.line);
  // CutMix's papers and tools draw the area uniformly: Beta(1, 1).
  if (mix->op == "cutmix") mix->alpha = 1.0;
  if (mix->op == "ace") mix->alpha = 0.0;
  // ACE's alpha is a step length, and 0 lets it choose.
  const ParamBounds alpha_bounds = {mix->op == "ace" ? 0 : kBetaAlphaMin, 1000};

  if (!CheckMixKeys(entry, mix->op) || !entry.Number("alpha", alpha_bounds, &mix->alpha) ||
      !entry.Number("weight", {0, 1e6}, &mix->weight) || !entry.Number("p", {0, 1}, &mix->p) ||
      !entry.Word("mode", kModeWords, &mix->mode) ||
      !entry.Word("partner", kPartnerWords, &mix->partner) ||
      !entry.Number("label_smoothing", {0, 1}, &mix->label_smoothing) ||
      !entry.Bool("correct_lam", &mix->correct_lam) || !CheckUnusedMixKeys(entry, *mix) ||
      !ReadOwnMixKeys(entry, mix)) {
    return false;
  }
  const auto minmax = entry.Find("minmax");
  return !minmax || minmax->Pair({0, 1}, &mix->minmax.emplace());
}

}  // namespace headrace::loader
