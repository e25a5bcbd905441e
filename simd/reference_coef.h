// The plain twin of UnpackCoefficients: a value at a time, the same coefficients and verdicts. It
// is also what the one-lane fallback runs.
#pragma once

#include <cstdint>

#include "simd/coef_unpack.h"

namespace headrace::simd::reference {

// `group_blocks`: IdctGroupBlocks() of the target in use.
const uint8_t* UnpackCoefficients(const CoefRun& run, uint32_t group_blocks);

}  // namespace headrace::simd::reference
