// trivial_augment_wide: one op at a random magnitude.
#pragma once

#include <memory>

#include "loader/augment/op.h"

namespace headrace::loader {

std::unique_ptr<Op> MakeTrivialAugment(const OpConfig& config, ConfigError* error);

}  // namespace headrace::loader
