// random_resized_crop: a rectangle of random area and aspect, resized to one size.
#pragma once

#include <memory>

#include "base/image_view.h"
#include "base/rng.h"
#include "loader/augment/op.h"

namespace headrace::loader {

// The rectangle, by up to ten tries (draws a try: area, aspect; of the accepted one: top, left),
// else the largest centred one whose aspect is allowed. scale: shares of the area; ratio: width by
// height.
RectPx DrawResizedCrop(RandomStream* stream, SizePx in, const Range& scale, const Range& ratio);

std::unique_ptr<Op> MakeRandomResizedCrop(const OpConfig& config, ConfigError* error);

}  // namespace headrace::loader
