// What is alike in the structs of options that functions take.
#pragma once

#include <headrace.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace headrace::capi {

// Checks and copies the caller's options (NULL: the defaults).
hr_status ReadOptions(const hr_options* in, hr_options* options,
                      std::vector<std::string>* overrides, hr_error* error);

// Copies the overrides of a struct of options; `what` names it in errors ("hr_options").
hr_status CopyOverrides(std::string_view what, const char* const* overrides, uint32_t count,
                        std::vector<std::string>* copies, hr_error* error);

// HEADRACE_SIMD=NAME makes all kernels use that target from now on; unset or empty changes nothing.
hr_status ForceSimdFromEnvironment(hr_error* error);

}  // namespace headrace::capi
