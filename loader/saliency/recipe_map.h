// A map of a sample's whole picture, as its recipe shows it.
#pragma once

#include <cstdint>
#include <span>

#include "loader/augment/program.h"
#include "loader/saliency/saliency_map_file.h"

namespace headrace::loader {

// Fills `map`, kSaliencySide x kSaliencySide: the middle of each cell of the result is followed
// back through the draws to the place in the upright picture that it shows. What shows nothing of
// the picture (fill) is 0.
void MapOfRecipe(const SaliencyMapFile& maps, uint64_t sample, const Recipe& recipe,
                 std::span<float> map);

}  // namespace headrace::loader
