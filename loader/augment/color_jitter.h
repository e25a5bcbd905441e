// color_jitter: brightness, contrast, saturation and hue, in an order drawn for every sample.
//
// A part whose range is its neutral value alone (1, or 0 for hue) is left out. Drawn: the order
// (Fisher-Yates over all four, whatever is left out), then the factors of the parts that are there,
// always brightness, contrast, saturation, hue. Its draws in a recipe are those of the four ops.
#pragma once

#include <memory>

#include "loader/augment/op.h"

namespace headrace::loader {

std::unique_ptr<Op> MakeColorJitter(const OpConfig& config, ConfigError* error);

}  // namespace headrace::loader
