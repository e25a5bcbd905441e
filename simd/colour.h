// Operations that look at the channels of a pixel together, or at its neighbours. Pictures have 1
// or 3 channels; a target has its source's size and, but for ToGray, its channels.
//
// A blend is t = d + factor * (x - d) in f32, the product and the sum each rounded; the result is t
// clamped to 0..255 and truncated. Factor 1 is the picture itself, 0 the picture d. Factors are
// finite and not negative.
#pragma once

#include "base/image_view.h"

namespace headrace::simd {

// Each pixel's gray, (19595 r + 38470 g + 7471 b + 2^15) >> 16, in all three channels. A picture of
// one channel is copied. The target may be the source's own pixels, or does not overlap them.
void Grayscale(const ConstImageView& source, const ImageView& target);

// The same in the one channel of `target`, which has the source's size and does not overlap it. A
// picture of one channel is copied.
void ToGray(const ConstImageView& source, const ImageView& target);

// Blends each pixel with its gray. A picture of one channel is copied. In place as above.
void Saturate(const ConstImageView& source, float factor, const ImageView& target);

// Blends each pixel with the mean of its neighbours, (S + 6) div 13, S being the sum of the 3x3
// pixels plus four times the middle one. Pixels on the border are copied, so all of a picture of
// less than 3 rows or columns is. The two do not overlap.
void Sharpen(const ConstImageView& source, float factor, const ImageView& target);

}  // namespace headrace::simd
