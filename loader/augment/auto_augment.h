// auto_augment: one of the sub-policies of a learned policy.
#pragma once

#include <memory>

#include "loader/augment/op.h"

namespace headrace::loader {

std::unique_ptr<Op> MakeAutoAugment(const OpConfig& config, ConfigError* error);

}  // namespace headrace::loader
