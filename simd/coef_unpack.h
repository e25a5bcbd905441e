// The coefficients of a coefficient record, from its chunks to the groups that Idct takes.
// docs/pack-format-coef.md has the bytes of a chunk.
#pragma once

#include <cstddef>
#include <cstdint>

namespace headrace::simd {

// A chunk holds so many blocks of a row of blocks; the last of a row may hold fewer.
inline constexpr uint32_t kCoefChunkBlocks = 8;
// An entry of a row's chunk table: the chunk's bytes, and whether its DC differences have 16 bits.
inline constexpr uint32_t kCoefChunkBytesMask = 0x3FFF;
inline constexpr uint32_t kCoefChunkWideDc = 0x8000;
// A nibble of this value stands for a byte of its own.
inline constexpr uint8_t kCoefEscape = 8;
// So many bytes behind a chunk are read, whatever they are.
inline constexpr size_t kCoefOverreadBytes = 64;

// Chunks that follow each other in one row of blocks.
struct CoefRun {
  const uint8_t* table = nullptr;   // entry of the first chunk; 2 bytes each, the lower one first
  const uint8_t* chunks = nullptr;  // its first byte
  const uint8_t* end = nullptr;     // of the row; kCoefOverreadBytes behind it can be read
  uint32_t blocks = 0;              // of all of them; only the last may hold fewer than 8
  // Whole chunks, 64-byte aligned, laid out in groups as Idct takes them; whatever they held is
  // overwritten.
  int16_t* coefficients = nullptr;
  // An entry for every block of whole chunks: 0 (DC only), 9 (only the first 4 rows and columns) or
  // 63, which are zigzag indices as Idct understands them.
  uint8_t* last = nullptr;
};

// Null: the chunks are not what the format says. Else the byte after the last one.
const uint8_t* UnpackCoefficients(const CoefRun& run);

}  // namespace headrace::simd
