// Carries pixels to where a move puts them: bilinear with fractions of 1/256, places in fixed
// point.
//
// Places that a walk of a row comes to are exact multiples of 2^-32, rounded to 1/256 for the
// weights, so that a move by whole pixels copies. Any thread; allocates nothing.
#pragma once

#include <cstdint>
#include <span>

#include "base/image_view.h"
#include "loader/objects/similarity.h"

namespace headrace::loader {

// An alpha plane of `window` as instance_alpha.h makes it, moved: the alpha of each pixel of
// `target`, dense, all of them written; 0 where it shows nothing of the window. The source's pixels
// beyond the picture are transparent.
void WarpAlpha(const Similarity& move, const RectPx& window, std::span<const uint8_t> alpha,
               const RectPx& target, std::span<uint8_t> out);

// Lays the moved source (RGB) over `picture`: (source * a + picture * (255 - a) + 127) div 255, a
// being the moved alpha of `target`.
void Paste(const ConstImageView& source, const Similarity& move, const RectPx& target,
           std::span<const uint8_t> alpha, const ImageView& picture);

}  // namespace headrace::loader
