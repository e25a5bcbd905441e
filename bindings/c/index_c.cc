#include <string>

#include "bindings/c/boundary.h"
#include "bindings/c/job_hooks.h"
#include "loader/open_watch.h"
#include "loader/shards/index_shard.h"

using headrace::Code;
using headrace::capi::Fence;
using headrace::capi::SetError;

hr_status hr_index(const char* path, const hr_index_options* options, hr_index_report* out,
                   hr_error* error) {
  return Fence(error, [&]() -> hr_status {
    hr_index_options known;
    if (!headrace::capi::Read(options, &known)) {
      return SetError(error, Code::kInvalidArgument,
                      "hr_index_options: struct_size is not set, or a newer field is used");
    }
    if (path == nullptr || !headrace::capi::CanFill(out)) {
      return SetError(error, Code::kInvalidArgument, "path is NULL, or struct_size is not set");
    }
    headrace::loader::OpenWatch watch(
        headrace::capi::ProgressHook(known.progress, known.progress_context));
    headrace::loader::IndexShardReport made;
    headrace::loader::ConfigError problem;
    if (!headrace::loader::IndexShard(path, known.force != 0, &made, &problem)) {
      return SetError(error, problem);
    }
    if (out == nullptr) return HR_OK;
    hr_index_report report = {};
    report.written = made.written ? 1 : 0;
    report.samples = made.samples;
    report.classes = made.classes;
    report.index_bytes = made.index_bytes;
    report.shard_bytes = made.shard_bytes;
    report.without_picture = made.without_picture;
    report.without_label = made.without_label;
    report.passed_over = made.passed_over;
    report.same_key = made.same_key;
    report.name_clashes = made.name_clashes;
    report.data_behind_end = made.data_behind_end ? 1 : 0;
    return headrace::capi::Fill(out, report, error);
  });
}

hr_status hr_index_shard(const char* path, int force, hr_index_report* out, hr_error* error) {
  HR_INIT(hr_index_options, options);
  options.force = force != 0 ? 1 : 0;
  return hr_index(path, &options, out, error);
}
