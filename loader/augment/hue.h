// hue: turns the hue of every pixel, by Pillow's 8-bit HSV or in floats (simd/hue.h).
//
// Of a draw: values[0] is the shift in turns, within [-0.5, 0.5]; 0 leaves the picture as it is.
// Drawn: the shift.
#pragma once

#include <memory>

#include "loader/augment/op.h"

namespace headrace::loader {

std::unique_ptr<Op> MakeHue(const OpConfig& config, ConfigError* error);

}  // namespace headrace::loader
