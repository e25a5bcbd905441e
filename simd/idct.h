// The inverse DCT of JPEG: bit-equal to libjpeg-turbo's accurate integer transform ("islow", its
// x86 SIMD form) and to its reduced 4x4, 2x2 and 1x1 forms.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace headrace::simd {

// Blocks are transformed a group at a time, as many as fit a vector: 1, 2 or 4, by target. The
// coefficient in row r, column c of block b of a group is number (r * blocks + b) * 8 + c.
uint32_t IdctGroupBlocks();
inline constexpr uint32_t kIdctGroupBlocksMax = 4;
inline constexpr uint32_t kIdctBlockCoefficients = 64;

// A quantisation table laid out for groups.
struct IdctTable {
  alignas(64) int16_t values[kIdctBlockCoefficients * kIdctGroupBlocksMax];
};
// `natural`: 64 divisors in row-major order (not zigzag).
void MakeIdctTable(const uint16_t* natural, IdctTable* table);

// Output samples a block and side.
enum class IdctSize : uint8_t { k8 = 8, k4 = 4, k2 = 2, k1 = 1 };

// A run of blocks that lie side by side: block i gives the square of samples that begins at
// `out` + i * size.
struct IdctRun {
  int16_t* coefficients = nullptr;  // whole groups, 64-byte aligned; all zero when Idct returns
  // For each block the zigzag index of its last coefficient that may be other than zero (0: DC
  // only). Has an entry for every block of the last group too; what is in those beyond `blocks` may
  // be anything, and their coefficients are zero or not, but are zero on return.
  const uint8_t* last = nullptr;
  uint32_t blocks = 0;
  uint8_t* out = nullptr;  // rows hold `blocks` * size samples; nothing beyond them is written
  size_t stride_bytes = 0;
};
void Idct(const IdctRun& run, const IdctTable& table, IdctSize size);

}  // namespace headrace::simd
