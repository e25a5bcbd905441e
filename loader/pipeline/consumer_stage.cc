#include "loader/pipeline/consumer_stage.h"

#include <algorithm>
#include <string>

#include "base/check.h"
#include "base/checked_math.h"
#include "base/clock.h"

namespace headrace::loader {
namespace {

// Streams of an attack: of a [[mix]] entry, and of hr_batch_ace.
constexpr std::string_view kMixStream = "mix/ace";
constexpr std::string_view kBatchStream = "batch/ace";

// Rows a call when nobody said how many.
constexpr uint32_t kRowsDefault = 64;

bool IsAce(const MixConfig& entry) { return entry.op == "ace"; }

std::string NameOf(const MixConfig& entry) {
  std::string name = "[[mix]] " + entry.op;
  if (entry.line > 0) name += " (line " + std::to_string(entry.line) + ")";
  return name;
}

bool Fail(ConfigError* error, Code code, std::string text) {
  *error = {code, std::move(text)};
  return false;
}

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

uint64_t ConsumerStage::Bytes(const Config& config, const BatchShape& shape, bool soft_labels) {
  if (!KeepsPixels(config)) return 0;
  const uint64_t room = ModelRoom::Bytes(shape, RowsOf(config, shape.batch_size), soft_labels);
  return RoundUp(SaturatingAdd(room, AceAttack::Bytes(shape)), HostMemory::kAlignment);
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
  const uint64_t bytes = Bytes(*options.config, options.shape, options.soft_labels);
  if (bytes == 0) return std::unique_ptr<ConsumerStage>();
  HR_ASSIGN_OR_RETURN(HostMemory memory, HostMemory::Map(bytes, HostMemory::Pages::kHuge));
  const uint32_t rows = RowsOf(*options.config, options.shape.batch_size);
  return std::unique_ptr<ConsumerStage>(new ConsumerStage(options, std::move(memory), rows));
}

ConsumerStage::ConsumerStage(const Options& options, HostMemory memory, uint32_t rows)
    : options_(options),
      scale_(ScaleOf(options.config->output)),
      memory_(std::move(memory)),
      room_(options.shape, rows, options.soft_labels, memory_.span()),
      attack_(&room_, *options.convert, scale_,
              memory_.span().subspan(ModelRoom::Bytes(options.shape, rows, options.soft_labels))) {}

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
  const MutexLock lock(mutex_);
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
  cost->calls = room_.calls();
  cost->callback_result = room_.callback_result();
  cost->callback_ns = room_.callback_ns();
  cost->library_ns = static_cast<uint64_t>(NowNs() - begin) - room_.callback_ns();
  Add(options_.counters->mix_ns, cost->library_ns);
  return status;
}

Status ConsumerStage::FinishAce(const MixConfig& entry, uint32_t occurrence,
                                const BatchBuffer& buffer) {
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
