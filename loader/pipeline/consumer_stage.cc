#include "loader/pipeline/consumer_stage.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include "base/check.h"
#include "base/checked_math.h"
#include "base/clock.h"
#include "base/rng.h"
#include "loader/mix/mix_apply.h"
#include "loader/mix/rmix.h"

namespace headrace::loader {
namespace {

// Streams of an attack: of a [[mix]] entry, and of hr_batch_ace.
constexpr std::string_view kMixStream = "mix/ace";
constexpr std::string_view kBatchStream = "batch/ace";

// Rows a call when nobody said how many.
constexpr uint32_t kRowsDefault = 64;

bool IsAce(const MixConfig& entry) { return entry.op == "ace"; }

// Rows of a call, so many as an entry asks for at most.
uint32_t RowsOf(const Config& config, uint32_t batch_size) {
  uint32_t rows = 0;
  for (const MixConfig& entry : config.mix) {
    rows = std::max(rows, IsAce(entry) ? entry.ace.chunk : kRowsDefault);
  }
  if (config.output.keep_u8) rows = std::max(rows, kRowsDefault);
  return std::min(rows, batch_size);
}

}  // namespace

bool NeedsModel(const MixConfig& entry) {
  return IsAce(entry) || (entry.op == "rmix" && entry.rmix.saliency == RmixSaliency::kModel);
}

bool NeedsSaliency(const MixConfig& entry) {
  return entry.op == "rmix" && entry.rmix.saliency == RmixSaliency::kCallback;
}

bool KeepsPixels(const Config& config) {
  return config.output.keep_u8 || std::ranges::any_of(config.mix, [](const MixConfig& entry) {
           return NeedsModel(entry) || NeedsSaliency(entry);
         });
}

ConsumerStage::Layout ConsumerStage::LayOut(const Config& config, const BatchShape& shape,
                                            bool soft_labels) {
  Layout layout;
  layout.rows = RowsOf(config, shape.batch_size);
  layout.patches_max = shape.consumer_patches_max;
  for (const MixConfig& entry : config.mix) {
    if (entry.op != "rmix" || !(NeedsModel(entry) || NeedsSaliency(entry))) continue;
    for (const uint32_t patches : entry.rmix.patches) {
      layout.patches_max = std::max(layout.patches_max, patches);
    }
  }
  uint64_t end = ModelRoom::Bytes(shape, layout.rows, soft_labels);
  const auto place = [&end](uint64_t bytes) {
    const uint64_t at = end;
    end = RoundUp(SaturatingAdd(end, bytes), 64);
    return at;
  };
  const uint64_t cells = uint64_t{layout.patches_max} * layout.patches_max;
  const bool maps = cells > 0;
  layout.attack = place(AceAttack::Bytes(shape));
  layout.map = place(maps ? uint64_t{shape.height} * shape.width * sizeof(float) : 0);
  layout.maps = place(SaturatingMul(shape.batch_size, cells * sizeof(float)));
  layout.band = place(maps ? kMixScratchBytes : 0);
  layout.bytes = RoundUp(end, HostMemory::kAlignment);
  return layout;
}

uint64_t ConsumerStage::Bytes(const Config& config, const BatchShape& shape, bool soft_labels) {
  return KeepsPixels(config) ? LayOut(config, shape, soft_labels).bytes : 0;
}

bool ConsumerStage::Check(const Config& config, const BatchShape& shape, const ModelFn& model,
                          const SaliencyFn& saliency, ConfigError* error) {
  const std::string views = "takes batches of one view, and the list's aug_mix makes " +
                            std::to_string(shape.views) + "; set its views to 1";
  for (const MixConfig& entry : config.mix) {
    if (NeedsModel(entry) && !model) {
      return Fail(error, Code::kConfigMissing,
                  NameOf(entry) + ": needs a model: set model in hr_options");
    }
    if (NeedsSaliency(entry) && !saliency) {
      return Fail(error, Code::kConfigMissing,
                  NameOf(entry) + ": needs a function of saliency: set saliency in hr_options");
    }
    if (shape.views > 1 && (NeedsModel(entry) || NeedsSaliency(entry))) {
      return Fail(error, Code::kConfigValue, NameOf(entry) + ": " + views);
    }
  }
  if (shape.views > 1 && config.output.keep_u8) {
    return Fail(error, Code::kConfigValue, "[output] keep_u8: " + views);
  }
  return true;
}

Result<std::unique_ptr<ConsumerStage>> ConsumerStage::Make(const Options& options) {
  if (!KeepsPixels(*options.config)) return std::unique_ptr<ConsumerStage>();
  const Layout layout = LayOut(*options.config, options.shape, options.soft_labels);
  HR_ASSIGN_OR_RETURN(HostMemory memory, HostMemory::Map(layout.bytes, HostMemory::Pages::kHuge));
  return std::unique_ptr<ConsumerStage>(new ConsumerStage(options, layout, std::move(memory)));
}

ConsumerStage::ConsumerStage(const Options& options, const Layout& layout, HostMemory memory)
    : options_(options),
      scale_(ScaleOf(options.config->output)),
      memory_(std::move(memory)),
      room_(options.shape, layout.rows, options.soft_labels, memory_.span()),
      attack_(&room_, *options.convert, scale_, memory_.span().subspan(layout.attack)),
      clean_(simd::MakeConvertTable(simd::Dtype::kF32, options.shape.layout, options.shape.channels,
                                    scale_.mean.data(), scale_.std.data())),
      patches_max_(layout.patches_max),
      map_(reinterpret_cast<float*>(memory_.data() + layout.map)),
      maps_(reinterpret_cast<float*>(memory_.data() + layout.maps)),
      band_(memory_.span().subspan(layout.band)) {}

ModelBatch ConsumerStage::BatchOf(const BatchBuffer& buffer) const {
  return {.rows = buffer.rows,
          .pixels = buffer.pixels,
          .images = buffer.images,
          .labels = buffer.labels,
          .soft = buffer.soft,
          .ids = buffer.ids,
          .valid = buffer.valid,
          .seed = options_.config->loader.seed,
          .epoch = buffer.epoch,
          .global_batch = buffer.global_batch};
}

Status ConsumerStage::Ace(const AceSettings& settings, const ModelFn& model, BatchBuffer* buffer,
                          AceReport* report, ModelCost* cost) {
  MutexLock lock(mutex_);
  const int64_t begin = NowNs();
  room_.ResetCounts();
  const ModelBatch batch = BatchOf(*buffer);
  const Status status =
      attack_.Run(settings, {kBatchStream, buffer->ace_calls}, model, batch, report);
  if (status.ok()) {
    attack_.WriteBack(batch);
    ++buffer->ace_calls;
  } else {
    Add(options_.counters->callback_failures, 1);
  }
  *cost = CostSince(begin);
  return status;
}

ModelCost ConsumerStage::CostSince(int64_t begin_ns) {
  const ModelCost cost{
      .calls = room_.calls(),
      .callback_result = room_.callback_result(),
      .callback_ns = room_.callback_ns(),
      .library_ns = static_cast<uint64_t>(NowNs() - begin_ns) - room_.callback_ns()};
  Add(options_.counters->mix_ns, cost.library_ns);
  return cost;
}

Status ConsumerStage::RmixByModel(const ModelFn& model, LeasedRmix* how, BatchBuffer* buffer,
                                  LeasedRmixReport* report, ModelCost* cost) {
  MutexLock lock(mutex_);
  const int64_t begin = NowNs();
  room_.ResetCounts();
  const ModelBatch batch = BatchOf(*buffer);
  const uint32_t side = std::min({patches_max_, options_.shape.height, options_.shape.width});
  for (const uint32_t patches : how->settings.patches) {
    if (patches >= 1 && patches <= side) continue;
    return {Code::kInvalidArgument,
            "patches: expected numbers from 1 to 64, and not above the picture's sides"};
  }
  // What MixLeasedBatch is about to draw.
  RandomStream stream({.seed = batch.seed,
                       .epoch = batch.epoch,
                       .unit = batch.global_batch,
                       .name = kRmixStream,
                       .occurrence = how->occurrence});
  const uint32_t patches = DrawRmixHead(how->settings, &stream).patches;
  Status status = MapByModel(model, batch, patches, OddMap::kIsKept);
  if (status.ok()) {
    how->maps = {.data = maps_,
                 .height = patches,
                 .width = patches,
                 .row_stride = size_t{patches} * patches};
    status = MixLeasedBatch(*how, buffer, report);
  } else {
    Add(options_.counters->callback_failures, 1);
  }
  *cost = CostSince(begin);
  return status;
}

void ConsumerStage::Finish(BatchBuffer* buffer) {
  MutexLock lock(mutex_);
  const int64_t begin = NowNs();
  room_.ResetCounts();
  const MixConfig& entry = options_.mixer->EntryOf(buffer->mix);
  const Status status = IsAce(entry) ? FinishAce(entry, *buffer) : FinishRmix(entry, buffer);
  if (!status.ok()) {
    buffer->mix.entry = -1;
    buffer->mix_status = Code::kCallbackFailed;
    Add(options_.counters->callback_failures, 1);
    WarnFailure(entry, status);
  }
  (void)CostSince(begin);
}

Status ConsumerStage::FinishAce(const MixConfig& entry, const BatchBuffer& buffer) {
  const auto first = options_.config->mix.begin();
  const auto occurrence =
      static_cast<uint32_t>(std::count_if(first, first + buffer.mix.chosen, IsAce));
  AceReport report;
  const ModelBatch batch = BatchOf(buffer);
  HR_TRY(attack_.Run({entry.ace, entry.alpha, entry.p}, {kMixStream, occurrence}, options_.model,
                     batch, &report));
  if (report.non_finite > 0) {
    return {Code::kCallbackFailed, "the model's loss or gradient is not a number"};
  }
  attack_.WriteBack(batch);
  return {};
}

uint32_t ConsumerStage::ShowNext(const ModelBatch& batch, uint32_t* lane) {
  uint32_t count = 0;
  for (; *lane < batch.rows && count < room_.rows_max(); ++*lane) {
    if (batch.valid[*lane] != 0) room_.SetRow(count++, batch, *lane, clean_.f32);
  }
  return count;
}

Status ConsumerStage::MapByModel(const ModelFn& model, const ModelBatch& batch, uint32_t patches,
                                 OddMap odd) {
  const BatchShape& shape = options_.shape;
  const size_t cells = size_t{patches} * patches;
  uint32_t lane = 0;
  while (const uint32_t count = ShowNext(batch, &lane)) {
    HR_TRY(room_.Call(model, count, batch, 0));
    for (uint32_t row = 0; row < count; ++row) {
      float* pooled = maps_ + room_.lane(row) * cells;
      if (room_.GradientLength(row, map_)) {
        PoolSaliency(map_, shape.height, shape.width, shape.width, patches, pooled);
      } else if (odd == OddMap::kIsKept) {
        std::fill_n(pooled, cells, std::numeric_limits<float>::quiet_NaN());
      } else {
        return {Code::kCallbackFailed, "the model's gradient is not a number"};
      }
    }
  }
  return {};
}

Status ConsumerStage::MapBySaliency(const SaliencyFn& saliency, const ModelBatch& batch,
                                    uint32_t patches) {
  uint32_t lane = 0;
  while (const uint32_t count = ShowNext(batch, &lane)) {
    SaliencyAnswer answer;
    HR_TRY(room_.CallSaliency(saliency, count, batch, &answer));
    if (answer.grid_height < patches || answer.grid_width < patches) {
      return {Code::kCallbackFailed, "the saliency callback's grid has fewer cells than patches"};
    }
    const size_t cells = size_t{answer.grid_height} * answer.grid_width;
    for (uint32_t row = 0; row < count; ++row) {
      const float* map = answer.maps + row * cells;
      if (!std::all_of(map, map + cells, [](float v) { return v >= 0 && std::isfinite(v); })) {
        return {Code::kCallbackFailed, "the saliency callback's map has a number below 0, or none"};
      }
      PoolSaliency(map, answer.grid_height, answer.grid_width, answer.grid_width, patches,
                   maps_ + size_t{room_.lane(row)} * patches * patches);
    }
  }
  return {};
}

Status ConsumerStage::FinishRmix(const MixConfig& entry, BatchBuffer* buffer) {
  const ModelBatch batch = BatchOf(*buffer);
  const Mixer& mixer = *options_.mixer;
  BatchMix* mix = &buffer->mix;
  const uint32_t patches = mix->patches;
  HR_TRY(NeedsModel(entry) ? MapByModel(options_.model, batch, patches, OddMap::kFails)
                           : MapBySaliency(options_.saliency, batch, patches));
  const std::span<float> lambda(buffer->lambda, buffer->rows);
  const std::span<int32_t> partner(buffer->partner, buffer->rows);
  HR_TRY(mixer.PlanRmix(mix, maps_, patches, patches, size_t{patches} * patches, nullptr, lambda,
                        partner));
  mixer.ApplyBand(*mix, buffer->images, buffer->rows, 0, 1, band_);
  if (buffer->soft != nullptr) {
    mixer.MakeSoftLabels(*mix, {buffer->labels, buffer->rows}, lambda, partner, buffer->soft);
  }
  if (buffer->store->has_targets() && !buffer->targets.Join(*mix, partner, buffer->rows)) {
    options_.log.Write(LogLevel::kError, kNoTargetsText);
  }
  return {};
}

void ConsumerStage::WarnFailure(const MixConfig& entry, const Status& status) {
  if (warned_) return;
  warned_ = true;
  std::string text = NameOf(entry) + ": " + status.text();
  if (room_.callback_result() != 0) {
    text += ": it returned " + std::to_string(room_.callback_result());
  }
  text += "; batches come clean and unmixed when that happens (hr_batch_info.mix_status)";
  options_.log.Write(LogLevel::kWarning, text.c_str());
}

}  // namespace headrace::loader
