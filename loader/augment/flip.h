// random_horizontal_flip, random_vertical_flip: the columns or the rows in reverse. No draws but
// p's.
#pragma once

#include <memory>

#include "loader/augment/op.h"

namespace headrace::loader {

std::unique_ptr<Op> MakeRandomHorizontalFlip(const OpConfig& config, ConfigError* error);
std::unique_ptr<Op> MakeRandomVerticalFlip(const OpConfig& config, ConfigError* error);

}  // namespace headrace::loader
