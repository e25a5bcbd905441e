// The caller's callbacks of a job over a whole data set, as the library calls them.
#pragma once

#include <headrace.h>

#include "base/log.h"
#include "bindings/c/boundary.h"
#include "loader/job.h"
#include "loader/open_watch.h"

namespace headrace::capi {

// None for NULL.
inline std::function<bool(const loader::JobProgress&)> ProgressHook(hr_progress_fn function,
                                                                    void* context) {
  if (function == nullptr) return nullptr;
  return [function, context](const loader::JobProgress& progress) {
    HR_INIT(hr_job_progress, told);
    told.samples = progress.samples;
    told.samples_done = progress.samples_done;
    told.bytes = progress.bytes;
    told.bytes_done = progress.bytes_done;
    return function(context, &told) == 0;
  };
}

// Of options with a `log` that is not NULL; they must outlive the sink.
template <class Options>
LogSink LogHook(Options* options) {
  return {[](void* context, LogLevel level, const char* text) {
            const auto* known = static_cast<const Options*>(context);
            // Loaders that it uses are not being opened.
            const loader::OpenWatch nobody(nullptr);
            known->log(known->log_context, static_cast<hr_log_level>(level), text);
          },
          options};
}

inline hr_status SetError(hr_error* error, const loader::JobError& job_error) {
  return SetError(error, job_error.code, job_error.text, job_error.error_number,
                  job_error.sample_id);
}

}  // namespace headrace::capi
