// Point operations: tables of 256 values, and the statistics that such tables are made from.
#pragma once

#include <cstdint>

#include "base/image_view.h"

namespace headrace::simd {

// What every value of each channel becomes. Pictures of one channel use the first.
struct PointTables {
  alignas(64) uint8_t of[3][256];
  bool same = true;  // all three are equal
};

// target(y, x, c) = tables.of[c][source(y, x, c)]. Sizes and channels (1 or 3) are equal; the
// target may be the source's own pixels, else the two do not overlap.
void ApplyTables(const ConstImageView& source, const PointTables& tables, const ImageView& target);

// How often each value stands in each channel. One channel: all three are its counts.
struct ChannelHistograms {
  uint32_t of[3][256];
};
void CountValues(const ConstImageView& source, ChannelHistograms* counts);

// The extremes of each channel. One channel: all three are its own.
void FindMinMax(const ConstImageView& source, uint8_t low[3], uint8_t high[3]);

// The sum over all pixels of L = (19595 r + 38470 g + 7471 b + 32768) >> 16, Pillow's grey; of the
// values themselves with one channel.
uint64_t GraySum(const ConstImageView& source);

}  // namespace headrace::simd
