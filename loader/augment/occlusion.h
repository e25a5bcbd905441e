// random_erasing and cutout.
//
// random_erasing: rect is the box, empty for none; values[1], values[2] are the noise key
// (noise_key.h) of value = "random".
// cutout: with one hole values[0], values[1] are its centre's row and column; with several the
// noise key in values[1], values[2] names the stream that they are drawn from.
#pragma once

#include <memory>

#include "loader/augment/op.h"

namespace headrace::loader {

std::unique_ptr<Op> MakeRandomErasing(const OpConfig& config, ConfigError* error);
std::unique_ptr<Op> MakeCutout(const OpConfig& config, ConfigError* error);

}  // namespace headrace::loader
