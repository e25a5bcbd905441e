// The plain twins of simd/ycc.h.
#pragma once

#include <span>

#include "base/image_view.h"
#include "simd/convert.h"
#include "simd/ycc.h"

namespace headrace::simd::reference {

// R, G and B of one pixel, written with libjpeg's factors.
void RgbOfYcc(uint8_t y, uint8_t cb, uint8_t cr, uint8_t* rgb);

void UpsampleToRgb(const UpsampleJob& job, const ImageView& rgb);
void PlanesToRgb(std::span<const ConstImageView> planes, const ImageView& rgb);
void ConvertPlanes(std::span<const ConstImageView> planes, FlipColumns flip,
                   const ConvertTable& table, void* out);

}  // namespace headrace::simd::reference
