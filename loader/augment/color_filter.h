// random_color_filter: a random monotone curve a channel, the filter of adversarial colour
// enhancement without a model.
//
// Of a draw: values[1], values[2] hold the noise key (noise_key.h), whose stream the curves are
// drawn from (color_curve.h).
#pragma once

#include <memory>

#include "loader/augment/op.h"

namespace headrace::loader {

std::unique_ptr<Op> MakeRandomColorFilter(const OpConfig& config, ConfigError* error);

}  // namespace headrace::loader
