// rand_augment: ops drawn from a fixed list, all at one magnitude.
#pragma once

#include <memory>

#include "loader/augment/op.h"

namespace headrace::loader {

std::unique_ptr<Op> MakeRandAugment(const OpConfig& config, ConfigError* error);

}  // namespace headrace::loader
