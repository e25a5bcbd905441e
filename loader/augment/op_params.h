// Reading an op's parameters out of its OpConfig, with errors that name the entry.
//
// The configuration's schema has checked types and values before; ops check again what they rely
// on, because an OpConfig may also be made in code. Called at open; may allocate.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/image_view.h"
#include "base/status.h"
#include "loader/config.h"
#include "loader/config_toml.h"
#include "simd/resize.h"

namespace headrace::loader {

// Fills *error with "[[augment]] NAME (line N): what" and returns false.
bool OpError(const OpConfig& config, Code code, const std::string& what, ConfigError* error);

// The parameter `name`, or null.
const ParamValue* FindParam(const OpConfig& config, std::string_view name);

// The parameter `name` as whole numbers: one number or a list; absent gives an empty list. Each
// between `low` and `high`.
bool ReadWholeNumbers(const OpConfig& config, std::string_view name, uint32_t low, uint32_t high,
                      std::vector<uint32_t>* values, ConfigError* error);

// `size = s` (square) or `[h, w]`, which must be there.
bool ReadSquareOrSize(const OpConfig& config, SizePx* size, ConfigError* error);

// `name = [top, left, height, width]`, height and width at least 1; absent leaves it without a
// value.
bool ReadRect(const OpConfig& config, std::string_view name, std::optional<RectPx>* rect,
              ConfigError* error);

// [low, high] with 0 < low <= high; absent keeps *range.
bool ReadPositiveRange(const OpConfig& config, std::string_view name, Range* range,
                       ConfigError* error);

// interpolation = "bilinear" and so on, always antialiased; absent keeps *filter.
bool ReadInterpolation(const OpConfig& config, simd::Filter* filter, ConfigError* error);
std::string_view InterpolationName(simd::Filter filter);

// A number as TOML that reads back as the same double; whole ones without a fraction.
void AppendReal(double value, std::string* toml);
// Appends `name = [value, value]`: a drawn parameter that is drawn no more.
void AppendFixed(std::string_view name, double value, std::string* toml);
// Appends `name = [a, b, ...]` and a newline.
void AppendReals(std::string_view name, std::span<const double> values, std::string* toml);
void AppendNumbers(std::string_view name, std::initializer_list<uint32_t> values,
                   std::string* toml);
void AppendInterpolation(simd::Filter filter, std::string* toml);

// All parameters of an entry as lines of TOML, as they were given or are by default.
std::string ParamsAsToml(const OpConfig& config);

}  // namespace headrace::loader
