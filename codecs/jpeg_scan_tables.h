// What all decoders of one JPEG's data share: the order of blocks in an MCU, lookups, and where
// coefficients go.
#pragma once

#include <cstdint>

#include "codecs/jpeg_frame.h"
#include "codecs/jpeg_huffman.h"

namespace headrace::codecs {

// Blocks of an MCU; libjpeg-turbo's limit, and the standard's.
inline constexpr uint32_t kJpegMcuBlocksMax = 10;

// Where one of an MCU's blocks lies.
struct JpegMcuBlock {
  uint8_t component = 0;
  uint8_t column = 0;
  uint8_t row = 0;
  uint8_t across = 1;  // blocks of its component from one MCU to the next
};
struct JpegMcuLayout {
  uint32_t blocks = 0;
  JpegMcuBlock block[kJpegMcuBlocksMax];
};
JpegMcuLayout LayOutMcu(const JpegFrame& frame);

// What: the tables of one file. Owner: a JpegRegionDecoder. Thread: one. Cost: 40 KiB;
// a file whose tables are those of the one before costs a comparison.
class JpegScanTables {
 public:
  // `frame` must outlive the use. False: unusable tables.
  bool Prepare(const JpegFrame& frame);

  const JpegFrame& frame() const { return *frame_; }
  const JpegMcuLayout& layout() const { return layout_; }
  uint32_t mcus() const { return mcus_; }

 private:
  friend struct JpegEntropyRun;

  const JpegFrame* frame_ = nullptr;
  JpegMcuLayout layout_;
  uint32_t mcus_ = 0;
  const JpegDcTable* dc_of_[kJpegMcuBlocksMax] = {};  // by block of the MCU
  const JpegAcTable* ac_of_[kJpegMcuBlocksMax] = {};

  // Where coefficient k goes in its group. Runs may go beyond 63 before it is noticed.
  static constexpr uint32_t kPlaces = 80;
  uint16_t places_[kPlaces];
  uint32_t group_shift_ = 0;  // log2 of the blocks of a group

  JpegHuffmanSpec dc_specs_[4] = {};
  JpegHuffmanSpec ac_specs_[4] = {};
  bool dc_made_[4] = {};
  bool ac_made_[4] = {};
  JpegDcTable dc_tables_[4];
  JpegAcTable ac_tables_[4];
};

}  // namespace headrace::codecs
