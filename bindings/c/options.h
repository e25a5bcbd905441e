// hr_options as both open functions read it.
#pragma once

#include <headrace.h>

#include <string>
#include <vector>

namespace headrace::capi {

// Checks and copies the caller's options (NULL: the defaults).
hr_status ReadOptions(const hr_options* in, hr_options* options,
                      std::vector<std::string>* overrides, hr_error* error);

// HEADRACE_SIMD=NAME makes all kernels use that target from now on; unset or empty changes nothing.
hr_status ForceSimdFromEnvironment(hr_error* error);

}  // namespace headrace::capi
