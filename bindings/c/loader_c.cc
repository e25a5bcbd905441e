#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "base/scope_guard.h"
#include "bindings/c/boundary.h"
#include "bindings/c/callbacks.h"
#include "bindings/c/handles.h"
#include "bindings/c/job_hooks.h"
#include "bindings/c/options.h"
#include "loader/config_toml.h"
#include "loader/open_watch.h"
#include "loader/sample_read.h"
#include "simd/target.h"

namespace headrace::capi {

namespace {

void CallLog(void* context, LogLevel level, const char* text) {
  const auto* loader = static_cast<const hr_loader*>(context);
  const CallbackScope scope(loader);
  const loader::OpenWatch nobody(nullptr);  // other loaders that it uses are not being opened
  loader->log(loader->log_context, static_cast<hr_log_level>(level), text);
}

// Where the user's caches are, by the XDG base directory rules (relative paths do not count), and
// in it headrace's folder; empty: the environment does not say.
std::string CacheFolderFromEnvironment() {
  const auto absolute = [](const char* variable) -> std::string {
    const char* text = secure_getenv(variable);  // NOLINT(concurrency-mt-unsafe): at open only
    return text != nullptr && text[0] == '/' ? text : "";
  };
  const std::string cache = absolute("XDG_CACHE_HOME");
  if (!cache.empty()) return cache + "/headrace";
  const std::string home = absolute("HOME");
  return home.empty() ? "" : home + "/.cache/headrace";
}

hr_status ReadChoice(const hr_options& options, loader::EpochChoice* choice, hr_error* error) {
  const bool weights_missing = options.sample_weights == nullptr && options.sample_weight_count > 0;
  if (weights_missing || (options.sample_ids == nullptr && options.sample_id_count > 0)) {
    return SetError(error, Code::kInvalidArgument,
                    std::string("hr_options: ") +
                        (weights_missing ? "sample_weights" : "sample_ids") +
                        " is NULL but its count is not 0");
  }
  if (options.sample_weight_count > 0) {
    choice->weights = {options.sample_weights, options.sample_weight_count};
  }
  if (options.sample_id_count > 0) choice->ids = {options.sample_ids, options.sample_id_count};
  return HR_OK;
}

// parse(overrides, &config, &config_error) -> bool
template <class Parse>
hr_status Open(const hr_options* raw_options, hr_loader** out, hr_error* error, Parse parse) {
  if (out == nullptr) return SetError(error, Code::kInvalidArgument, "out is NULL");
  *out = nullptr;
  return Fence(error, [&]() -> hr_status {
    hr_options options;
    std::vector<std::string> overrides;
    if (const hr_status s = ReadOptions(raw_options, &options, &overrides, error); s != HR_OK) {
      return s;
    }
    loader::Config config;
    loader::ConfigError config_error;
    if (!parse(overrides, &config, &config_error)) {
      return SetError(error, config_error);
    }
    if (const hr_status s = ForceSimdFromEnvironment(error); s != HR_OK) return s;

    auto handle = std::make_unique<hr_loader>();
    handle->log = options.log;
    handle->log_context = options.log_context;
    handle->model = {options.model, options.model_context};
    handle->saliency = {options.saliency, options.saliency_context};
    loader::LoaderOptions loader_options;
    loader_options.handle = handle.get();
    loader_options.model = handle->model.fn();
    loader_options.saliency = handle->saliency.fn();
    if (options.log != nullptr) loader_options.log = {CallLog, handle.get()};
    if (options.allocate != nullptr) {
      loader_options.allocator = {options.allocate, options.free, options.allocate_context};
    }
    loader_options.cache_folder = CacheFolderFromEnvironment();
    if (const hr_status s = ReadChoice(options, &loader_options.choice, error); s != HR_OK) {
      return s;
    }
    if (options.world_size > 0) {
      loader_options.rank = static_cast<uint32_t>(options.rank);
      loader_options.world_size = static_cast<uint32_t>(options.world_size);
    }
    loader::OpenWatch watch(ProgressHook(options.progress, options.progress_context));
    if (!loader::Loader::Open(config, loader_options, &handle->impl, &config_error)) {
      return SetError(error, config_error);
    }
    *out = handle.release();
    return HR_OK;
  });
}

}  // namespace

hr_status CheckLoader(const hr_loader* loader, hr_error* error) {
  if (loader == nullptr) return SetError(error, Code::kInvalidArgument, "the loader is NULL");
  if (CallbackScope::IsInside(loader)) {
    return SetError(error, Code::kReentered, "called from inside a callback of this loader");
  }
  if (loader->impl->owner() != getpid()) {
    return SetError(error, Code::kForked,
                    "the loader was opened before fork; open one in this process");
  }
  return HR_OK;
}

}  // namespace headrace::capi

using headrace::Code;
using headrace::Status;
using headrace::capi::CheckLoader;
using headrace::capi::Fence;
using headrace::capi::SetError;

hr_status hr_loader_open_file(const char* path, const hr_options* options, hr_loader** out,
                              hr_error* error) {
  return headrace::capi::Open(options, out, error, [path](auto& overrides, auto* config, auto* e) {
    if (path == nullptr) {
      *e = {Code::kInvalidArgument, "path is NULL"};
      return false;
    }
    return headrace::loader::ParseConfigFile(path, overrides, config, e);
  });
}

hr_status hr_loader_open_toml(const char* text, size_t length, const hr_options* options,
                              hr_loader** out, hr_error* error) {
  return headrace::capi::Open(options, out, error, [&](auto& overrides, auto* config, auto* e) {
    if (text == nullptr && length > 0) {
      *e = {Code::kInvalidArgument, "text is NULL"};
      return false;
    }
    const std::string_view view = length > 0 ? std::string_view(text, length) : std::string_view();
    return headrace::loader::ParseConfig({.text = view, .overrides = overrides}, config, e);
  });
}

hr_status hr_loader_next(hr_loader* loader, int64_t timeout_ns, hr_batch** out, hr_error* error) {
  if (out != nullptr) *out = nullptr;
  if (const hr_status s = CheckLoader(loader, error); s != HR_OK) return s;
  if (out == nullptr) return SetError(error, Code::kInvalidArgument, "out is NULL");
  return Fence(error, [&]() -> hr_status {
    headrace::loader::BatchBuffer* buffer = nullptr;
    headrace::loader::RunFailure failure;
    const headrace::capi::CallbackScope scope(loader);
    const Code code = loader->impl->Next(timeout_ns, &buffer, &failure);
    if (code == Code::kOk) {
      *out = headrace::capi::HandleOf(buffer);
      return HR_OK;
    }
    switch (code) {
      case Code::kEndOfEpoch: return SetError(error, code, "the epoch is over");
      case Code::kTimeout: return SetError(error, code, "no batch within the time-out");
      case Code::kStopped: return SetError(error, code, "hr_loader_stop was called");
      case Code::kNoBuffer:
        return SetError(error, code,
                        "every batch buffer is leased and max_host_bytes allows no other; release "
                        "a batch first");
      default:
        return SetError(error, failure.code, failure.text, failure.error_number, failure.sample_id);
    }
  });
}

namespace {

hr_status CheckEpoch(uint32_t epoch, hr_error* error) {
  if (epoch < headrace::loader::kEpochsMax) return HR_OK;
  return SetError(error, Code::kInvalidArgument,
                  std::string("epoch: found ")
                      .append(std::to_string(epoch))
                      .append(", must be below ")
                      .append(std::to_string(headrace::loader::kEpochsMax)));
}

}  // namespace

hr_status hr_loader_set_epoch(hr_loader* loader, uint32_t epoch, hr_error* error) {
  if (const hr_status s = CheckLoader(loader, error); s != HR_OK) return s;
  if (const hr_status s = CheckEpoch(epoch, error); s != HR_OK) return s;
  return Fence(error, [&]() -> hr_status {
    loader->impl->SetEpoch(epoch);
    return HR_OK;
  });
}

hr_status hr_loader_state_save(hr_loader* loader, void* bytes, size_t capacity, size_t* needed,
                               hr_error* error) {
  if (const hr_status s = CheckLoader(loader, error); s != HR_OK) return s;
  if (bytes == nullptr && capacity > 0) {
    return SetError(error, Code::kInvalidArgument, "bytes is NULL");
  }
  return Fence(error, [&]() -> hr_status {
    using headrace::loader::kStateBytes;
    static_assert(kStateBytes <= HR_STATE_BYTES_MAX);
    if (needed != nullptr) *needed = kStateBytes;
    if (capacity == 0) return HR_OK;
    if (capacity < kStateBytes) {
      return SetError(error, Code::kInvalidArgument,
                      "a state needs " + std::to_string(kStateBytes) + " bytes, found room for " +
                          std::to_string(capacity) + "; HR_STATE_BYTES_MAX always suffices");
    }
    const headrace::loader::StateBytes state = loader->impl->SaveState();
    memcpy(bytes, state.data(), state.size());
    return HR_OK;
  });
}

hr_status hr_loader_state_load(hr_loader* loader, const void* bytes, size_t length,
                               hr_error* error) {
  if (const hr_status s = CheckLoader(loader, error); s != HR_OK) return s;
  if (bytes == nullptr) return SetError(error, Code::kInvalidArgument, "bytes is NULL");
  return Fence(error, [&]() -> hr_status {
    headrace::loader::ConfigError refused;
    if (loader->impl->LoadState({static_cast<const std::byte*>(bytes), length}, &refused)) {
      return HR_OK;
    }
    return SetError(error, refused);
  });
}

void hr_loader_stop(hr_loader* loader) {
  if (CheckLoader(loader, nullptr) == HR_OK) loader->impl->Stop();
}

void hr_loader_close(hr_loader* loader) {
  if (loader == nullptr) return;
  // A child of fork has none of the threads and must not touch what they may have locked.
  if (CheckLoader(loader, nullptr) != HR_OK) return;
  const headrace::capi::CallbackScope scope(loader);  // the user's free function may be called
  delete loader;
}

hr_status hr_loader_length(const hr_loader* loader, hr_length* out, hr_error* error) {
  if (const hr_status s = CheckLoader(loader, error); s != HR_OK) return s;
  hr_length length = {};
  length.classes = static_cast<uint32_t>(loader->impl->dataset().classes().size());
  length.samples = loader->impl->dataset().size();
  length.batches_per_epoch = loader->impl->batches_per_epoch();
  length.batch_size = loader->impl->config().loader.batch_size;
  length.rank = loader->impl->rank();
  length.world_size = loader->impl->world_size();
  length.batches_this_epoch = loader->impl->batches_this_epoch();
  length.epoch_samples = loader->impl->epoch_samples();
  return headrace::capi::Fill(out, length, error);
}

const char* hr_loader_class_name(const hr_loader* loader, int64_t label) {
  if (CheckLoader(loader, nullptr) != HR_OK) return nullptr;
  const auto& classes = loader->impl->dataset().classes();
  if (label < 0 || static_cast<uint64_t>(label) >= classes.size()) return nullptr;
  return classes[static_cast<size_t>(label)].c_str();
}

const char* hr_loader_sample_path(const hr_loader* loader, int64_t id) {
  if (CheckLoader(loader, nullptr) != HR_OK) return nullptr;
  const auto& dataset = loader->impl->dataset();
  if (id < 0 || static_cast<uint64_t>(id) >= dataset.size()) return nullptr;
  const auto extent = dataset.Locate(static_cast<uint64_t>(id));
  if (extent.whole_file) return extent.path;
  try {
    const headrace::MutexLock lock(loader->names_mutex);
    auto place = loader->names.find(id);
    if (place == loader->names.end()) {
      place = loader->names.emplace(id, dataset.Name(static_cast<uint64_t>(id))).first;
    }
    return place->second.c_str();
  } catch (const std::exception&) {  // no memory
    return nullptr;
  }
}

namespace {

hr_status SampleError(const headrace::loader::Loader& loader, int64_t id, const Status& status,
                      hr_error* error) {
  return SetError(
      error, status.code(),
      headrace::loader::DescribeSample(loader.dataset(), static_cast<uint64_t>(id), status),
      status.error_number(), id);
}

hr_status CheckSample(const headrace::loader::Dataset& dataset, int64_t id, hr_error* error) {
  if (id >= 0 && static_cast<uint64_t>(id) < dataset.size()) return HR_OK;
  return SetError(error, Code::kInvalidArgument,
                  std::string("found sample id ")
                      .append(std::to_string(id))
                      .append(", expected 0 to ")
                      .append(std::to_string(dataset.size() - 1)),
                  0, id);
}

}  // namespace

hr_status hr_loader_sample_read(const hr_loader* loader, int64_t id, void* bytes, size_t capacity,
                                size_t* needed, hr_error* error) {
  if (const hr_status s = CheckLoader(loader, error); s != HR_OK) return s;
  return Fence(error, [&]() -> hr_status {
    const auto& dataset = loader->impl->dataset();
    if (const hr_status s = CheckSample(dataset, id, error); s != HR_OK) return s;
    if (bytes == nullptr && capacity > 0) {
      return SetError(error, Code::kInvalidArgument, "bytes is NULL", 0, id);
    }
    const auto extent = dataset.Locate(static_cast<uint64_t>(id));
    if (needed != nullptr) *needed = extent.bytes;
    if (capacity == 0) return HR_OK;
    const Status status = headrace::loader::ReadSample(dataset, static_cast<uint64_t>(id),
                                                       {static_cast<std::byte*>(bytes), capacity});
    return status.ok() ? HR_OK : SampleError(*loader->impl, id, status, error);
  });
}

hr_status hr_loader_replay(const hr_loader* loader, int64_t id, uint32_t epoch, uint32_t view,
                           char* text, size_t capacity, size_t* needed, hr_error* error) {
  if (const hr_status s = CheckLoader(loader, error); s != HR_OK) return s;
  return Fence(error, [&]() -> hr_status {
    const headrace::loader::Loader& impl = *loader->impl;
    if (const hr_status s = CheckSample(impl.dataset(), id, error); s != HR_OK) return s;
    if (const hr_status s = CheckEpoch(epoch, error); s != HR_OK) return s;
    if (view >= impl.views()) {
      return SetError(error, Code::kInvalidArgument,
                      std::string("found view ")
                          .append(std::to_string(view))
                          .append(", expected 0 to ")
                          .append(std::to_string(impl.views() - 1)),
                      0, id);
    }
    std::string toml;
    const Status status = impl.Replay(static_cast<uint64_t>(id), epoch, view, &toml);
    if (!status.ok()) return SampleError(impl, id, status, error);
    return headrace::capi::GiveText(toml, text, capacity, needed, error);
  });
}

hr_status hr_loader_memory(const hr_loader* loader, hr_memory* out, hr_error* error) {
  if (const hr_status s = CheckLoader(loader, error); s != HR_OK) return s;
  const headrace::loader::Plan& plan = loader->impl->plan();
  hr_memory memory = {};
  memory.batch_buffers = plan.batch_buffers;
  memory.total_bytes = plan.total_bytes;
  memory.batch_bytes = plan.batch_bytes;
  memory.lane_bytes = plan.lane_bytes;
  memory.scratch_bytes = plan.scratch_bytes;
  memory.big_image_bytes = plan.big_image_bytes;
  memory.index_bytes = plan.index_bytes;
  memory.other_bytes = plan.other_bytes;
  memory.jpeg_bytes_max = plan.jpeg_bytes_max;
  memory.cache_bytes = plan.cache_bytes;
  return headrace::capi::Fill(out, memory, error);
}

namespace {

template <size_t N>
void CopyText(char (&out)[N], const std::string& text) {
  const size_t length = text.size() < N ? text.size() : N - 1;
  memcpy(out, text.data(), length);
  out[length] = '\0';
}

}  // namespace

hr_status hr_loader_stats(const hr_loader* loader, hr_stats* out, hr_error* error) {
  if (const hr_status s = CheckLoader(loader, error); s != HR_OK) return s;
  return Fence(error, [&]() -> hr_status {
    using headrace::loader::Get;
    const headrace::loader::Counters& c = loader->impl->counters();
    hr_stats stats = {};
    stats.workers = loader->impl->plan().workers;
    stats.batches = Get(c.batches);
    stats.samples = Get(c.samples);
    stats.bytes_read = loader->impl->bytes_read();
    stats.read_ns = Get(c.read_ns);
    stats.decode_ns = Get(c.decode_ns);
    stats.entropy_ns = Get(c.entropy_ns);
    stats.idct_ns = Get(c.idct_ns);
    stats.resize_ns = Get(c.resize_ns);
    stats.colour_ns = Get(c.colour_ns);
    stats.ops_ns = Get(c.ops_ns);
    stats.mix_ns = Get(c.mix_ns);
    stats.wait_ns = Get(c.wait_ns);
    stats.consumer_wait_ns = Get(c.consumer_wait_ns);
    stats.corrupt_samples = Get(c.corrupt_samples);
    stats.corrupt_ids = Get(c.corrupt_ids);
    stats.substituted = Get(c.substituted);
    stats.marked = Get(c.marked);
    stats.object_zoom_fallbacks = Get(c.object_zoom_fallbacks);
    stats.extraneous = Get(c.extraneous);
    stats.extra_buffers = Get(c.extra_buffers);
    stats.callback_failures = Get(c.callback_failures);
    stats.checkpoints_read = Get(c.checkpoints_read);
    stats.checkpoints_written = Get(c.checkpoints_written);
    stats.checkpoints_rejected = Get(c.checkpoints_rejected);
    stats.cache_hits = Get(c.cache_hits);
    stats.cache_bytes = Get(c.cache_bytes);
    stats.partial_reads = Get(c.partial_reads);
    stats.partial_fallbacks = Get(c.partial_fallbacks);
    CopyText(stats.reader, loader->impl->reader_text());
    CopyText(stats.simd_target, headrace::simd::CurrentTarget());
    CopyText(stats.pin, loader->impl->store().pin_text());
    CopyText(stats.rank_source, loader->impl->rank_source());
    CopyText(stats.jpeg, loader->impl->jpeg_text());
    return headrace::capi::Fill(out, stats, error);
  });
}
