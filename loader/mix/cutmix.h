// CutMix: a box of each sample is replaced by the same box of its partner.
#pragma once

#include "base/image_view.h"
#include "base/rng.h"
#include "loader/config.h"

namespace headrace::loader {

// A box whose area is about (1 - lam) of the picture, around a centre that is uniform over the
// pixels; its parts outside are cut off. Draws: centre y, centre x.
RectPx DrawCutMixBox(RandomStream* stream, SizePx size, double lam);

// A box whose sides are uniform between the shares minmax of the picture's, anywhere inside. Draws:
// height, width, top, left.
RectPx DrawCutMixBoxInRange(RandomStream* stream, SizePx size, const Range& minmax);

}  // namespace headrace::loader
