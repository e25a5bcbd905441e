// brightness, contrast, saturation, sharpness: blends with black, with the mean gray, with each
// pixel's gray, with the smoothed picture. random_grayscale: each pixel's gray.
//
// All in Pillow's arithmetic (ImageEnhance), to the last bit. Of a draw: values[0] is the factor,
// at least 0; 1 leaves the picture as it is. Drawn: the factor. random_grayscale draws nothing and
// has no values.
#pragma once

#include <memory>

#include "loader/augment/op.h"

namespace headrace::loader {

std::unique_ptr<Op> MakeBrightness(const OpConfig& config, ConfigError* error);
std::unique_ptr<Op> MakeContrast(const OpConfig& config, ConfigError* error);
std::unique_ptr<Op> MakeSaturation(const OpConfig& config, ConfigError* error);
std::unique_ptr<Op> MakeSharpness(const OpConfig& config, ConfigError* error);
std::unique_ptr<Op> MakeRandomGrayscale(const OpConfig& config, ConfigError* error);

}  // namespace headrace::loader
