// CutMix: a box of each sample is replaced by the same box of its partner.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

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

// Replaces `bytes` bytes of each sample of `cycle` by its partner's, in place: those of sample i
// lie at first + i * sample_bytes. `saved` holds `bytes` bytes.
void CutMixCycle(std::byte* first, size_t sample_bytes, size_t bytes,
                 std::span<const uint32_t> cycle, std::byte* saved);

}  // namespace headrace::loader
