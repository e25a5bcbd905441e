#include "loader/augment/op_params.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <utility>

#include "loader/augment/op.h"
#include "loader/augment/param_values.h"
#include "loader/config_ops.h"

namespace headrace::loader {
namespace {

constexpr std::array kInterpolations = {
    std::pair{std::string_view("bilinear"), simd::Filter::kBilinear},
    std::pair{std::string_view("bicubic"), simd::Filter::kBicubic},
    std::pair{std::string_view("lanczos"), simd::Filter::kLanczos},
    std::pair{std::string_view("box"), simd::Filter::kBox},
    std::pair{std::string_view("hamming"), simd::Filter::kHamming},
    std::pair{std::string_view("nearest"), simd::Filter::kNearest},
    std::pair{std::string_view("nearest_legacy"), simd::Filter::kNearestLegacy},
};

}  // namespace

bool OpError(const OpConfig& config, Code code, const std::string& what, ConfigError* error) {
  error->code = code;
  error->text = "[[augment]] " + config.op;
  if (config.line > 0) error->text += " (line " + std::to_string(config.line) + ")";
  error->text += ": " + what;
  return false;
}

const ParamValue* FindParam(const OpConfig& config, std::string_view name) {
  const auto found = config.params.find(std::string(name));
  return found == config.params.end() ? nullptr : &found->second;
}

bool ReadWholeNumbers(const OpConfig& config, std::string_view name, uint32_t low, uint32_t high,
                      std::vector<uint32_t>* values, ConfigError* error) {
  values->clear();
  const ParamValue* value = FindParam(config, name);
  if (value == nullptr) return true;
  std::vector<double> numbers;
  if (!NumbersOf(*value, &numbers)) {
    return OpError(config, Code::kConfigType,
                   std::string(name) + ": expected a whole number or a list of them", error);
  }
  for (const double number : numbers) {
    if (!(number >= low && number <= high) || number != std::trunc(number)) {
      return OpError(config, Code::kConfigValue,
                     std::string(name) + ": expected whole numbers from " + std::to_string(low) +
                         " to " + std::to_string(high),
                     error);
    }
    values->push_back(static_cast<uint32_t>(number));
  }
  return true;
}

bool ReadSquareOrSize(const OpConfig& config, SizePx* size, ConfigError* error) {
  std::vector<uint32_t> values;
  if (!ReadWholeNumbers(config, "size", 1, kSidePxMax, &values, error)) return false;
  if (values.empty() || values.size() > 2) {
    const Code code = values.empty() ? Code::kConfigMissing : Code::kConfigValue;
    return OpError(config, code, "size: expected a number or [height, width]", error);
  }
  *size = {values.back(), values.front()};
  return true;
}

bool ReadRect(const OpConfig& config, std::string_view name, std::optional<RectPx>* rect,
              ConfigError* error) {
  std::vector<uint32_t> values;
  if (!ReadWholeNumbers(config, name, 0, 0x7fffffff, &values, error)) return false;
  if (values.empty()) return true;
  if (values.size() != 4 || values[2] == 0 || values[3] == 0) {
    return OpError(config, Code::kConfigValue,
                   std::string(name) +
                       ": expected [top, left, height, width] with a height and a width of at "
                       "least 1",
                   error);
  }
  *rect = RectPx{values[1], values[0], values[3], values[2]};
  return true;
}

bool ReadPositiveRange(const OpConfig& config, std::string_view name, Range* range,
                       ConfigError* error) {
  const ParamValue* value = FindParam(config, name);
  if (value == nullptr) return true;
  if (const auto* pair = std::get_if<Range>(value)) {
    *range = *pair;
  } else if (const auto* list = std::get_if<std::vector<double>>(value);
             list != nullptr && list->size() == 2) {
    *range = {(*list)[0], (*list)[1]};
  } else {
    return OpError(config, Code::kConfigType, std::string(name) + ": expected [low, high]", error);
  }
  if (!(range->low > 0 && range->low <= range->high && std::isfinite(range->high))) {
    return OpError(config, Code::kConfigValue, std::string(name) + ": expected 0 < low <= high",
                   error);
  }
  return true;
}

bool ReadInterpolation(const OpConfig& config, simd::Filter* filter, ConfigError* error) {
  if (const ParamValue* antialias = FindParam(config, "antialias");
      antialias != nullptr && *antialias == ParamValue(false)) {
    return OpError(config, Code::kNotInThisVersion, "antialias = false: not in this version",
                   error);
  }
  const ParamValue* value = FindParam(config, "interpolation");
  if (value == nullptr) return true;
  const auto* text = std::get_if<std::string>(value);
  if (text == nullptr) {
    return OpError(config, Code::kConfigType, "interpolation: expected a string", error);
  }
  for (const auto& [name, known] : kInterpolations) {
    if (*text == name) {
      *filter = known;
      return true;
    }
  }
  std::string names;
  for (const auto& [name, known] : kInterpolations) {
    names.append(names.empty() ? "" : ", ").append(name);
  }
  return OpError(config, Code::kConfigValue, "interpolation \"" + *text + "\" is none of " + names,
                 error);
}

std::string_view InterpolationName(simd::Filter filter) {
  for (const auto& [name, known] : kInterpolations) {
    if (known == filter) return name;
  }
  return "bilinear";
}

void AppendReal(double value, std::string* toml) {
  char text[32];
  const auto whole = static_cast<int64_t>(std::clamp(value, -1e15, 1e15));
  const auto end = static_cast<double>(whole) == value
                       ? std::to_chars(text, text + sizeof text, whole)
                       : std::to_chars(text, text + sizeof text, value);
  toml->append(text, end.ptr);
}

void AppendReals(std::string_view name, std::span<const double> values, std::string* toml) {
  toml->append(name).append(" = [");
  for (size_t i = 0; i < values.size(); ++i) {
    toml->append(i == 0 ? "" : ", ");
    AppendReal(values[i], toml);
  }
  toml->append("]\n");
}

void AppendFixed(std::string_view name, double value, std::string* toml) {
  const double both[] = {value, value};
  AppendReals(name, both, toml);
}

void AppendNumbers(std::string_view name, std::initializer_list<uint32_t> values,
                   std::string* toml) {
  toml->append(name).append(" = [");
  bool first = true;
  for (const uint32_t value : values) {
    toml->append(first ? "" : ", ").append(std::to_string(value));
    first = false;
  }
  toml->append("]\n");
}

void AppendInterpolation(simd::Filter filter, std::string* toml) {
  toml->append("interpolation = \"").append(InterpolationName(filter)).append("\"\n");
}

namespace {

// Text in TOML's double quotes.
std::string QuotedToml(std::string_view text) {
  constexpr char kHex[] = "0123456789ABCDEF";
  std::string quoted = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      quoted += '\\';
      quoted += c;
    } else if (byte < 0x20 || byte == 0x7F) {
      quoted += "\\u00";
      quoted += kHex[byte >> 4];
      quoted += kHex[byte & 15];
    } else {
      quoted += c;
    }
  }
  return quoted += '"';
}

// A table of weights is a list here; its names are the schema's.
std::string WeightsAsToml(const ParamSpec& spec, std::span<const double> weights) {
  std::string toml = "{ ";
  for (size_t i = 0; i < std::min(weights.size(), spec.words.size()); ++i) {
    toml.append(i == 0 ? "" : ", ").append(spec.words[i].name).append(" = ");
    AppendReal(weights[i], &toml);
  }
  return toml += " }";
}

struct ValueAsToml {
  std::string_view name;
  const ParamSpec* spec;
  std::string* toml;

  void operator()(bool flag) const { Line(flag ? "true" : "false"); }
  void operator()(int64_t number) const { Line(std::to_string(number)); }
  void operator()(double number) const {
    std::string text;
    AppendReal(number, &text);
    Line(text);
  }
  void operator()(const std::string& text) const { Line(QuotedToml(text)); }
  void operator()(const Range& range) const {
    const double both[] = {range.low, range.high};
    AppendReals(name, both, toml);
  }
  void operator()(const std::vector<double>& list) const {
    if (spec != nullptr && spec->kind == ParamKind::kWeights)
      return Line(WeightsAsToml(*spec, list));
    if (list.size() == 1) return (*this)(list[0]);
    AppendReals(name, list, toml);
  }
  void Line(std::string_view value) const {
    toml->append(name).append(" = ").append(value).append("\n");
  }
};

}  // namespace

std::string ParamsAsToml(const OpConfig& config) {
  std::string toml;
  const OpSpec* op = FindOp(config.op);
  for (const auto& [name, value] : config.params) {
    const ParamSpec* spec = nullptr;
    for (const ParamSpec& param : op == nullptr ? std::span<const ParamSpec>() : op->params) {
      if (param.name == name) spec = &param;
    }
    std::visit(ValueAsToml{name, spec, &toml}, value);
  }
  return toml;
}

}  // namespace headrace::loader
