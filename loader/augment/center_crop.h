// center_crop: the middle of the picture; what it lacks is filled with zeros.
#pragma once

#include <memory>

#include "loader/augment/op.h"

namespace headrace::loader {

// (length - crop) / 2, half to even: 1 gives 0, 3 gives 2, 5 gives 2, as Python's round.
uint32_t MiddleOffset(uint32_t length, uint32_t crop);

std::unique_ptr<Op> MakeCenterCrop(const OpConfig& config, ConfigError* error);

}  // namespace headrace::loader
