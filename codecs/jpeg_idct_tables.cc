#include "codecs/jpeg_idct_tables.h"

#include <algorithm>
#include <iterator>

namespace headrace::codecs {

void JpegIdctTables::Prepare(const JpegFrame& frame) {
  const uint32_t group = simd::IdctGroupBlocks();
  for (uint32_t c = 0; c < frame.components; ++c) {
    const uint16_t* quantisers = frame.component[c].quantisers;
    if (group == group_blocks_ &&
        std::equal(quantisers, quantisers + kJpegCoefficients, quantisers_[c])) {
      continue;
    }
    simd::MakeIdctTable(quantisers, &tables_[c]);
    std::copy_n(quantisers, kJpegCoefficients, quantisers_[c]);
  }
  // Tables of components that this picture lacks were made for the other size.
  if (group != group_blocks_) {
    for (uint32_t c = frame.components; c < kJpegComponentsMax; ++c) {
      std::fill(std::begin(quantisers_[c]), std::end(quantisers_[c]), uint16_t{0});
    }
  }
  group_blocks_ = group;
}

}  // namespace headrace::codecs
