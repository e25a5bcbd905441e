// The plain twins of the warps and of the nearest resize: one obvious loop each, the same bits.
#pragma once

#include "base/image_view.h"
#include "simd/resize_nearest.h"
#include "simd/warp.h"

namespace headrace::simd::reference {

void WarpAffine(const ConstImageView& source, const AffineMatrix& m, Interpolation interpolation,
                const FillColour& fill, const ImageView& target);
void WarpPerspective(const ConstImageView& source, const PerspectiveCoefficients& c,
                     Interpolation interpolation, const FillColour& fill, const ImageView& target);
// Pixels `part` of a larger target, which `target` shows.
void PerspectivePixels(const ConstImageView& source, const PerspectiveCoefficients& c,
                       Interpolation interpolation, const FillColour& fill, const RectPx& part,
                       const ImageView& target);
void WarpZoom(const ConstImageView& source, const Zoom& zoom, Interpolation interpolation,
              const FillColour& fill, const ImageView& target);
void ResizeNearest(const ConstImageView& source, const ImageView& target, NearestRule rule,
                   Mirror mirror);

}  // namespace headrace::simd::reference
