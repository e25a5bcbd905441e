// hr_batch_rmix: R-Mix of a leased batch by the caller's saliency maps.
#include <algorithm>
#include <cmath>

#include "base/clock.h"
#include "bindings/c/boundary.h"
#include "bindings/c/callbacks.h"
#include "bindings/c/handles.h"
#include "bindings/c/rmix_config.h"

using headrace::Code;
using headrace::capi::BufferOf;
using headrace::capi::CanFill;
using headrace::capi::Fence;
using headrace::capi::SetError;
using headrace::loader::BatchBuffer;
using headrace::loader::LeasedRmix;
using headrace::loader::LeasedRmixReport;
using headrace::loader::RmixPairing;

static_assert(HR_RMIX_MATCHING == static_cast<int>(RmixPairing::kMatching));
static_assert(HR_RMIX_REVERSE == static_cast<int>(RmixPairing::kReverse));
static_assert(HR_RMIX_PERMUTE == static_cast<int>(RmixPairing::kPermute));

namespace headrace::capi {

const char* ReadRmixConfig(const hr_rmix_config* given, RmixLists* lists, LeasedRmix* how) {
  hr_rmix_config config;
  if (!Read(given, &config)) {
    return "hr_rmix_config: struct_size is not set, or a newer field is used";
  }
  if (config.patch_count > lists->patches.size() ||
      (config.patch_count > 0 && config.patches == nullptr)) {
    return "patches: expected at most 64 numbers, and patch_count of them";
  }
  if (config.quantile_count > lists->quantiles.size() ||
      (config.quantile_count > 0 && config.quantiles == nullptr)) {
    return "quantiles: expected at most 64 numbers, and quantile_count of them";
  }
  if (config.pairing < HR_RMIX_MATCHING || config.pairing > HR_RMIX_PERMUTE) {
    return "pairing: expected one of hr_rmix_pairing";
  }
  if (config.alpha != 0 && !(config.alpha >= loader::kBetaAlphaMin && config.alpha <= 1000)) {
    return "alpha: expected a number from 0.000001 to 1000, or 0 for 0.2";
  }
  if (!(config.label_smoothing >= 0 && config.label_smoothing <= 1)) {
    return "label_smoothing: expected a number from 0 to 1";
  }
  uint32_t patch_count = config.patch_count;
  std::copy_n(config.patches, patch_count, lists->patches.begin());
  if (patch_count == 0) {
    lists->patches[0] = 2;
    lists->patches[1] = 4;
    patch_count = 2;
  }
  uint32_t quantile_count = config.quantile_count;
  for (uint32_t i = 0; i < quantile_count; ++i) {
    if (!(config.quantiles[i] >= 0 && config.quantiles[i] <= 1)) {
      return "quantiles: expected numbers from 0 to 1";
    }
    lists->quantiles[i] = static_cast<float>(config.quantiles[i]);
  }
  if (quantile_count == 0) {
    quantile_count = headrace::loader::kRmixQuantileSteps;
    for (uint32_t i = 0; i < quantile_count; ++i) {
      lists->quantiles[i] = headrace::loader::RmixQuantileStep(i);
    }
  }
  how->settings = {.alpha = config.alpha > 0 ? config.alpha : 0.2,
                   .patches = {lists->patches.data(), patch_count},
                   .quantiles = {lists->quantiles.data(), quantile_count},
                   .pairing = static_cast<RmixPairing>(config.pairing),
                   .lam_per_pair = config.lam_per_pair != 0};
  how->label_smoothing = config.label_smoothing;
  how->occurrence = config.occurrence;
  return nullptr;
}

hr_status FillRmixReport(hr_rmix_report* report, const LeasedRmixReport& made, uint64_t library_ns,
                         uint64_t model_ns, hr_error* error) {
  if (report == nullptr) return HR_OK;
  hr_rmix_report out = {};
  out.patches = made.patches;
  out.mixed = made.mixed;
  out.uniform_maps = made.uniform;
  out.nanoseconds = library_ns;
  out.model_ns = model_ns;
  return Fill(report, out, error);
}

}  // namespace headrace::capi

hr_status hr_batch_rmix(hr_batch* batch, const hr_rmix_config* config, const float* maps,
                        uint32_t grid_height, uint32_t grid_width, uint64_t row_stride,
                        const uint8_t* q_index, hr_rmix_report* report, hr_error* error) {
  const auto invalid = [&](const char* text) {
    return SetError(error, Code::kInvalidArgument, text);
  };
  if (batch == nullptr) return invalid("the batch is NULL");
  if (headrace::capi::CallbackScope::IsInside(BufferOf(batch)->store->handle())) {
    return SetError(error, Code::kReentered, "called from inside a callback of the batch's loader");
  }
  if (maps == nullptr) return invalid("maps is NULL");
  if (!CanFill(report)) return invalid("hr_rmix_report: struct_size is not set");
  if (grid_height == 0 || grid_width == 0 || row_stride < uint64_t{grid_height} * grid_width) {
    return invalid("the grid is empty, or row_stride is less than a map's numbers");
  }
  return Fence(error, [&]() -> hr_status {
    headrace::capi::RmixLists lists;
    LeasedRmix how;
    if (const char* wrong = headrace::capi::ReadRmixConfig(config, &lists, &how)) {
      return invalid(wrong);
    }
    how.maps = {.data = maps, .height = grid_height, .width = grid_width, .row_stride = row_stride};
    how.quantile = q_index;
    const int64_t begin = headrace::NowNs();
    LeasedRmixReport done;
    const headrace::Status status = headrace::loader::MixLeasedBatch(how, BufferOf(batch), &done);
    if (!status.ok()) return SetError(error, status);
    return headrace::capi::FillRmixReport(
        report, done, static_cast<uint64_t>(headrace::NowNs() - begin), 0, error);
  });
}
