// PointPass: a run of point ops carried out as one table.
//
// What: composes the tables of neighbouring point ops, applies them when a later op needs the
// pixels, and answers what an op's table depends on (histogram, extremes, grey sum) for the picture
// as it would be now. Owner and thread: whoever runs a list of draws. Cost: a picture's statistics
// are taken once, where it can be through the table in place of the pixels; nothing is allocated.
#pragma once

#include <cstdint>
#include <span>

#include "base/image_view.h"
#include "loader/augment/draw_list.h"
#include "simd/point.h"

namespace headrace::loader {

class PointPass {
 public:
  // Until Finish, `picture` must not change. `output`: as large as the picture, used only if it is
  // not `ours`.
  PointPass(Picture* picture, std::span<std::byte> output);

  uint32_t channels() const { return picture_.pixels.channels; }
  uint64_t pixel_count() const { return uint64_t{picture_.pixels.width} * picture_.pixels.height; }

  // Every value v becomes table[v], in all channels or channel by channel.
  void Map(const uint8_t (&table)[256]);
  void Map(const uint8_t (&tables)[3][256]);

  // Of the picture as it would be now. One channel: all three equal.
  const simd::ChannelHistograms& Histogram();
  void MinMax(uint8_t low[3], uint8_t high[3]);
  // The sum of the grey values (Pillow's L) of all pixels.
  uint64_t GraySum();

  // Applies what was mapped; the picture is `ours` from now on.
  void Finish();

 private:
  void Flush();

  Picture& picture_;
  std::span<std::byte> output_;
  simd::PointTables tables_;
  bool pending_ = false;  // tables_ hold something
  simd::ChannelHistograms histogram_;
  bool has_histogram_ = false;  // histogram_ is the picture's, through tables_
};

}  // namespace headrace::loader
