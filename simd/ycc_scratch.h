// How UpsampleToRgb divides its scratch: a row of samples for each of planes 1 and 2, then the
// 16-bit numbers that a row is made of, which both use in turn.
#pragma once

#include <cstddef>
#include <cstdint>

namespace headrace::simd {

// What the doubling of a row may write or read beyond its end, in bytes: no vector is longer.
inline constexpr uint64_t kDoubleOverrun = 64;

constexpr uint64_t RoundUpTo64(uint64_t bytes) { return (bytes + 63) / 64 * 64; }

// A row has whole pairs, of which the first and the last may be shown in half.
constexpr uint64_t DoubledRowBytes(uint32_t width) {
  return RoundUpTo64(uint64_t{width} + 2 + kDoubleOverrun);
}
// A number for each pair and one neighbour on either side.
constexpr uint64_t PairNumbersBytes(uint32_t width) {
  return RoundUpTo64((uint64_t{width} / 2 + 1 + 2) * sizeof(uint16_t) + kDoubleOverrun);
}

}  // namespace headrace::simd
