#include "loader/augment/drawn_range.h"

#include <cmath>
#include <string>
#include <vector>

#include "loader/augment/op_params.h"

namespace headrace::loader {
namespace {

// The parameter as a range, whatever stands in it; false if it is neither a number nor two.
bool AsRange(const ParamValue& value, Range* range) {
  if (const auto* pair = std::get_if<Range>(&value)) {
    *range = *pair;
  } else if (const auto* real = std::get_if<double>(&value)) {
    *range = {*real, *real};
  } else if (const auto* whole = std::get_if<int64_t>(&value)) {
    *range = {static_cast<double>(*whole), static_cast<double>(*whole)};
  } else if (const auto* list = std::get_if<std::vector<double>>(&value);
             list != nullptr && list->size() == 2) {
    *range = {(*list)[0], (*list)[1]};
  } else {
    return false;
  }
  return true;
}

bool Fail(const OpConfig& config, std::string_view name, Code code, const std::string& what,
          ConfigError* error) {
  return OpError(config, code, std::string(name) + ": expected " + what, error);
}

}  // namespace

bool ReadDrawnRange(const OpConfig& config, std::string_view name, const Range& bounds,
                    Range* range, ConfigError* error) {
  const auto found = config.params.find(std::string(name));
  if (found == config.params.end()) return true;
  if (!AsRange(found->second, range)) {
    return Fail(config, name, Code::kConfigType, "a number or [low, high]", error);
  }
  if (!(range->low >= bounds.low && range->low <= range->high && range->high <= bounds.high)) {
    std::string between;
    AppendReal(bounds.low, &between);
    between += " to ";
    AppendReal(bounds.high, &between);
    return Fail(config, name, Code::kConfigValue, "low <= high, from " + between, error);
  }
  return true;
}

bool ReadDrawnWholeRange(const OpConfig& config, std::string_view name, const Range& bounds,
                         Range* range, ConfigError* error) {
  if (!ReadDrawnRange(config, name, bounds, range, error)) return false;
  if (std::trunc(range->low) == range->low && std::trunc(range->high) == range->high) return true;
  return Fail(config, name, Code::kConfigValue, "whole numbers", error);
}

}  // namespace headrace::loader
