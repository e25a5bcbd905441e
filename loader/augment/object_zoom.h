// object_zoom: zooms to the object of a picture, in place of a random_resized_crop. values[1],
// values[2]: the key of the draws (noise_key.h), which are made when the object is known.
#pragma once

#include <memory>

#include "loader/augment/op.h"

namespace headrace::loader {

std::unique_ptr<Op> MakeObjectZoom(const OpConfig& config, ConfigError* error);

}  // namespace headrace::loader
