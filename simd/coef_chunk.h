// What the kernels of the coefficient record and their plain twin share: where the parts of a chunk
// lie, its DC values and its patches.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "simd/coef_unpack.h"

namespace headrace::simd {

inline uint32_t LoadCoef16(const uint8_t* from) {
  return static_cast<uint32_t>(from[0]) | static_cast<uint32_t>(from[1]) << 8;
}

// Little-endian, on any machine.
inline uint64_t LoadCoef64(const uint8_t* from) {
  uint64_t word;
  std::memcpy(&word, from, sizeof(word));
  if constexpr (std::endian::native == std::endian::big) word = __builtin_bswap64(word);
  return word;
}

// A coefficient's place in groups: row `row` of block `block`.
inline size_t CoefRowPlace(uint32_t block, uint32_t row, uint32_t group_blocks) {
  return (size_t{block / group_blocks} * 8 + row) * 8 * group_blocks +
         size_t{block % group_blocks} * 8;
}

struct CoefChunk {
  const uint8_t* begin = nullptr;
  const uint8_t* end = nullptr;
  uint32_t blocks = 0;
  bool wide_dc = false;

  size_t dc_bytes() const { return 2 + size_t{blocks - 1} * (wide_dc ? 2 : 1); }
  const uint8_t* row_masks() const { return begin + dc_bytes(); }
  const uint8_t* column_masks() const { return row_masks() + blocks; }
};

// False: the chunk leaves the row, or is too short for its DC values and row masks.
inline bool OpenCoefChunk(const CoefRun& run, uint32_t number, const uint8_t* at,
                          CoefChunk* chunk) {
  const uint32_t entry = LoadCoef16(run.table + size_t{number} * 2);
  const size_t bytes = entry & kCoefChunkBytesMask;
  if ((entry & ~(kCoefChunkBytesMask | kCoefChunkWideDc)) != 0) return false;
  if (bytes > static_cast<size_t>(run.end - at)) return false;
  const uint32_t left = run.blocks - number * kCoefChunkBlocks;
  *chunk = {at, at + bytes, left < kCoefChunkBlocks ? left : kCoefChunkBlocks,
            (entry & kCoefChunkWideDc) != 0};
  return chunk->dc_bytes() + chunk->blocks <= bytes;
}

// The bits of the blocks' row masks, a byte each; those that the chunk does not have are 0.
inline uint64_t CoefRowMasks(const CoefChunk& chunk) {
  return LoadCoef64(chunk.row_masks()) & (~uint64_t{0} >> (64 - 8 * chunk.blocks));
}

// What Idct may leave out, from a block's bits 8 * row + column.
inline constexpr int64_t kCoefDcPlace = 1;
inline constexpr int64_t kCoefBeyondCorner = static_cast<int64_t>(0xFFFFFFFFF0F0F0F0);
inline constexpr int8_t kCoefLastOfCorner = 9;
inline constexpr int8_t kCoefLastOfAll = 63;
static_assert((kCoefLastOfCorner | kCoefLastOfAll) == kCoefLastOfAll);

inline uint8_t CoefLast(uint64_t mask) {
  const int any = (mask & ~uint64_t{kCoefDcPlace}) != 0 ? kCoefLastOfCorner : 0;
  const int beyond = (mask & static_cast<uint64_t>(kCoefBeyondCorner)) != 0 ? kCoefLastOfAll : 0;
  return static_cast<uint8_t>(any | beyond);
}

// A block's nibbles fill whole bytes.
inline size_t CoefNibbleBytes(uint64_t mask) {
  return (static_cast<size_t>(std::popcount(mask)) + 1) / 2;
}

// Each is its neighbour's on the left and a difference; they wrap.
inline void UnpackCoefDc(const CoefChunk& chunk, uint32_t group_blocks, int16_t* coefficients) {
  uint32_t dc = LoadCoef16(chunk.begin);
  coefficients[0] = static_cast<int16_t>(dc);
  const uint8_t* at = chunk.begin + 2;
  if (chunk.wide_dc) {
    for (uint32_t b = 1; b < chunk.blocks; ++b, at += 2) {
      dc += LoadCoef16(at);
      coefficients[CoefRowPlace(b, 0, group_blocks)] = static_cast<int16_t>(dc);
    }
    return;
  }
  for (uint32_t b = 1; b < chunk.blocks; ++b, ++at) {
    dc += static_cast<uint32_t>(static_cast<int8_t>(*at));
    coefficients[CoefRowPlace(b, 0, group_blocks)] = static_cast<int16_t>(dc);
  }
}

// What does not fit a byte: from `at` to the end of the chunk, place and value. False: damaged.
inline bool UnpackCoefPatches(const CoefChunk& chunk, const uint8_t* at, uint32_t group_blocks,
                              int16_t* coefficients, uint8_t* last) {
  for (; chunk.end - at >= 4; at += 4) {
    const uint32_t place = LoadCoef16(at);
    const uint32_t block = place / 64;
    if (block >= chunk.blocks || place % 64 == 0) return false;
    coefficients[CoefRowPlace(block, place % 64 / 8, group_blocks) + place % 8] =
        static_cast<int16_t>(LoadCoef16(at + 2));
    last[block] = kCoefLastOfAll;
  }
  return at == chunk.end;
}

}  // namespace headrace::simd
