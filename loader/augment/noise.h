// The noise ops. values[0]: sigma, amount or peak; values[1], values[2]: the noise key
// (noise_key.h).
#pragma once

#include <memory>

#include "loader/augment/op.h"

namespace headrace::loader {

std::unique_ptr<Op> MakeGaussianNoise(const OpConfig& config, ConfigError* error);
std::unique_ptr<Op> MakeSpeckleNoise(const OpConfig& config, ConfigError* error);
std::unique_ptr<Op> MakeSaltPepperNoise(const OpConfig& config, ConfigError* error);
std::unique_ptr<Op> MakePoissonNoise(const OpConfig& config, ConfigError* error);

}  // namespace headrace::loader
