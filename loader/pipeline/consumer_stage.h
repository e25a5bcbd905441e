// ConsumerStage: what runs on the caller's thread because it needs the caller's model.
//
// What: takes a batch that left the workers unmixed, shows it to the user's callback, and then
// changes or mixes it; the same for hr_batch_ace on a leased batch. Owner: the loader. Thread: the
// caller's, inside hr_loader_next and hr_batch_*; two calls at the same time take turns. Cost: that
// of the callback, and what AceAttack says; all memory is taken at open.
#pragma once

#include <cstdint>
#include <memory>

#include "base/log.h"
#include "base/result.h"
#include "base/thread_annotations.h"
#include "loader/augment/output_scale.h"
#include "loader/config.h"
#include "loader/config_toml.h"
#include "loader/host_memory.h"
#include "loader/mix/ace_attack.h"
#include "loader/mix/model_call.h"
#include "loader/mix/model_room.h"
#include "loader/pipeline/batch_store.h"
#include "loader/pipeline/leased_rmix.h"
#include "loader/stats.h"
#include "simd/convert.h"

namespace headrace::loader {

// Whether an entry waits for hr_options.model or hr_options.saliency.
bool NeedsModel(const MixConfig& entry);
bool NeedsSaliency(const MixConfig& entry);
// Whether batches keep their pixels: they are told to, or a [[mix]] entry needs them.
bool KeepsPixels(const Config& config);

// What a call cost and gave, for the caller of hr_batch_*.
struct ModelCost {
  uint32_t calls = 0;
  int callback_result = 0;  // of the call that failed
  uint64_t callback_ns = 0;
  uint64_t library_ns = 0;
};

class ConsumerStage {
 public:
  struct Options {
    const Config* config = nullptr;  // this and what follows outlive the stage
    const simd::ConvertTable* convert = nullptr;
    const Mixer* mixer = nullptr;
    Counters* counters = nullptr;
    LogSink log;
    BatchShape shape;
    bool soft_labels = false;
    ModelFn model;
    SaliencyFn saliency;
  };

  // What it takes; 0 where batches keep no pixels.
  static uint64_t Bytes(const Config& config, const BatchShape& shape, bool soft_labels);
  // Whether what the entries need was given; the error names the entry and the option.
  [[nodiscard]] static bool Check(const Config& config, const BatchShape& shape,
                                  const ModelFn& model, const SaliencyFn& saliency,
                                  ConfigError* error);
  // Null where batches keep no pixels.
  static Result<std::unique_ptr<ConsumerStage>> Make(const Options& options);

  // Does what the batch's entry in [[mix]] waits for. When a callback fails, or gives numbers that
  // are none, the batch stays clean and unmixed, and mix_status says so.
  void Finish(BatchBuffer* buffer) HR_EXCLUDES(mutex_);

  // hr_batch_ace. The batch stays as it was unless kOk.
  Status Ace(const AceSettings& settings, const ModelFn& model, BatchBuffer* buffer,
             AceReport* report, ModelCost* cost) HR_EXCLUDES(mutex_);
  // hr_batch_rmix_model: fills how->maps and mixes. The same.
  Status RmixByModel(const ModelFn& model, LeasedRmix* how, BatchBuffer* buffer,
                     LeasedRmixReport* report, ModelCost* cost) HR_EXCLUDES(mutex_);

 private:
  // Where things lie in the stage's memory.
  struct Layout {
    uint32_t rows = 0;         // of a call
    uint32_t patches_max = 0;  // a side
    uint64_t attack = 0;
    uint64_t map = 0;
    uint64_t maps = 0;
    uint64_t band = 0;
    uint64_t bytes = 0;
  };
  static Layout LayOut(const Config& config, const BatchShape& shape, bool soft_labels);
  ConsumerStage(const Options& options, const Layout& layout, HostMemory memory);

  ModelBatch BatchOf(const BatchBuffer& buffer) const;
  Status FinishAce(const MixConfig& entry, const BatchBuffer& buffer) HR_REQUIRES(mutex_);
  Status FinishRmix(const MixConfig& entry, BatchBuffer* buffer) HR_REQUIRES(mutex_);
  // Saliency of patches x patches of each valid sample, in maps_: by the model's gradients, or by
  // the function of saliency. A failure of theirs, or a number that is none, ends it; or such a map
  // is kept.
  enum class OddMap : uint8_t { kFails, kIsKept };
  Status MapByModel(const ModelFn& model, const ModelBatch& batch, uint32_t patches, OddMap odd)
      HR_REQUIRES(mutex_);
  Status MapBySaliency(const SaliencyFn& saliency, const ModelBatch& batch, uint32_t patches)
      HR_REQUIRES(mutex_);
  // Puts the valid samples from *lane on into the room's rows, as many as a call takes, and sets
  // *lane behind the last of them. Their number; 0: there are none left.
  uint32_t ShowNext(const ModelBatch& batch, uint32_t* lane) HR_REQUIRES(mutex_);
  ModelCost CostSince(int64_t begin_ns) HR_REQUIRES(mutex_);
  void WarnFailure(const MixConfig& entry, const Status& status) HR_REQUIRES(mutex_);

  const Options options_;
  const OutputScale scale_;
  HostMemory memory_;
  Mutex mutex_;
  ModelRoom room_ HR_GUARDED_BY(mutex_);
  AceAttack attack_ HR_GUARDED_BY(mutex_);
  const simd::ConvertTable clean_;               // to f32, as models see samples
  const uint32_t patches_max_;                   // a side, that maps_ has room for
  float* map_ HR_GUARDED_BY(mutex_) = nullptr;   // of one picture, a number a pixel
  float* maps_ HR_GUARDED_BY(mutex_) = nullptr;  // of the batch, a number a patch
  std::span<std::byte> band_;                    // for mixing
  bool warned_ HR_GUARDED_BY(mutex_) = false;
};

}  // namespace headrace::loader
