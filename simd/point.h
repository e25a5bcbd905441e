// Operations that look at one value at a time, and the statistics from which their tables are made.
// Pictures have 1 or 3 channels.
#pragma once

#include <cstdint>

#include "base/image_view.h"

namespace headrace::simd {

// What each value of each channel becomes.
struct PointTables {
  alignas(64) uint8_t of[3][256];
  bool same = true;  // all three are equal; of[0] is enough then
};

// Each value of channel c through of[c]. A picture of one channel takes of[0]. The target has the
// source's size; it may be the source's own pixels, or does not overlap them.
void ApplyTables(const ConstImageView& source, const PointTables& tables, const ImageView& target);

// How often each value occurs in each channel. One channel: it is counted as all three.
struct ChannelHistograms {
  uint32_t of[3][256];
};
void CountValues(const ConstImageView& source, ChannelHistograms* histograms);

// The smallest and the largest value of each channel of a picture that has a pixel. One channel: it
// is given as all three.
void FindMinMax(const ConstImageView& source, uint8_t low[3], uint8_t high[3]);

// The sum over all pixels of their gray, (19595 r + 38470 g + 7471 b + 2^15) >> 16; of a picture of
// one channel, of its values.
uint64_t GraySum(const ConstImageView& source);

}  // namespace headrace::simd
