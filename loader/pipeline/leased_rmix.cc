#include "loader/pipeline/leased_rmix.h"

#include <algorithm>

#include "loader/mix/mix_apply.h"
#include "loader/mix/mixer.h"

namespace headrace::loader {

Status MixLeasedBatch(const LeasedRmix& how, BatchBuffer* buffer, LeasedRmixReport* report) {
  const BatchShape& shape = buffer->store->shape();
  *report = {};
  if (shape.consumer_patches_max == 0) {
    return {Code::kInvalidArgument,
            "the batch's loader was opened without output.keep_u8 = true, which this needs"};
  }
  if (buffer->is_mixed()) {
    return {Code::kInvalidArgument, "the batch is mixed already"};
  }
  if (shape.label_rows && how.label_smoothing > 0) {
    return {Code::kInvalidArgument,
            "label_smoothing: expected 0, the data set's labels are rows of numbers"};
  }
  const uint32_t patches_max = std::min({shape.consumer_patches_max, shape.height, shape.width});
  for (const uint32_t patches : how.settings.patches) {
    if (patches >= 1 && patches <= patches_max) continue;
    return {Code::kInvalidArgument,
            "patches: expected numbers from 1 to 64, and not above the picture's sides"};
  }
  const uint32_t rows = buffer->rows;
  BatchMix& mix = buffer->mix;
  const bool mixes = DrawRmix(how.settings, shape,
                              {.seed = buffer->store->seed(),
                               .epoch = buffer->epoch,
                               .unit = buffer->global_batch,
                               .occurrence = how.occurrence},
                              {buffer->ids, rows}, {buffer->valid, rows}, &mix);
  report->patches = mix.patches;
  if (!mixes) return {};
  HR_TRY(PlanRmix(shape, how.maps, how.settings.quantiles, how.quantile, &mix,
                  {buffer->lambda, rows}, {buffer->partner, rows}, &report->uniform));
  mix.label_smoothing = how.label_smoothing;
  report->mixed = static_cast<uint32_t>(mix.chain.size());
  alignas(64) std::byte scratch[kMixScratchBytes];
  ApplyMixBand(shape, mix, buffer->images, rows, 0, 1, scratch);
  if (shape.label_rows) {
    MixLabelRows(mix, shape.classes, {buffer->lambda, rows}, buffer->soft);
  } else if (buffer->soft != nullptr) {
    MakeMixedLabels(mix, shape.classes, {buffer->labels, rows}, {buffer->lambda, rows},
                    {buffer->partner, rows}, buffer->soft);
  }
  if (buffer->store->has_targets() && !buffer->targets.Join(mix, {buffer->partner, rows}, rows)) {
    return {Code::kOutOfMemory, kNoTargetsText};
  }
  return {};
}

}  // namespace headrace::loader
