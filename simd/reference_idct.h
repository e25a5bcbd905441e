// The plain twin of Idct: one block, one coefficient after the other, the same bits. It is also
// what the one-lane fallback runs.
#pragma once

#include <cstddef>
#include <cstdint>

#include "simd/idct.h"

namespace headrace::simd::reference {

// `coefficients` and `divisors`: 64 each, row after row. Divisors above 32767 are those of a 16-bit
// table, stored modulo 2^16.
void IdctBlock(const int16_t* coefficients, const int16_t* divisors, IdctSize size, uint8_t* out,
               size_t stride_bytes);

}  // namespace headrace::simd::reference
