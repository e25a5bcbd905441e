#include "loader/loader.h"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cinttypes>
#include <cstdio>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/status_text.h"
#include "loader/augment/op.h"
#include "loader/augment/program.h"
#include "loader/mix/mixer.h"
#include "loader/open_watch.h"
#include "loader/pipeline/consumer_stage.h"
#include "loader/pipeline/page_cache.h"
#include "loader/pipeline/sample_saliency.h"
#include "loader/pipeline/scheduler.h"
#include "loader/pipeline/shared.h"
#include "loader/ranks.h"
#include "loader/saliency/saliency_map_file.h"
#include "loader/sample_processor.h"
#include "loader/sample_read.h"
#include "loader/sampler.h"
#include "loader/selected_dataset.h"

namespace headrace::loader {
namespace {

bool FailStatus(ConfigError* error, const Status& status) {
  return Fail(error, status.code(), TextOf(status), status.error_number());
}

bool SoftLabels(const Config& config, const Dataset& dataset) {
  return dataset.has_label_rows() || config.output.labels == Labels::kSoft ||
         (config.output.labels == Labels::kAuto &&
          std::ranges::any_of(config.mix, [](const MixConfig& entry) {
            return entry.op != "ace" || entry.label_smoothing > 0;  // ace mixes no labels
          }));
}

// What asks for one class a sample, of a data set whose labels are rows of numbers.
bool CheckLabelRows(const Config& config, ConfigError* error) {
  constexpr const char* kRows = "; the data set's labels are several classes a sample, or numbers";
  if (config.output.labels == Labels::kIndex) {
    return Fail(
        error, Code::kConfigValue,
        std::string("[output] labels: found \"index\"") + kRows + ", so take \"auto\" or \"soft\"");
  }
  for (const OpConfig& op : config.augment) {
    if (op.remap.empty()) continue;
    return Fail(error, Code::kConfigValue,
                "[[augment]] " + op.op + ": remap renames the class of a sample" + kRows);
  }
  for (const MixConfig& entry : config.mix) {
    if (entry.label_smoothing == 0) continue;
    return Fail(error, Code::kConfigValue,
                NameOf(entry) + ": label_smoothing spreads one class over all" + kRows +
                    ", so set it to 0");
  }
  return true;
}

}  // namespace

// In the order in which they are made; destroyed from the last to the first.
struct Loader::Parts {
  Config config;
  LogSink log;
  RankInfo rank;
  std::unique_ptr<Dataset> dataset;
  std::unique_ptr<AugmentProgram> augment;
  BatchShape shape;
  std::unique_ptr<Mixer> mixer;
  std::unique_ptr<SaliencyMapFile> saliency_maps;  // null: no mix asks for them
  EpochSamples epoch_samples;
  std::optional<Sampler> sampler;
  std::unique_ptr<simd::ConvertTable> convert;
  std::unique_ptr<simd::ConvertTable> convert_pixels;  // null: batches keep none
  Plan plan;
  std::unique_ptr<io::Reader> reader;
  std::string reader_text;
  std::unique_ptr<QuarantineFile> quarantine;  // null: no list is kept
  std::unique_ptr<ReadMode> read_mode;         // null: the data set has no shards
  std::unique_ptr<DirectFiles> direct_files;   // null: nothing is read past the page cache
  std::unique_ptr<PipelineShared> shared;
  std::unique_ptr<CheckpointIndex> checkpoints;  // null: off
  std::unique_ptr<SampleCache> cache;            // null: none, or no room
  std::unique_ptr<ConsumerStage> consumer;       // null: nothing asks for it
  std::unique_ptr<Scheduler> scheduler;

  Parts* next_given_up = nullptr;

  bool OpenDataset(const LoaderOptions& options, ConfigError* error);
  bool OpenSaliencyMaps(ConfigError* error);
  bool CheckEpoch(const LoaderOptions& options, ConfigError* error);
  bool MakeMemory(const LoaderOptions& options, ConfigError* error);
  bool MakeCache(ConfigError* error);
  bool OpenCheckpoints(const LoaderOptions& options, ConfigError* error);
  bool OpenDirectFiles(ConfigError* error);
  bool OpenQuarantine(ConfigError* error);
  bool StartThreads(const LoaderOptions& options, ConfigError* error);
  ~Parts();
};

bool Loader::Parts::OpenDataset(const LoaderOptions& options, ConfigError* error) {
  if (!loader::OpenDataset(config, log, &dataset, error)) return false;
  if (dataset->has_label_rows() && !CheckLabelRows(config, error)) return false;
  if (!AugmentProgram::Make(config.augment, dataset->classes(), true, &augment, error,
                            ScaleOf(config.output))) {
    return false;
  }
  if (dataset->has_objects() && !augment->UseObjects(config.augment, error)) return false;
  const std::string wants_objects = augment->FirstThat(&Op::NeedsObjects);
  if (!dataset->has_objects() && !wants_objects.empty()) {
    log.Write(
        LogLevel::kWarning,
        (wants_objects + " will find no objects: the data set has no annotations, which [dataset] "
                         "source = \"coco\" reads")
            .c_str());
  }
  const std::optional<SizePx> size = augment->output_size();
  if (!size) return Fail(error, Code::kInternal, "the augment list has no fixed size");
  shape = {.batch_size = config.loader.batch_size,
           .views = augment->views(),
           .channels = config.output.channels,
           .height = size->height,
           .width = size->width,
           .dtype = config.output.dtype,
           .layout = config.output.layout,
           .classes = static_cast<uint32_t>(dataset->classes().size()),
           .label_rows = dataset->has_label_rows(),
           .keep_u8 = KeepsPixels(config),
           .consumer_patches_max = KeepsPixels(config) ? kRmixPatchesMax : 0};
  if (!ConsumerStage::Check(config, shape, options.model, options.saliency, error)) return false;
  if (!Mixer::Make(config.mix, shape, &mixer, error) || !OpenSaliencyMaps(error)) return false;
  const double* mean = config.output.mean ? config.output.mean->data() : nullptr;
  const double* std = config.output.std ? config.output.std->data() : nullptr;
  convert = std::make_unique<simd::ConvertTable>(
      simd::MakeConvertTable(shape.dtype, shape.layout, shape.channels, mean, std));
  if (shape.keeps_pixels_apart()) {
    convert_pixels = std::make_unique<simd::ConvertTable>(simd::MakeConvertTable(
        simd::Dtype::kU8, simd::Layout::kNchw, shape.channels, nullptr, nullptr));
  }
  return true;
}

bool Loader::Parts::OpenSaliencyMaps(ConfigError* error) {
  if (!mixer->EverWants(RmixSaliency::kMaps)) return true;
  const std::string& path = config.dataset.saliency_maps;
  const auto entry = std::ranges::find_if(config.mix, [](const MixConfig& mix) {
    return mix.op == "rmix" && mix.rmix.saliency == RmixSaliency::kMaps;
  });
  if (const std::string op = augment->FirstThat(&Op::PointsNeedPixels); !op.empty()) {
    return Fail(
        error, Code::kConfigValue,
        NameOf(*entry) + ": saliency = \"maps\" cannot follow " + op +
            ", which takes a part of the picture by its pixels; leave out one of them, or take "
            "another saliency");
  }
  if (!path.empty()) return SaliencyMapFile::Open(path, dataset->size(), &saliency_maps, error);
  return Fail(error, Code::kConfigMissing,
              "[dataset] saliency_maps: missing; " + NameOf(*entry) +
                  " with saliency = \"maps\" needs an .npy of [samples, height, width]");
}

bool Loader::Parts::CheckEpoch(const LoaderOptions& options, ConfigError* error) {
  const LoaderConfig& loader = config.loader;
  if (!EpochSamples::Make(loader, *dataset, options.choice, &epoch_samples, error)) return false;
  sampler.emplace(epoch_samples.size(), loader.shuffle, loader.seed, loader.batch_size, rank.rank,
                  rank.world_size, loader.tail, dataset.get(), loader.shuffle_window,
                  &epoch_samples);
  if (sampler->batches() > 0 || loader.tail != Tail::kDrop) return true;
  return Fail(error, Code::kConfigValue,
              "[loader] batch_size: " + std::to_string(loader.batch_size) +
                  (rank.world_size > 1 ? " x " + std::to_string(rank.world_size) + " ranks" : "") +
                  " is more than the " +
                  (epoch_samples.size() == dataset->size() ? "data set's " : "epoch's ") +
                  std::to_string(epoch_samples.size()) +
                  " samples, and tail = \"drop\" drops them all; lower batch_size or set tail to "
                  "\"pad\" or \"exact\"");
}

bool Loader::Parts::MakeMemory(const LoaderOptions& options, ConfigError* error) {
  const MixBytes mix_bytes = {
      .band_scratch = mixer->BandScratchBytes(),
      .sample_scratch = SampleSaliency::Bytes(*mixer, {shape.width, shape.height}),
      .batch = mixer->BatchBytes(),
      .maps = saliency_maps == nullptr ? 0 : saliency_maps->bytes()};
  if (!MakePlan(config, *dataset, shape, SoftLabels(config, *dataset), mix_bytes, &plan, error,
                epoch_samples.Bytes())) {
    return false;
  }
  if (!OpeningGoesOn(error) || !epoch_samples.Build(error)) return false;
  if (saliency_maps != nullptr && !saliency_maps->Read(error)) return false;
  shared = std::make_unique<PipelineShared>(config, *dataset, *sampler, *augment, *mixer, *convert,
                                            plan, log);
  shared->saliency_maps = saliency_maps.get();
  auto lanes = HostMemory::Map(plan.lane_bytes, HostMemory::Pages::kSmall);
  if (!lanes.ok()) return FailStatus(error, lanes.status());
  shared->lane_memory = std::move(*lanes);
  for (uint32_t i = 0; i < plan.lanes; ++i) {
    shared->lanes[i].memory =
        shared->lane_memory.span().subspan(i * plan.lane_bytes_each, plan.lane_bytes_each);
  }
  auto big = HostMemory::Map(plan.big_encoded_bytes, HostMemory::Pages::kSmall);
  if (!big.ok()) return FailStatus(error, big.status());
  shared->big_encoded = std::move(*big);
  auto area = BigImageArea::Make(plan.big_decoded_bytes);
  if (!area.ok()) return FailStatus(error, area.status());
  shared->big_decoded = std::move(*area);
  auto store = BatchStore::Make({.shape = shape,
                                 .soft_labels = SoftLabels(config, *dataset),
                                 .pin = config.output.pin,
                                 .count = plan.batch_buffers,
                                 .count_max = plan.batch_buffers_max,
                                 .allocator = options.allocator,
                                 .mixer = mixer.get(),
                                 .handle = options.handle,
                                 .seed = config.loader.seed,
                                 .has_targets = dataset->has_objects()},
                                &shared->read_wanted);
  if (!store.ok()) return FailStatus(error, store.status());
  shared->store = *store;
  shared->convert_pixels = convert_pixels.get();
  auto made = ConsumerStage::Make({.config = &config,
                                   .convert = convert.get(),
                                   .mixer = mixer.get(),
                                   .counters = &shared->counters,
                                   .log = log,
                                   .shape = shape,
                                   .soft_labels = SoftLabels(config, *dataset),
                                   .model = options.model,
                                   .saliency = options.saliency});
  if (!made.ok()) return FailStatus(error, made.status());
  consumer = std::move(*made);
  shared->store->SetConsumer(consumer.get());
  return true;
}

bool Loader::Parts::MakeCache(ConfigError* error) {
  if (!OpeningGoesOn(error)) return false;
  if (config.loader.cache == Cache::kNone) return true;
  constexpr uint64_t kMiB = uint64_t{1} << 20;
  const SampleCachePlan& planned = plan.cache;
  if (planned.arena_bytes == 0) {
    log.Write(LogLevel::kWarning,
              "cache: loader.max_host_bytes leaves no room for it; raise it, or lower batch_size, "
              "prefetch_batches, limits.max_decoded_bytes or limits.max_encoded_bytes");
    return true;
  }
  auto arena = HostMemory::Map(planned.arena_bytes, HostMemory::Pages::kSmall);
  if (!arena.ok()) return FailStatus(error, arena.status());
  cache = std::make_unique<SampleCache>(dataset->size(), config.decode.checkpoints != "off",
                                        std::move(*arena), log, &shared->counters);
  shared->cache = cache.get();
  const std::string text =
      "cache: " + std::to_string((planned.arena_bytes + kMiB - 1) / kMiB) + " MiB " +
      (planned.holds_all ? "for all " + std::to_string(dataset->size()) + " samples"
                         : "for those samples that are read first: loader.max_host_bytes leaves "
                           "no more");
  log.Write(LogLevel::kInfo, text.c_str());
  return true;
}

bool Loader::Parts::OpenCheckpoints(const LoaderOptions& options, ConfigError* error) {
  const std::string& wanted = config.decode.checkpoints;
  if (wanted == "off") return true;
  const bool automatic = wanted == "auto";
  if (automatic && options.cache_folder.empty()) {
    log.Write(LogLevel::kInfo,
              "checkpoints are off: neither XDG_CACHE_HOME nor HOME names a folder");
    return true;
  }
  CheckpointOptions how;
  how.folder = automatic ? options.cache_folder + "/checkpoints" : wanted;
  how.workers = plan.workers;
  // An index keeps what its data set has and nothing else, so a choice of samples gets its own.
  how.selection = SelectionText(config.dataset);
  auto opened = CheckpointIndex::Open(*dataset, how, log, &shared->counters);
  if (!OpeningGoesOn(error)) return false;
  if (!opened.ok()) {
    const Status status = opened.status();
    const std::string why = how.folder + ": " + TextOf(status);
    if (!automatic) {
      return Fail(
          error, Code::kConfigValue,
          "[decode] checkpoints: " + why + "; name a folder that can be written, or \"off\"",
          status.error_number());
    }
    log.Write(LogLevel::kInfo, ("checkpoints are off: " + why).c_str());
    return true;
  }
  checkpoints = std::move(*opened);
  shared->checkpoints = checkpoints.get();
  const std::string text = "checkpoints: " + checkpoints->path() + " has " +
                           std::to_string(checkpoints->count_at_open()) + " of " +
                           std::to_string(dataset->size()) + " samples";
  log.Write(LogLevel::kInfo, text.c_str());
  return true;
}

bool Loader::Parts::OpenDirectFiles(ConfigError* error) {
  if (!OpeningGoesOn(error)) return false;
  if (dataset->size() == 0 || dataset->Locate(0).whole_file) return true;
  const uint64_t set_bytes = PagesOf(*dataset, static_cast<uint64_t>(::sysconf(_SC_PAGESIZE)));
  if (!OpeningGoesOn(error)) return false;
  read_mode = std::make_unique<ReadMode>(config.loader.direct_io, set_bytes, PageCacheBytes());
  shared->read_mode = read_mode.get();
  if (!read_mode->may_direct()) return true;
  direct_files = std::make_unique<DirectFiles>(DirectFiles::Open(*dataset));
  if (!OpeningGoesOn(error)) return false;
  if (direct_files->usable()) {
    shared->direct_files = direct_files.get();
  } else {
    read_mode->GiveUpDirect(direct_files->why_not());
  }
  return true;
}

bool Loader::Parts::OpenQuarantine(ConfigError* error) {
  if (config.loader.quarantine.empty()) return true;
  if (!QuarantineFile::Open(config.loader.quarantine, &quarantine, error)) {
    error->text = "[loader] quarantine: " + error->text;
    return false;
  }
  shared->bad.SetQuarantine(quarantine.get());
  return true;
}

bool Loader::Parts::StartThreads(const LoaderOptions& options, ConfigError* error) {
  auto made = options.make_reader(dataset->root(),
                                  {.choice = config.loader.reader, .queue_len = plan.reads_max});
  if (!made.ok()) return FailStatus(error, made.status());
  reader = std::move(made->reader);
  reader_text = made->why;
  if (!OpenDirectFiles(error)) return false;  // the reader has its descriptors before
  // Behind the last step that may end the opening, of which no file is to be left.
  if (!OpenQuarantine(error)) return false;
  scheduler = std::make_unique<Scheduler>(shared.get(), reader.get());
  const Status status = scheduler->Start();
  return status.ok() || FailStatus(error, status);
}

Loader::Parts::~Parts() {
  scheduler.reset();  // stopped; before what its threads used
  if (checkpoints) checkpoints->Close();
  if (shared && shared->store != nullptr) shared->store->Close();
}

// Stops the threads and frees everything, or gives everything up when a read is stuck: the kernel
// may still write into a lane, and the read thread may still be inside the system call.
void Loader::DeleteParts::operator()(Parts* parts) const {
  if (!parts->scheduler || parts->scheduler->Stop()) {
    const std::unique_ptr<Parts> freed_here(parts);
    return;
  }
  parts->log.Write(LogLevel::kError, "a read is stuck in the kernel: its memory is not freed");
  // A list, so that leak checkers see that it is meant.
  static std::atomic<Parts*> given_up{nullptr};
  parts->next_given_up = given_up.exchange(parts);
}

bool Loader::Open(const Config& config, const LoaderOptions& options,
                  std::unique_ptr<Loader>* loader, ConfigError* error) {
  PartsHandle parts(std::make_unique<Parts>().release());
  parts->config = config;
  parts->log = options.log;
  if (!FindRank(options.rank, options.world_size, config.loader, &parts->rank, error)) return false;
  if (!parts->rank.warning.empty()) {
    options.log.Write(LogLevel::kInfo, parts->rank.warning.c_str());
  }
  if (!parts->OpenDataset(options, error) || !parts->CheckEpoch(options, error) ||
      !parts->MakeMemory(options, error) || !parts->MakeCache(error) ||
      !parts->OpenCheckpoints(options, error) || !parts->StartThreads(options, error)) {
    // Found after the text was read: the file is known, and the key that the message names.
    if (!config.file.empty()) error->text = config.file + ": " + error->text;
    return false;
  }
  const std::string started =
      "reader " + parts->reader_text + "; " + std::to_string(parts->plan.workers) +
      " workers; pin " + parts->shared->store->pin_text() + "; rank " +
      std::to_string(parts->rank.rank) + " of " + std::to_string(parts->rank.world_size) + " (" +
      parts->rank.source + ")";
  options.log.Write(LogLevel::kInfo, started.c_str());
  loader->reset(new Loader(std::move(parts)));
  return true;
}

Loader::Loader(PartsHandle parts) : parts_(std::move(parts)), owner_(getpid()) { EnterEpoch({}); }

Loader::~Loader() = default;

Code Loader::Next(int64_t timeout_ns, BatchBuffer** batch, RunFailure* failure) {
  PipelineShared& shared = *parts_->shared;
  *batch = nullptr;
  if (shared.stop.Requested()) return Code::kStopped;
  if (failure_.code != Code::kOk) {
    *failure = failure_;
    return failure_.code;
  }
  if (batch_ == batches_this_epoch()) {
    if (epoch_ + 1 >= kEpochsMax) {  // its draws would be those of an earlier one
      *failure = {.code = Code::kInvalidArgument,
                  .text = "epoch " + std::to_string(epoch_) +
                          " was the last, no number is left for another; begin again with another "
                          "[loader] seed, or go back by hr_loader_set_epoch"};
      return failure->code;
    }
    EnterEpoch({.epoch = epoch_ + 1, .position = 0});
    return Code::kEndOfEpoch;
  }
  switch (shared.store->GrowIfAllLeased()) {
    case BatchStore::Grown::kNoRoom: return Code::kNoBuffer;
    case BatchStore::Grown::kGrew:
      Add(shared.counters.extra_buffers, 1);
      if (!std::exchange(warned_extra_, true)) {
        shared.log.Write(LogLevel::kWarning,
                         "every batch buffer is leased: took another one; raise "
                         "loader.prefetch_batches or release batches sooner");
      }
      break;
    case BatchStore::Grown::kNotNeeded: break;
  }

  const int64_t begin = NowNs();
  const bool for_ever = timeout_ns < 0 || timeout_ns > INT64_MAX - begin;
  for (;;) {
    if (const auto index = shared.delivery.TryTake(sequence_)) {
      Add(shared.counters.consumer_wait_ns, static_cast<uint64_t>(NowNs() - begin));
      return Deliver(*index, batch, failure);
    }
    const auto key = shared.delivery.ready().PrepareWait();
    const int64_t left = for_ever ? -1 : begin + timeout_ns - NowNs();
    const bool over = !for_ever && left <= 0;
    if (shared.delivery.IsReady(sequence_) || shared.stop.Requested() || over) {
      shared.delivery.ready().CancelWait();
    } else {
      (void)shared.delivery.ready().WaitFor(key, left);
    }
    if (shared.stop.Requested()) return Code::kStopped;
    if (over && !shared.delivery.IsReady(sequence_)) {
      Add(shared.counters.consumer_wait_ns, static_cast<uint64_t>(NowNs() - begin));
      return Code::kTimeout;
    }
  }
}

Code Loader::Deliver(uint32_t index, BatchBuffer** batch, RunFailure* failure) {
  PipelineShared& shared = *parts_->shared;
  BatchBuffer& buffer = shared.store->at(index);
  const uint32_t bad_count = buffer.bad_count.load(std::memory_order_relaxed);
  if (shared.bad.EndsRun({buffer.bad.data(), bad_count}, buffer.epoch, &failure_)) {
    shared.store->Return(index);
    *failure = failure_;
    return failure_.code;
  }
  if (parts_->consumer != nullptr && parts_->mixer->WaitsForConsumer(buffer.mix)) {
    parts_->consumer->Finish(&buffer);
  }
  shared.store->Lease(&buffer);
  ++sequence_;
  ++batch_;
  Add(shared.counters.batches, 1);
  *batch = &buffer;
  return Code::kOk;
}

void Loader::EnterEpoch(const RunPlace& place) {
  epoch_ = place.epoch;
  base_ = place.position;
  batch_ = 0;
  batches_.store(parts_->sampler->Batches(base_), std::memory_order_relaxed);
}

void Loader::BeginRun(const RunPlace& place) {
  PipelineShared& shared = *parts_->shared;
  // Both are published by the new generation.
  shared.run_epoch.store(place.epoch, std::memory_order_relaxed);
  shared.run_base.store(place.position, std::memory_order_relaxed);
  shared.delivery.BeginGeneration([&shared](uint32_t buffer) { shared.store->Return(buffer); });
  EnterEpoch(place);
  sequence_ = 0;
  shared.read_wanted.NotifyAll();
}

const StateIdentity& Loader::Identity() {
  if (!identity_) {
    identity_ = IdentityOf(parts_->config, *parts_->dataset, &parts_->epoch_samples);
  }
  return *identity_;
}

StateBytes Loader::SaveState() {
  return WriteState(Identity(),
                    {.epoch = epoch_, .position = parts_->sampler->PositionAfter(batch_, base_)});
}

bool Loader::LoadState(std::span<const std::byte> bytes, ConfigError* error) {
  RunPlace place;
  if (!ReadState(bytes, Identity(), &place, error)) return false;
  BeginRun(place);
  char text[160];  // a state is loaded without allocating
  snprintf(text, sizeof text,
           "goes on in epoch %" PRIu32 " at position %" PRIu64 " of %" PRIu64 ": %" PRIu64
           " batches of this rank are left in it",
           epoch_, base_, epoch_samples(), batches_this_epoch());
  parts_->log.Write(LogLevel::kInfo, text);
  return true;
}

void Loader::Stop() { parts_->scheduler->RequestStop(); }

const Config& Loader::config() const { return parts_->config; }
const Plan& Loader::plan() const { return parts_->plan; }
const Counters& Loader::counters() const { return parts_->shared->counters; }
const Dataset& Loader::dataset() const { return *parts_->dataset; }
BatchStore& Loader::store() const { return *parts_->shared->store; }
uint64_t Loader::batches_per_epoch() const { return parts_->sampler->batches(); }
uint64_t Loader::epoch_samples() const { return parts_->epoch_samples.size(); }
uint64_t Loader::bytes_read() const { return parts_->reader->stats().bytes; }
uint32_t Loader::rank() const { return parts_->rank.rank; }
uint32_t Loader::world_size() const { return parts_->rank.world_size; }
const std::string& Loader::rank_source() const { return parts_->rank.source; }
std::string Loader::reader_text() const {
  if (parts_->read_mode == nullptr) return parts_->reader_text;
  return parts_->reader_text + "; " + parts_->read_mode->Text();
}
uint32_t Loader::views() const { return parts_->shape.views; }

Status Loader::Replay(uint64_t id, uint32_t epoch, uint32_t view, std::string* toml) const {
  const Extent extent = parts_->dataset->Locate(id);
  if (extent.bytes > parts_->config.limits.max_encoded_bytes) {
    return {Code::kLimitBytes, "the file is larger than limits.max_encoded_bytes"};
  }
  std::vector<std::byte> bytes(extent.bytes);
  HR_TRY(ReadSample(*parts_->dataset, id, bytes));
  // Nothing is decoded: neither scratch nor the area for large pictures is needed.
  HR_ASSIGN_OR_RETURN(
      const auto processor,
      SampleProcessor::Make(parts_->config.limits, ProcessOptionsOf(parts_->config.decode),
                            *parts_->augment, 1, nullptr));
  HR_TRY(processor->DrawOnly(bytes, {.seed = parts_->config.loader.seed,
                                     .epoch = epoch,
                                     .id = id,
                                     .label = parts_->dataset->Label(id),
                                     .view = view}));
  *toml = parts_->augment->Explain(processor->recipe());
  return {};
}

std::string Loader::jpeg_text() const {
  if (parts_->config.decode.jpeg == JpegMode::kExact) return "exact";
  const std::string& op = parts_->shared->augment.exact_because();
  return op.empty() ? "fast" : "exact: " + op + " stands before the first crop or resize";
}

}  // namespace headrace::loader
