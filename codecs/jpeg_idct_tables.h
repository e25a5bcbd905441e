// The quantisers of a picture's components as the inverse DCT takes them.
#pragma once

#include <cstdint>

#include "codecs/jpeg_frame.h"
#include "simd/idct.h"

namespace headrace::codecs {

// What: a table a component. Owner and thread: a decoder's. Cost: pictures of one data set mostly
// have the same quantisers; only what differs from the picture before is made again.
class JpegIdctTables {
 public:
  void Prepare(const JpegFrame& frame);
  const simd::IdctTable& of(uint32_t c) const { return tables_[c]; }

 private:
  simd::IdctTable tables_[kJpegComponentsMax];
  uint16_t quantisers_[kJpegComponentsMax][kJpegCoefficients] = {};
  uint32_t group_blocks_ = 0;  // that the tables were made for
};

}  // namespace headrace::codecs
