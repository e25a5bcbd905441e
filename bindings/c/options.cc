#include "bindings/c/options.h"

#include <cstdlib>

#include "bindings/c/boundary.h"
#include "simd/target.h"

namespace headrace::capi {

hr_status ReadOptions(const hr_options* in, hr_options* options,
                      std::vector<std::string>* overrides, hr_error* error) {
  if (!Read(in, options)) {
    return SetError(error, Code::kInvalidArgument,
                    "hr_options: struct_size is not set, or a newer field is used");
  }
  if ((options->allocate == nullptr) != (options->free == nullptr)) {
    return SetError(error, Code::kInvalidArgument, "hr_options: set allocate and free, or neither");
  }
  if (options->world_size < 0 || options->rank < 0 ||
      (options->world_size > 0 && options->rank >= options->world_size)) {
    return SetError(error, Code::kInvalidArgument, "hr_options: rank must be in 0..world_size-1");
  }
  return CopyOverrides("hr_options", options->overrides, options->override_count, overrides, error);
}

hr_status CopyOverrides(std::string_view what, const char* const* overrides, uint32_t count,
                        std::vector<std::string>* copies, hr_error* error) {
  for (uint32_t i = 0; i < count; ++i) {
    if (overrides == nullptr || overrides[i] == nullptr) {
      return SetError(error, Code::kInvalidArgument,
                      std::string(what).append(": an override is NULL"));
    }
    copies->emplace_back(overrides[i]);
  }
  return HR_OK;
}

hr_status ForceSimdFromEnvironment(hr_error* error) {
  const char* name = getenv("HEADRACE_SIMD");  // NOLINT(concurrency-mt-unsafe): at open only
  if (name == nullptr || *name == '\0') return HR_OK;
  const Status status = simd::ForceTarget(name);
  if (status.ok()) return HR_OK;
  return SetError(error, status.code(),
                  std::string("HEADRACE_SIMD=") + name + ": " + status.text());
}

}  // namespace headrace::capi
