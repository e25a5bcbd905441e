// The plain twins of simd/point.h and simd/colour.h. Sources may be targets, except for Sharpen.
#pragma once

#include <cstdint>

#include "base/image_view.h"
#include "simd/point.h"

namespace headrace::simd::reference {

void ApplyTables(const ConstImageView& source, const PointTables& tables, const ImageView& target);
void CountValues(const ConstImageView& source, ChannelHistograms* histograms);
void FindMinMax(const ConstImageView& source, uint8_t low[3], uint8_t high[3]);
uint64_t GraySum(const ConstImageView& source);

// The gray of one pixel.
uint8_t GrayOf(const uint8_t* rgb);

// One value blended, as simd/colour.h says.
uint8_t Blend(uint8_t d, uint8_t x, float factor);

void Grayscale(const ConstImageView& source, const ImageView& target);
void ToGray(const ConstImageView& source, const ImageView& target);
void Saturate(const ConstImageView& source, float factor, const ImageView& target);
void Sharpen(const ConstImageView& source, float factor, const ImageView& target);

}  // namespace headrace::simd::reference
