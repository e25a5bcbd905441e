// Which SIMD targets this machine can run, and forcing one (tests, HEADRACE_SIMD, doctor).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace headrace::simd {

// Names as Highway gives them, best first: "AVX3", "AVX2", "SSE4", "SSSE3", "SCALAR", "NEON", ...
// Before them "AVX3_VNNI" where the processor has that: AVX3 with byte dot products in the resize.
std::vector<std::string> SupportedTargets();

// The target that dispatch uses now.
std::string CurrentTarget();

// Makes every later dispatch in this process use `name` (case-insensitive). kInvalidArgument for a
// name that is unknown or cannot run here. An empty name lifts it. Call before threads start.
Status ForceTarget(std::string_view name);

}  // namespace headrace::simd
