// Huffman tables made ready for decoding: a code and the value bits behind it in one lookup, where
// both fit.
#pragma once

#include <cstdint>

#include "codecs/jpeg_frame.h"

namespace headrace::codecs {

// One entry for each value of the next kBits bits, in a word that the inner loop takes apart with
// one instruction a part:
//   bits 0..5    length to consume: of the code and of its value bits. Shifting by the whole word
//                shifts by this, because x86 and arm64 look at six bits of a shift's count.
//   bit  6       set: not a coefficient that is complete here, but (bit 7) the end of the block; or
//                (bits 16..19 other than 0) a coefficient whose value bits, so many, come after
//                the length; or a code that is not in the lookup, length 0
//   bits 8..13   coefficients to advance: run + 1
//   bits 16..31  the value, signed
struct JpegLookup {
  static constexpr uint32_t kBits = 11;
  static constexpr uint32_t kSpecial = 1u << 6;
  static constexpr uint32_t kEndOfBlock = kSpecial | 1u << 7;

  static constexpr uint32_t Advance(uint32_t entry) { return (entry >> 8) & 63; }
  static constexpr uint32_t ValueBitsApart(uint32_t entry) { return entry >> 16; }
  static constexpr int32_t Value(uint32_t entry) { return static_cast<int32_t>(entry) >> 16; }
};

// Codes that do not fit the lookup, by their length (the usual method of JPEG's annex F).
struct JpegLongCodes {
  // The largest code of l bits, moved to the left of 16 bits, and beyond it the end; codes are
  // compared with it as 16-bit numbers. 0 where there is none.
  uint32_t end[18];
  int32_t offset[17];  // from the code to its symbol's number
  uint8_t symbols[256];
};

struct JpegAcTable {
  uint32_t lookup[1u << JpegLookup::kBits];
  JpegLongCodes codes;
};

// Entries hold length (bits 0..7, 0: not in the lookup) and number of value bits (8..15).
struct JpegDcTable {
  static constexpr uint32_t kBits = 9;
  uint16_t lookup[1u << kBits];
  JpegLongCodes codes;
};

// Value bits that an 8-bit picture can have. Files with more are left to libjpeg-turbo.
inline constexpr uint32_t kJpegDcBitsMax = 11;
inline constexpr uint32_t kJpegAcBitsMax = 10;

// False for a table that libjpeg-turbo would refuse.
bool MakeJpegDcTable(const JpegHuffmanSpec& spec, JpegDcTable* table);
bool MakeJpegAcTable(const JpegHuffmanSpec& spec, JpegAcTable* table);

// `bits` as the value that JPEG means by `count` value bits.
constexpr int32_t JpegExtend(uint32_t bits, uint32_t count) {
  return bits < (1u << count) >> 1
             ? static_cast<int32_t>(bits) - static_cast<int32_t>((1u << count) - 1)
             : static_cast<int32_t>(bits);
}

}  // namespace headrace::codecs
