// Where the parts of a coefficient record lie. docs/pack-format-coef.md has the bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "base/limits.h"
#include "base/status.h"
#include "codecs/jpeg_frame.h"
#include "codecs/record_bands.h"

namespace headrace::codecs {

inline constexpr uint8_t kCoefMagic[8] = {0x89, 'H', 'R', 'C', '\r', '\n', 0x1A, '\n'};
inline constexpr uint16_t kCoefVersion = 2;
inline constexpr size_t kCoefFixedBytes = 40;      // of the header
inline constexpr size_t kCoefComponentBytes = 4;   // of the header, a component
inline constexpr size_t kCoefTableBytes = 128;     // of the header, a quantisation table
inline constexpr size_t kCoefRowBytes = 8;         // of the header, a row of blocks
inline constexpr size_t kCoefHeaderHashBytes = 8;  // that end the header
inline constexpr size_t kCoefTailBytes = 64;       // that end the record

// Blocks of component c that hold samples of the picture.
SizePx CoefBlocks(const JpegFrame& frame, uint32_t c);

// Where row `row` of the blocks of component c stands in the record: rows of MCUs lie from the top
// down, and in each the rows of the first component before those of the next. `blocks`: of all.
uint32_t CoefRowNumber(const JpegFrame& frame, const SizePx* blocks, uint32_t c, uint32_t row);

// Factors 1 and 2, the first component's the largest.
bool CoefSamplingKnown(const JpegFrame& frame);

// What: a record whose header was read. Owner: who reads it. Thread: any. Cost: points into the
// record, allocates nothing.
class CoefLayout {
 public:
  // Reads and checks the header alone. kTruncated: there is less than the header says.
  // `part`: what is there of the record.
  Status Open(std::span<const std::byte> record, const Limits& limits, const RecordPart& part = {});

  // size, colour, components, their factors and quantisers; `planar`. `ours` is about JPEGs: false.
  const JpegFrame& frame() const { return frame_; }
  uint8_t orientation() const { return orientation_; }
  SizePx blocks(uint32_t c) const { return blocks_[c]; }

  // Row `row` of the blocks of component c: its bytes as the header's hash wants them. Empty: they
  // are damaged, or not there.
  std::span<const uint8_t> Row(uint32_t c, uint32_t row) const;

  // Where the data of a row of MCUs begin in the record; of the one behind the last: where they
  // end.
  uint64_t McuRowBegin(uint32_t mcu_row) const;

  // The marker segments, if they are as the header's hash wants them and nothing but zeros follows.
  Status Segments(std::span<const std::byte>* segments) const;

 private:
  Status ReadFixed(std::span<const std::byte> record, const Limits& limits);
  Status ReadComponents();

  std::span<const uint8_t> record_;
  RecordPart part_;
  JpegFrame frame_;
  SizePx blocks_[kJpegComponentsMax];
  uint8_t orientation_ = 1;
  uint32_t tables_ = 0;
  size_t header_bytes_ = 0;
  size_t data_bytes_ = 0;
  size_t segments_bytes_ = 0;
  const uint8_t* rows_ = nullptr;
};

}  // namespace headrace::codecs
