// Rows of blocks in the chunks of a coefficient record, written from docs/pack-format-coef.md,
// apart from the encoder of codecs/.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <vector>

#include "simd/coef_unpack.h"
#include "tests/unit/simd/idct_blocks.h"

namespace headrace::simd {

struct CoefChunks {
  std::vector<uint8_t> table;
  std::vector<uint8_t> bytes;
};

inline void Append16(int value, std::vector<uint8_t>* to) {
  to->push_back(static_cast<uint8_t>(value));
  to->push_back(static_cast<uint8_t>(value >> 8));
}

// `wide`: 16-bit differences even where 8 bits do.
inline void AppendChunk(const NaturalBlock* blocks, uint32_t count, bool wide, CoefChunks* chunks) {
  std::vector<uint8_t> bytes, row_masks, column_masks, nibbles, escapes, patches;
  for (uint32_t b = 1; b < count; ++b) {
    const auto difference = static_cast<int16_t>(blocks[b][0] - blocks[b - 1][0]);
    wide = wide || difference != static_cast<int8_t>(difference);
  }
  Append16(blocks[0][0], &bytes);
  for (uint32_t b = 1; b < count; ++b) {
    const int difference = blocks[b][0] - blocks[b - 1][0];
    wide ? Append16(difference, &bytes) : bytes.push_back(static_cast<uint8_t>(difference));
  }
  std::vector<uint8_t> values;
  for (uint32_t b = 0; b < count; ++b) {
    uint8_t row_mask = 0;
    for (uint32_t row = 0; row < 8; ++row) {
      uint8_t column_mask = 0;
      for (uint32_t column = 0; column < 8; ++column) {
        const uint32_t place = row * 8 + column;
        const int value = blocks[b][place];
        if (place == 0 || value == 0) continue;
        if (value < -128 || value > 127) {
          Append16(static_cast<int>(b * 64 + place), &patches);
          Append16(value, &patches);
          continue;
        }
        column_mask |= static_cast<uint8_t>(1u << column);
        const bool is_small = value >= -7 && value <= 7;
        values.push_back(is_small ? static_cast<uint8_t>(value & 15) : kCoefEscape);
        if (!is_small) escapes.push_back(static_cast<uint8_t>(value));
      }
      if (column_mask == 0) continue;
      row_mask |= static_cast<uint8_t>(1u << row);
      column_masks.push_back(column_mask);
    }
    if (values.size() % 2 != 0) values.push_back(0);
    row_masks.push_back(row_mask);
  }
  for (size_t i = 0; i < values.size(); i += 2) {
    nibbles.push_back(static_cast<uint8_t>(values[i] | values[i + 1] << 4));
  }
  for (const auto* part : {&row_masks, &column_masks, &nibbles, &escapes, &patches}) {
    bytes.insert(bytes.end(), part->begin(), part->end());
  }
  Append16(static_cast<int>(bytes.size() | (wide ? kCoefChunkWideDc : 0)), &chunks->table);
  chunks->bytes.insert(chunks->bytes.end(), bytes.begin(), bytes.end());
}

inline CoefChunks MakeChunks(const std::vector<NaturalBlock>& blocks, bool wide = false) {
  CoefChunks chunks;
  for (size_t i = 0; i < blocks.size(); i += kCoefChunkBlocks) {
    AppendChunk(&blocks[i],
                static_cast<uint32_t>(std::min<size_t>(blocks.size() - i, kCoefChunkBlocks)), wide,
                &chunks);
  }
  return chunks;
}

}  // namespace headrace::simd
