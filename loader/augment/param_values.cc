#include "loader/augment/param_values.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "loader/augment/op_params.h"

namespace headrace::loader {
namespace {

bool Fail(const OpConfig& config, Code code, std::string_view name, const std::string& expected,
          ConfigError* error) {
  return OpError(config, code, std::string(name) + ": expected " + expected, error);
}

bool NumberOf(const ParamValue& value, double* out) {
  if (const auto* real = std::get_if<double>(&value)) {
    *out = *real;
  } else if (const auto* whole = std::get_if<int64_t>(&value)) {
    *out = static_cast<double>(*whole);
  } else {
    return false;
  }
  return true;
}

std::string Bounds(double low, double high) {
  std::string text = " from ";
  AppendReal(low, &text);
  text += " to ";
  AppendReal(high, &text);
  return text;
}

}  // namespace

bool NumbersOf(const ParamValue& value, std::vector<double>* numbers) {
  double number = 0;
  if (const auto* range = std::get_if<Range>(&value)) {
    *numbers = {range->low, range->high};
  } else if (const auto* list = std::get_if<std::vector<double>>(&value)) {
    *numbers = *list;
  } else if (NumberOf(value, &number)) {
    *numbers = {number};
  } else {
    return false;
  }
  return true;
}

bool ReadNumbers(const OpConfig& config, std::string_view name, std::vector<double>* values,
                 ConfigError* error) {
  values->clear();
  const ParamValue* value = FindParam(config, name);
  if (value == nullptr) return true;
  if (!NumbersOf(*value, values)) return Fail(config, Code::kConfigType, name, "numbers", error);
  if (std::ranges::all_of(*values, [](double v) { return std::isfinite(v); })) return true;
  return Fail(config, Code::kConfigValue, name, "finite numbers", error);
}

bool ReadBool(const OpConfig& config, std::string_view name, bool* out, ConfigError* error) {
  const ParamValue* value = FindParam(config, name);
  if (value == nullptr) return true;
  const auto* flag = std::get_if<bool>(value);
  if (flag == nullptr) return Fail(config, Code::kConfigType, name, "true or false", error);
  *out = *flag;
  return true;
}

bool ReadReal(const OpConfig& config, std::string_view name, double low, double high, double* out,
              ConfigError* error) {
  const ParamValue* value = FindParam(config, name);
  if (value == nullptr) return true;
  double number = 0;
  if (!NumberOf(*value, &number)) {
    return Fail(config, Code::kConfigType, name, "a number", error);
  }
  if (!(number >= low && number <= high)) {
    return Fail(config, Code::kConfigValue, name, "a number" + Bounds(low, high), error);
  }
  *out = number;
  return true;
}

bool ReadRealRange(const OpConfig& config, std::string_view name, double low, double high,
                   Range* out, ConfigError* error) {
  const ParamValue* value = FindParam(config, name);
  if (value == nullptr) return true;
  Range range;
  if (const auto* given = std::get_if<Range>(value)) {
    range = *given;
  } else if (NumberOf(*value, &range.low)) {
    range.high = range.low;
  } else {
    return Fail(config, Code::kConfigType, name, "a number or [low, high]", error);
  }
  if (!(range.low >= low && range.low <= range.high && range.high <= high)) {
    return Fail(config, Code::kConfigValue, name, "low <= high," + Bounds(low, high), error);
  }
  *out = range;
  return true;
}

bool ReadWholeRange(const OpConfig& config, std::string_view name, double low, double high,
                    Range* out, ConfigError* error) {
  if (!ReadRealRange(config, name, low, high, out, error)) return false;
  if (std::trunc(out->low) == out->low && std::trunc(out->high) == out->high) return true;
  return Fail(config, Code::kConfigValue, name, "whole numbers", error);
}

bool ReadCount(const OpConfig& config, std::string_view name, uint32_t low, uint32_t high,
               uint32_t* out, ConfigError* error) {
  std::optional<int64_t> value;
  if (!ReadInteger(config, name, low, high, &value, error)) return false;
  if (value.has_value()) *out = static_cast<uint32_t>(*value);
  return true;
}

bool ReadInteger(const OpConfig& config, std::string_view name, int64_t low, int64_t high,
                 std::optional<int64_t>* out, ConfigError* error) {
  const ParamValue* value = FindParam(config, name);
  if (value == nullptr) return true;
  const auto* number = std::get_if<int64_t>(value);
  if (number == nullptr) return Fail(config, Code::kConfigType, name, "an integer", error);
  if (*number < low || *number > high) {
    return Fail(config, Code::kConfigValue, name,
                "an integer from " + std::to_string(low) + " to " + std::to_string(high), error);
  }
  *out = *number;
  return true;
}

bool ReadWordOf(const OpConfig& config, std::string_view name,
                std::span<const std::string_view> words, size_t* index, ConfigError* error) {
  const ParamValue* value = FindParam(config, name);
  if (value == nullptr) return true;
  const auto* text = std::get_if<std::string>(value);
  const auto found = text == nullptr ? words.end() : std::ranges::find(words, *text);
  if (found != words.end()) {
    *index = static_cast<size_t>(found - words.begin());
    return true;
  }
  std::string names;
  for (const std::string_view word : words) {
    names.append(names.empty() ? "" : ", ").append(word);
  }
  return Fail(config, text == nullptr ? Code::kConfigType : Code::kConfigValue, name,
              "one of " + names, error);
}

bool ReadChannels(const OpConfig& config, std::string_view name, std::array<double, 3>* out,
                  ConfigError* error) {
  const ParamValue* value = FindParam(config, name);
  if (value == nullptr) return true;
  double number = 0;
  std::vector<double> list;
  if (const auto* given = std::get_if<std::vector<double>>(value)) {
    list = *given;
  } else if (NumberOf(*value, &number)) {
    list = {number};
  }
  if (list.size() != 1 && list.size() != 3) {
    return Fail(config, Code::kConfigType, name, "a number or one for each of 3 channels", error);
  }
  for (size_t c = 0; c < 3; ++c) (*out)[c] = list[list.size() == 1 ? 0 : c];
  if (std::ranges::all_of(*out, [](double v) { return std::isfinite(v); })) return true;
  return Fail(config, Code::kConfigValue, name, "finite numbers", error);
}

std::array<uint8_t, 3> ColourOf(const std::array<double, 3>& channels) {
  std::array<uint8_t, 3> colour{};
  for (size_t c = 0; c < 3; ++c) {
    colour[c] = static_cast<uint8_t>(std::nearbyint(std::clamp(channels[c], 0.0, 255.0)));
  }
  return colour;
}

}  // namespace headrace::loader
