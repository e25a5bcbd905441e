// gaussian_blur. values[0]: sigma.
#pragma once

#include <memory>

#include "loader/augment/op.h"

namespace headrace::loader {

std::unique_ptr<Op> MakeGaussianBlur(const OpConfig& config, ConfigError* error);

}  // namespace headrace::loader
