// What this machine offers and what headrace will use.
#pragma once

#include <string>

namespace headrace::capi {

// One JSON object: version, kernel, cpus_allowed, reader, io_uring, simd_targets, simd_target,
// memlock_bytes, huge_pages, cuda; each "..._why" says why not the rest.
std::string DoctorJson();

}  // namespace headrace::capi
