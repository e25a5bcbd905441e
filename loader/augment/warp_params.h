// Reading the parameters that warps share, and printing them. As op_params.h; at open only.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "loader/augment/op_params.h"
#include "loader/augment/warp.h"
#include "loader/augment/warp_matrix.h"

namespace headrace::loader {

// `name` as a list of finite numbers (a number is a list of one, a range one of two); absent gives
// an empty list.
bool ReadNumbers(const OpConfig& config, std::string_view name, std::vector<double>* values,
                 ConfigError* error);
// [low, high] with low <= high, both from `least`; absent gives nothing.
bool ReadRange(const OpConfig& config, std::string_view name, double least,
               std::optional<Range>* range, ConfigError* error);
// [x, y]; absent gives nothing.
bool ReadPoint(const OpConfig& config, std::string_view name, std::optional<PointPx>* point,
               ConfigError* error);
// true or false; absent keeps *flag.
bool ReadFlag(const OpConfig& config, std::string_view name, bool* flag, ConfigError* error);
// One of `words`, as its index; absent keeps *index.
bool ReadWord(const OpConfig& config, std::string_view name,
              std::span<const std::string_view> words, size_t* index, ConfigError* error);

// `fill` as bytes, rounded half to even; absent is black.
bool ReadFillColour(const OpConfig& config, simd::FillColour* fill, ConfigError* error);
void AppendFillColour(const simd::FillColour& fill, std::string* toml);

// `interpolation` and `fill`; absent keeps *style.
bool ReadWarpStyle(const OpConfig& config, WarpStyle* style, ConfigError* error);
void AppendWarpStyle(const WarpStyle& style, std::string* toml);

}  // namespace headrace::loader
