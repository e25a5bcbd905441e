// Reading the parameters that warps share, and printing them. As param_values.h; at open only.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "loader/augment/op_params.h"
#include "loader/augment/param_values.h"
#include "loader/augment/warp.h"
#include "loader/augment/warp_matrix.h"

namespace headrace::loader {

// As ReadRealRange; absent gives nothing.
bool ReadOptionalRange(const OpConfig& config, std::string_view name, double low, double high,
                       std::optional<Range>* range, ConfigError* error);
// [x, y]; absent gives nothing.
bool ReadPoint(const OpConfig& config, std::string_view name, std::optional<PointPx>* point,
               ConfigError* error);
// `fill` as bytes, rounded half to even; absent is black.
bool ReadFillColour(const OpConfig& config, simd::FillColour* fill, ConfigError* error);
void AppendFillColour(const simd::FillColour& fill, std::string* toml);

// `interpolation` and `fill`; absent keeps *style.
bool ReadWarpStyle(const OpConfig& config, WarpStyle* style, ConfigError* error);
void AppendWarpStyle(const WarpStyle& style, std::string* toml);

}  // namespace headrace::loader
