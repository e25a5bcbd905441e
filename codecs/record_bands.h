// Which bytes of a packed record the rows of its picture lie in, so that of a crop those alone need
// be read. docs/pack-format.md has the bytes.
#pragma once

#include <cstdint>
#include <span>

#include "base/image_view.h"

namespace headrace::codecs {

// What of a record is in memory, each byte at its place: the first `head_bytes`, and [begin, end).
// The rest is anything.
struct RecordPart {
  uint64_t head_bytes = 0;  // 0: all of it is there
  uint64_t begin = 0;       // of the data of MCU row `mcu_row`, or up to 15 bytes before
  uint64_t end = 0;
  uint32_t mcu_row = 0;
  // Of the picture that this is said to be a part of.
  SizePx stored;
  uint32_t mcu_height_px = 0;

  bool is_whole() const { return head_bytes == 0; }
  bool Has(uint64_t from, uint64_t to) const {
    return is_whole() || (from >= begin && to <= end) || to <= head_bytes;
  }
  // Whether the record's header says the same: rows of another picture lie elsewhere.
  bool IsOf(SizePx size, uint32_t row_px) const {
    return is_whole() || (stored == size && mcu_height_px == row_px);
  }
};

// What: a record, cut across into bands of rows of MCUs. Plain data, as it lies in a shard's index.
struct RecordBands {
  static constexpr uint32_t kCount = 12;
  static constexpr uint64_t kRecordBytesMax = uint64_t{1} << 20;  // of larger ones nothing is known

  uint16_t width = 0;  // of the stored picture; 0: nothing is known
  uint16_t height = 0;
  uint8_t form = 0;   // bits 0 to 3: orientation; 4: rows of MCUs have 16 pixels, not 8; 5 to 7:
                      // places are in units of so many times doubled bytes, 4 at most
  uint8_t slack = 0;  // a band's data end within so many times 64 bytes of where the next begins
  uint16_t head = 0;  // units that hold all before the data
  // Where bands 1 to 11 begin, and then where the last one ends, in units, rounded down. Band i
  // begins with MCU row i * rows / 12.
  uint16_t begin[kCount] = {};

  bool known() const { return width > 0; }
  SizePx stored() const { return {width, height}; }
  uint8_t orientation() const { return form & 15; }
  uint32_t mcu_height_px() const { return (form & 16) != 0 ? 16 : 8; }
  uint32_t mcu_rows() const { return (height + mcu_height_px() - 1) / mcu_height_px(); }
  // The first MCU row of a band; of band kCount, how many there are.
  static constexpr uint32_t FirstRowOf(uint32_t band, uint32_t mcu_rows) {
    return band * mcu_rows / kCount;
  }
  uint32_t FirstRow(uint32_t band) const { return FirstRowOf(band, mcu_rows()); }
};
static_assert(sizeof(RecordBands) == 32);

// What a codec says of one of its records.
struct RecordLayout {
  SizePx stored;
  uint8_t orientation = 1;
  uint32_t mcu_height_px = 8;
  uint64_t record_bytes = 0;
  uint64_t head_bytes = 0;
  // Of each band's first row, and of the end: from which byte on its data can be read, and up to
  // which byte the data of the rows before it reach, with what tells that they end well.
  uint64_t begin[RecordBands::kCount + 1] = {};
  uint64_t end_before[RecordBands::kCount + 1] = {};
};

// Nothing known, if the layout does not fit into the fields.
RecordBands MakeRecordBands(const RecordLayout& layout);

// The part that a decode of `region` needs, a rectangle of the stored picture. False: nothing is
// known of the record, or what is known cannot be.
bool FindRecordPart(const RecordBands& bands, uint64_t record_bytes, const RectPx& region,
                    RecordPart* part);

}  // namespace headrace::codecs
