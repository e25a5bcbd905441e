#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "bindings/c/boundary.h"
#include "bindings/c/job_hooks.h"
#include "bindings/c/options.h"
#include "loader/pack/pack_job.h"
#include "loader/pack/pack_source.h"
#include "loader/pack/unpack_job.h"
#include "loader/pack/verify_job.h"
#include "loader/ranks.h"

using headrace::Code;
using headrace::capi::CanFill;
using headrace::capi::Fence;
using headrace::capi::SetError;
using headrace::loader::JobError;
using headrace::loader::JobHooks;

namespace {

constexpr uint32_t kWorkersMax = 4096;
constexpr uint32_t kSideMax = 65535;

// The caller's options, checked and copied.
struct Options {
  hr_pack_options raw = {};
  std::vector<std::string> overrides;
  JobHooks hooks;

  hr_status Read(const hr_pack_options* in, hr_error* error) {
    if (!headrace::capi::Read(in, &raw)) {
      return SetError(error, Code::kInvalidArgument,
                      "hr_pack_options: struct_size is not set, or a newer field is used");
    }
    if (raw.codec != HR_PACK_JPEG && raw.codec != HR_PACK_COEF) {
      return SetError(error, Code::kInvalidArgument, "hr_pack_options: no such codec");
    }
    if (raw.quality > 100 || raw.max_side > kSideMax || raw.workers > kWorkersMax) {
      return SetError(error, Code::kInvalidArgument,
                      "hr_pack_options: quality is at most 100, max_side 65535, workers 4096");
    }
    if (raw.world_size < 0 || raw.rank < 0 || (raw.world_size > 0 && raw.rank >= raw.world_size)) {
      return SetError(error, Code::kInvalidArgument,
                      "hr_pack_options: rank must be in 0..world_size-1");
    }
    const hr_status copied = headrace::capi::CopyOverrides("hr_pack_options", raw.overrides,
                                                           raw.override_count, &overrides, error);
    if (copied != HR_OK) return copied;
    MakeHooks();
    return HR_OK;
  }

 private:
  void MakeHooks() {
    if (raw.log != nullptr) hooks.log = headrace::capi::LogHook(&raw);
    hooks.progress = headrace::capi::ProgressHook(raw.progress, raw.progress_context);
    if (raw.note != nullptr) {
      hooks.note = [this](const headrace::loader::SampleNote& note) {
        HR_INIT(hr_sample_note, out);
        out.code = static_cast<int32_t>(note.code);
        out.id = note.id;
        out.path = note.path.c_str();
        out.file = note.file.c_str();
        out.offset = note.offset;
        out.text = note.text.c_str();
        raw.note(raw.note_context, &out);
      };
    }
  }
};

// Of a job without a configuration: overrides of [limits] are all that it has a use for.
bool ReadLimits(const std::vector<std::string>& overrides, headrace::loader::Config* config,
                headrace::loader::ConfigError* error) {
  for (const std::string& text : overrides) {
    if (text.starts_with("limits.")) continue;
    *error = {Code::kConfigUnknownKey, text + ": only limits.* can be set here"};
    return false;
  }
  return headrace::loader::ParseConfig(
      {.text = "[dataset]\npath = \".\"\n", .name = "overrides", .overrides = overrides}, config,
      error);
}

// run(options, report) -> status, for a job whose report is an R of the C API.
template <class R, class Run>
hr_status RunJob(const hr_pack_options* raw, R* report, hr_error* error, Run run) {
  if (!CanFill(report)) {
    return SetError(error, Code::kInvalidArgument, "the report's struct_size is not set");
  }
  return Fence(error, [&]() -> hr_status {
    Options options;
    if (const hr_status s = options.Read(raw, error); s != HR_OK) return s;
    if (const hr_status s = headrace::capi::ForceSimdFromEnvironment(error); s != HR_OK) return s;
    const int64_t begin_ns = headrace::NowNs();
    R filled = {};
    const hr_status status = run(options, &filled);
    filled.nanoseconds = static_cast<uint64_t>(headrace::NowNs() - begin_ns);
    if (report != nullptr) headrace::capi::FillStruct(report, &filled, sizeof filled);
    return status;
  });
}

}  // namespace

hr_status hr_pack(const char* source, const char* out, const hr_pack_options* options,
                  hr_pack_report* report, hr_error* error) {
  if (source == nullptr || out == nullptr) {
    return SetError(error, Code::kInvalidArgument, "the source or the folder is NULL");
  }
  return RunJob(options, report, error, [&](Options& known, hr_pack_report* filled) -> hr_status {
    JobError failed;
    headrace::loader::Config config;
    std::unique_ptr<headrace::loader::Dataset> dataset;
    if (!headrace::loader::OpenSource(source, known.overrides, known.hooks, &config, &dataset,
                                      &failed)) {
      return SetError(error, failed);
    }
    std::optional<uint32_t> rank;
    std::optional<uint32_t> world_size;
    if (known.raw.world_size > 0) {
      rank = static_cast<uint32_t>(known.raw.rank);
      world_size = static_cast<uint32_t>(known.raw.world_size);
    }
    headrace::loader::RankInfo ranks;
    headrace::loader::ConfigError config_error;
    if (!headrace::loader::FindRank(rank, world_size, config.loader, &ranks, &config_error)) {
      return SetError(error, config_error);
    }
    headrace::loader::PackJob job;
    job.folder = out;
    job.packing.codec = known.raw.codec == HR_PACK_COEF ? headrace::codecs::PackCodec::kCoef
                                                        : headrace::codecs::PackCodec::kJpeg;
    job.packing.max_side_px = known.raw.max_side;
    job.packing.quality = known.raw.quality;
    job.packing.limits = config.limits;
    if (known.raw.shard_bytes > 0) job.shard_bytes = known.raw.shard_bytes;
    job.workers = known.raw.workers;
    job.rank = ranks.rank;
    job.world_size = ranks.world_size;
    job.force = known.raw.force != 0;
    job.source_is_walked = config.dataset.source == headrace::loader::Source::kFolder;
    headrace::loader::PackReport done;
    const bool good = headrace::loader::RunPack(*dataset, job, known.hooks, &done, &failed);
    filled->workers = done.workers;
    filled->rank = ranks.rank;
    filled->world_size = ranks.world_size;
    filled->shards = done.shards;
    filled->shards_kept = done.shards_kept;
    filled->samples = done.samples;
    filled->samples_kept = done.samples_kept;
    filled->encoded = done.encoded;
    filled->copied = done.copied;
    filled->damaged = done.damaged;
    filled->source_bytes = done.source_bytes;
    filled->record_bytes = done.record_bytes;
    filled->pack_bytes = done.pack_bytes;
    return good ? HR_OK : SetError(error, failed);
  });
}

hr_status hr_unpack(const char* pack, const char* out, const hr_pack_options* options,
                    hr_pack_report* report, hr_error* error) {
  if (pack == nullptr || out == nullptr) {
    return SetError(error, Code::kInvalidArgument, "the pack or the folder is NULL");
  }
  return RunJob(options, report, error, [&](Options& known, hr_pack_report* filled) -> hr_status {
    JobError failed;
    headrace::loader::UnpackReport done;
    headrace::loader::Config config;
    headrace::loader::ConfigError config_error;
    if (!ReadLimits(known.overrides, &config, &config_error)) {
      return SetError(error, config_error);
    }
    const headrace::loader::UnpackJob job{.pack = pack,
                                          .folder = out,
                                          .workers = known.raw.workers,
                                          .force = known.raw.force != 0,
                                          .limits = config.limits};
    const bool good = headrace::loader::RunUnpack(job, known.hooks, &done, &failed);
    filled->workers = done.workers;
    filled->world_size = 1;
    filled->shards = done.shards;
    filled->samples = done.samples;
    filled->samples_kept = done.samples_kept;
    filled->encoded = done.decoded;
    filled->copied = done.as_stored;
    filled->damaged = done.bad;
    filled->source_bytes = done.file_bytes;
    filled->record_bytes = done.record_bytes;
    return good ? HR_OK : SetError(error, failed);
  });
}

hr_status hr_pack_verify(const char* pack, const char* source, const hr_pack_options* options,
                         hr_verify_report* report, hr_error* error) {
  if (pack == nullptr) return SetError(error, Code::kInvalidArgument, "the pack is NULL");
  return RunJob(options, report, error, [&](Options& known, hr_verify_report* filled) -> hr_status {
    JobError failed;
    headrace::loader::Config config;
    std::unique_ptr<headrace::loader::Dataset> dataset;
    if (source != nullptr && !headrace::loader::OpenSource(source, known.overrides, known.hooks,
                                                           &config, &dataset, &failed)) {
      return SetError(error, failed);
    }
    // With a source the overrides are the source's.
    std::string folder;
    if (!headrace::loader::FindPackFolder(
            pack, source == nullptr ? known.overrides : std::vector<std::string>(), &folder,
            &failed)) {
      return SetError(error, failed);
    }
    headrace::loader::VerifyReport done;
    const headrace::loader::VerifyJob job{
        .pack = folder, .source = dataset.get(), .config = &config, .workers = known.raw.workers};
    const bool good = headrace::loader::RunVerify(job, known.hooks, &done, &failed);
    filled->workers = done.workers;
    filled->shards = done.shards;
    filled->samples = done.samples;
    filled->bad = done.bad;
    filled->compared = done.compared;
    filled->record_bytes = done.record_bytes;
    return good ? HR_OK : SetError(error, failed);
  });
}
