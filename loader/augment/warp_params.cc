#include "loader/augment/warp_params.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace headrace::loader {
namespace {

constexpr std::string_view kInterpolationWords[] = {"nearest", "bilinear", "bicubic"};

const ParamValue* Find(const OpConfig& config, std::string_view name) {
  const auto found = config.params.find(std::string(name));
  return found == config.params.end() ? nullptr : &found->second;
}

}  // namespace

bool ReadNumbers(const OpConfig& config, std::string_view name, std::vector<double>* values,
                 ConfigError* error) {
  values->clear();
  const ParamValue* value = Find(config, name);
  if (value == nullptr) return true;
  if (const auto* whole = std::get_if<int64_t>(value)) {
    *values = {static_cast<double>(*whole)};
  } else if (const auto* real = std::get_if<double>(value)) {
    *values = {*real};
  } else if (const auto* range = std::get_if<Range>(value)) {
    *values = {range->low, range->high};
  } else if (const auto* list = std::get_if<std::vector<double>>(value)) {
    *values = *list;
  } else {
    return OpError(config, Code::kConfigType, std::string(name) + ": expected numbers", error);
  }
  if (!std::all_of(values->begin(), values->end(), [](double v) { return std::isfinite(v); })) {
    return OpError(config, Code::kConfigValue, std::string(name) + ": expected finite numbers",
                   error);
  }
  return true;
}

bool ReadRange(const OpConfig& config, std::string_view name, double least,
               std::optional<Range>* range, ConfigError* error) {
  std::vector<double> values;
  if (!ReadNumbers(config, name, &values, error)) return false;
  if (values.empty()) return true;
  if (values.size() != 2 || values[0] > values[1] || values[0] < least) {
    return OpError(config, Code::kConfigValue,
                   std::string(name) + ": expected [low, high] with low <= high", error);
  }
  *range = Range{values[0], values[1]};
  return true;
}

bool ReadPoint(const OpConfig& config, std::string_view name, std::optional<PointPx>* point,
               ConfigError* error) {
  std::vector<double> values;
  if (!ReadNumbers(config, name, &values, error)) return false;
  if (values.empty()) return true;
  if (values.size() != 2) {
    return OpError(config, Code::kConfigValue, std::string(name) + ": expected [x, y]", error);
  }
  *point = PointPx{values[0], values[1]};
  return true;
}

bool ReadFlag(const OpConfig& config, std::string_view name, bool* flag, ConfigError* error) {
  const ParamValue* value = Find(config, name);
  if (value == nullptr) return true;
  const auto* given = std::get_if<bool>(value);
  if (given == nullptr) {
    return OpError(config, Code::kConfigType, std::string(name) + ": expected true or false",
                   error);
  }
  *flag = *given;
  return true;
}

bool ReadWord(const OpConfig& config, std::string_view name,
              std::span<const std::string_view> words, size_t* index, ConfigError* error) {
  const ParamValue* value = Find(config, name);
  if (value == nullptr) return true;
  const auto* text = std::get_if<std::string>(value);
  const auto found = text == nullptr ? words.end() : std::ranges::find(words, *text);
  if (found == words.end()) {
    std::string names;
    for (const std::string_view word : words) {
      names.append(names.empty() ? "" : ", ").append(word);
    }
    return OpError(config, Code::kConfigValue, std::string(name) + ": expected one of " + names,
                   error);
  }
  *index = static_cast<size_t>(found - words.begin());
  return true;
}

bool ReadFillColour(const OpConfig& config, simd::FillColour* fill, ConfigError* error) {
  std::vector<double> values;
  if (!ReadNumbers(config, "fill", &values, error)) return false;
  if (values.empty()) return true;
  const bool in_range =
      std::all_of(values.begin(), values.end(), [](double v) { return v >= 0.0 && v <= 255.0; });
  if (!in_range || (values.size() != 1 && values.size() != 3)) {
    return OpError(config, Code::kConfigValue,
                   "fill: expected a number or [r, g, b], each from 0 to 255", error);
  }
  for (size_t c = 0; c < 3; ++c) {
    (*fill)[c] = static_cast<uint8_t>(std::nearbyint(values[values.size() == 1 ? 0 : c]));
  }
  return true;
}

void AppendFillColour(const simd::FillColour& fill, std::string* toml) {
  AppendNumbers("fill", {fill[0], fill[1], fill[2]}, toml);
}

bool ReadWarpStyle(const OpConfig& config, WarpStyle* style, ConfigError* error) {
  auto word = static_cast<size_t>(style->interpolation);
  if (!ReadWord(config, "interpolation", kInterpolationWords, &word, error)) return false;
  style->interpolation = static_cast<simd::Interpolation>(word);
  return ReadFillColour(config, &style->fill, error);
}

void AppendWarpStyle(const WarpStyle& style, std::string* toml) {
  toml->append("interpolation = \"")
      .append(kInterpolationWords[static_cast<size_t>(style.interpolation)])
      .append("\"\n");
  AppendFillColour(style.fill, toml);
}

}  // namespace headrace::loader
