// A label mask: a picture in which each colour but black is an object.
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "base/image_view.h"
#include "base/status.h"

namespace headrace::loader {

// Colours are told apart as 0xRRGGBB, also those of a grey picture or one of palette indices, whose
// channels are alike.
inline constexpr uint32_t kBackgroundColour = 0;
inline constexpr size_t kMaskColoursMax = 4096;

// The column-major run lengths of each colour, by colour. kCorrupt for more than kMaskColoursMax:
// that is a photograph. `rgb` has three channels.
Status RunsOfColours(const ConstImageView& rgb, std::map<uint32_t, std::vector<uint32_t>>* runs);

}  // namespace headrace::loader
