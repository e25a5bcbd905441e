// center_crop: the middle of the picture; what it lacks is filled with zeros.
#pragma once

#include <memory>

#include "loader/augment/op.h"

namespace headrace::loader {

std::unique_ptr<Op> MakeCenterCrop(const OpConfig& config, ConfigError* error);

}  // namespace headrace::loader
