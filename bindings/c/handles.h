// What stands behind the opaque handles of the C API.
#pragma once

#include <headrace.h>

#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "base/thread_annotations.h"
#include "bindings/c/callbacks.h"
#include "loader/loader.h"
#include "loader/pipeline/batch_store.h"
#include "loader/transform.h"

struct hr_loader {
  std::unique_ptr<headrace::loader::Loader> impl;
  hr_log_fn log = nullptr;
  void* log_context = nullptr;
  headrace::capi::ModelCallback model;
  headrace::capi::SaliencyCallback saliency;
  // Names of samples in shards that were given out: their memory lives as long as the loader.
  mutable headrace::Mutex names_mutex;
  mutable std::map<int64_t, std::string> names HR_GUARDED_BY(names_mutex);
};

struct hr_transform {
  std::unique_ptr<headrace::loader::Transform> impl;
};

namespace headrace::capi {

// An hr_batch is the batch buffer itself: a lease costs no allocation.
inline loader::BatchBuffer* BufferOf(hr_batch* batch) {
  return reinterpret_cast<loader::BatchBuffer*>(batch);
}
inline const loader::BatchBuffer* BufferOf(const hr_batch* batch) {
  return reinterpret_cast<const loader::BatchBuffer*>(batch);
}
inline hr_batch* HandleOf(loader::BatchBuffer* buffer) {
  return reinterpret_cast<hr_batch*>(buffer);
}

// HR_OK, or why `loader` cannot be used now: NULL, another process's, or called from inside one of
// its own callbacks.
hr_status CheckLoader(const hr_loader* loader, hr_error* error);

}  // namespace headrace::capi
