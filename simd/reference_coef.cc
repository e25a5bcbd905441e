#include "simd/reference_coef.h"

#include <algorithm>
#include <bit>

#include "simd/coef_chunk.h"

namespace headrace::simd::reference {
namespace {

bool UnpackChunk(const CoefChunk& chunk, uint32_t group_blocks, int16_t* coefficients,
                 uint8_t* last) {
  std::fill_n(coefficients, size_t{kCoefChunkBlocks} * 64, int16_t{0});
  std::fill_n(last, kCoefChunkBlocks, uint8_t{0});
  uint64_t masks[kCoefChunkBlocks] = {};
  size_t nibble_bytes = 0;
  const uint8_t* at = chunk.column_masks();
  for (uint32_t b = 0; b < chunk.blocks; ++b) {
    for (uint32_t row = 0; row < 8; ++row) {
      if ((chunk.row_masks()[b] >> row & 1) == 0) continue;
      if (at == chunk.end) return false;
      masks[b] |= static_cast<uint64_t>(*at++) << 8 * row;
    }
    nibble_bytes += CoefNibbleBytes(masks[b]);
    last[b] = CoefLast(masks[b]);
  }
  const uint8_t* nibbles = at;
  if (static_cast<size_t>(chunk.end - nibbles) < nibble_bytes) return false;
  at += nibble_bytes;
  for (uint32_t b = 0; b < chunk.blocks; ++b) {
    uint64_t left = masks[b];
    const size_t bytes = CoefNibbleBytes(left);
    for (size_t number = 0; number < 2 * bytes; ++number) {
      const uint32_t nibble = nibbles[number / 2] >> 4 * (number % 2) & 15;
      int32_t value = static_cast<int32_t>(nibble < 8 ? nibble : nibble - 16);
      if (nibble == kCoefEscape) {
        if (at == chunk.end) return false;
        value = static_cast<int8_t>(*at++);
      }
      if (left == 0) continue;  // the nibble that fills up the byte
      const auto k = static_cast<uint32_t>(std::countr_zero(left));
      left &= left - 1;
      coefficients[CoefRowPlace(b, k / 8, group_blocks) + k % 8] = static_cast<int16_t>(value);
    }
    nibbles += bytes;
  }
  UnpackCoefDc(chunk, group_blocks, coefficients);
  return UnpackCoefPatches(chunk, at, group_blocks, coefficients, last);
}

}  // namespace

const uint8_t* UnpackCoefficients(const CoefRun& run, uint32_t group_blocks) {
  const uint8_t* at = run.chunks;
  for (uint32_t number = 0; number * kCoefChunkBlocks < run.blocks; ++number) {
    CoefChunk chunk;
    if (!OpenCoefChunk(run, number, at, &chunk)) return nullptr;
    const size_t first = size_t{number} * kCoefChunkBlocks;
    if (!UnpackChunk(chunk, group_blocks, run.coefficients + first * 64, run.last + first)) {
      return nullptr;
    }
    at = chunk.end;
  }
  return at;
}

}  // namespace headrace::simd::reference
