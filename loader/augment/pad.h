// pad: nothing is drawn. random_crop: values[0], values[1] are the window's row and column in the
// padded picture; rect is the window if it needs no padding, else it is empty.
#pragma once

#include <memory>

#include "loader/augment/op.h"

namespace headrace::loader {

std::unique_ptr<Op> MakePad(const OpConfig& config, ConfigError* error);
std::unique_ptr<Op> MakeRandomCrop(const OpConfig& config, ConfigError* error);

}  // namespace headrace::loader
