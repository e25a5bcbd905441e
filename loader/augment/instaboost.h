// instaboost: objects move inside their picture, by their masks. values[1], values[2]: the key of
// the draws (noise_key.h), which are made when the objects are known.
#pragma once

#include <memory>

#include "loader/augment/op.h"

namespace headrace::loader {

std::unique_ptr<Op> MakeInstaboost(const OpConfig& config, ConfigError* error);

}  // namespace headrace::loader
