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
  for (uint32_t i = 0; i < options->override_count; ++i) {
    if (options->overrides == nullptr || options->overrides[i] == nullptr) {
      return SetError(error, Code::kInvalidArgument, "hr_options: an override is NULL");
    }
    overrides->emplace_back(options->overrides[i]);
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
