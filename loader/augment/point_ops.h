// posterize, solarize, solarize_add, invert, autocontrast, equalize: tables of 256 values, as
// Pillow's ImageOps makes them.
//
// Of a draw, and drawn in this order: posterize values[0] = bits kept (a whole number). solarize
// values[0] = threshold. solarize_add values[0] = what is added (a whole number), [1] = threshold.
// autocontrast values[0] = percent cut off at each end, which is not drawn. The others have none.
#pragma once

#include <memory>

#include "loader/augment/op.h"

namespace headrace::loader {

std::unique_ptr<Op> MakePosterize(const OpConfig& config, ConfigError* error);
std::unique_ptr<Op> MakeSolarize(const OpConfig& config, ConfigError* error);
std::unique_ptr<Op> MakeSolarizeAdd(const OpConfig& config, ConfigError* error);
std::unique_ptr<Op> MakeInvert(const OpConfig& config, ConfigError* error);
std::unique_ptr<Op> MakeAutocontrast(const OpConfig& config, ConfigError* error);
std::unique_ptr<Op> MakeEqualize(const OpConfig& config, ConfigError* error);

}  // namespace headrace::loader
