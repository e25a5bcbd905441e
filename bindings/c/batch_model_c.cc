// What the caller's model does to a leased batch: hr_batch_ace, hr_batch_rmix_model.
#include <unistd.h>

#include <cmath>
#include <string>

#include "bindings/c/boundary.h"
#include "bindings/c/callbacks.h"
#include "bindings/c/handles.h"
#include "bindings/c/rmix_config.h"
#include "loader/augment/color_curve.h"
#include "loader/pipeline/consumer_stage.h"

namespace headrace::capi {
namespace {

using loader::AceSettings;
using loader::BatchBuffer;

hr_status Refuse(hr_error* error, const char* text) {
  return SetError(error, Code::kInvalidArgument, text);
}

// HR_OK, or why the model cannot work on the batch.
hr_status CheckBatch(const hr_batch* batch, const void* function, hr_error* error) {
  if (batch == nullptr) return Refuse(error, "the batch is NULL");
  if (function == nullptr) return Refuse(error, "the model callback is NULL");
  const BatchBuffer& buffer = *BufferOf(batch);
  if (CallbackScope::IsInside(buffer.store->handle())) {
    return SetError(error, Code::kReentered, "called from inside a callback of the batch's loader");
  }
  if (buffer.store->owner() != getpid()) {
    return SetError(error, Code::kForked, "the batch's loader was opened before fork");
  }
  if (buffer.pixels == nullptr) {
    return Refuse(error,
                  "the batch keeps no pixels: set keep_u8 = true in [output] of the configuration");
  }
  if (buffer.store->consumer() == nullptr) {
    return Refuse(error, "the batch's loader was closed");
  }
  if (buffer.is_mixed()) {
    return Refuse(error, "the batch is mixed already: models see clean samples");
  }
  return HR_OK;
}

// `value`, or the default for zero.
template <class T>
T Or(T value, T by_default) {
  return value == 0 ? by_default : value;
}

// The settings of a config, or why it is refused.
hr_status ReadAceConfig(const hr_ace_config* in, AceSettings* settings, hr_error* error) {
  hr_ace_config config;
  if (!Read(in, &config)) {
    return Refuse(error, "hr_ace_config: struct_size is not set, or a newer field is used");
  }
  const auto from_zero = [](double value) { return value >= 0 && std::isfinite(value); };
  loader::AceConfig& ace = settings->config;
  ace.pieces = Or(config.pieces, ace.pieces);
  ace.bound = Or(config.bound, ace.bound);
  ace.steps = Or(config.steps, ace.steps);
  ace.chunk = Or(config.chunk, ace.chunk);
  ace.kappa = config.kappa;
  ace.freeze_on_success = config.no_freeze == 0;
  ace.random_start = config.random_start != 0;
  ace.final_eval = config.final_eval != 0;
  settings->alpha = config.alpha;
  settings->p = Or(config.p, 0.5);
  if (ace.pieces < loader::kCurvePiecesMin || ace.pieces > loader::kCurvePiecesMax) {
    return Refuse(error, "hr_ace_config: pieces must be from 2 to 256");
  }
  if (!(ace.bound >= 1 && ace.bound <= loader::kCurveBoundMax)) {
    return Refuse(error, "hr_ace_config: bound must be from 1 to 1000");
  }
  if (ace.steps > 10000) return Refuse(error, "hr_ace_config: steps must be at most 10000");
  if (!(config.alpha >= 0 && config.alpha <= 1000)) {
    return Refuse(error, "hr_ace_config: alpha must be from 0 to 1000");
  }
  if (!from_zero(config.kappa)) return Refuse(error, "hr_ace_config: kappa must be at least 0");
  if (!(settings->p >= 0 && settings->p <= 1)) {
    return Refuse(error, "hr_ace_config: p must be from 0 to 1");
  }
  switch (config.step) {
    case HR_ACE_L2: ace.step = loader::AceStep::kL2; break;
    case HR_ACE_SIGN: ace.step = loader::AceStep::kSign; break;
    default: return Refuse(error, "hr_ace_config: step must be an hr_ace_step");
  }
  switch (config.keep) {
    case HR_ACE_LAST: ace.keep = loader::AceKeep::kLast; break;
    case HR_ACE_BEST: ace.keep = loader::AceKeep::kBest; break;
    default: return Refuse(error, "hr_ace_config: keep must be an hr_ace_keep");
  }
  if (config.threads > 1) {
    return SetError(error, Code::kNotInThisVersion,
                    "hr_ace_config: threads above 1 are not in this version");
  }
  return HR_OK;
}

hr_status CallbackError(const Status& status, const loader::ModelCost& cost, hr_error* error) {
  std::string text = status.text();
  if (cost.callback_result != 0) {
    text += ": it returned " + std::to_string(cost.callback_result);
  }
  return SetError(error, status.code(), text + "; the batch is as it was");
}

}  // namespace
}  // namespace headrace::capi

hr_status hr_batch_ace(hr_batch* batch, const hr_ace_config* config, hr_model_fn model,
                       void* context, hr_ace_report* report, hr_error* error) {
  namespace capi = headrace::capi;
  return capi::Fence(error, [&]() -> hr_status {
    if (const hr_status s = capi::CheckBatch(batch, reinterpret_cast<const void*>(model), error);
        s != HR_OK) {
      return s;
    }
    if (!capi::CanFill(report)) {
      return capi::Refuse(error, "hr_ace_report: struct_size is not set");
    }
    headrace::loader::AceSettings settings;
    if (const hr_status s = capi::ReadAceConfig(config, &settings, error); s != HR_OK) return s;
    headrace::loader::BatchBuffer* buffer = capi::BufferOf(batch);
    const capi::CallbackScope scope(buffer->store->handle());
    capi::ModelCallback callback{model, context};
    headrace::loader::AceReport made;
    headrace::loader::ModelCost cost;
    const headrace::Status status =
        buffer->store->consumer()->Ace(settings, callback.fn(), buffer, &made, &cost);
    if (!status.ok()) return capi::CallbackError(status, cost, error);
    if (report == nullptr) return HR_OK;
    hr_ace_report out = {};
    out.rows = made.rows;
    out.frozen = made.frozen;
    out.non_finite = made.non_finite;
    out.calls = cost.calls;
    out.loss_before = made.loss_before;
    out.loss_after = made.loss_after;
    out.model_ns = cost.callback_ns;
    out.library_ns = cost.library_ns;
    return capi::Fill(report, out, error);
  });
}

hr_status hr_batch_rmix_model(hr_batch* batch, const hr_rmix_config* config, hr_model_fn model,
                              void* context, hr_rmix_report* report, hr_error* error) {
  namespace capi = headrace::capi;
  return capi::Fence(error, [&]() -> hr_status {
    if (const hr_status s = capi::CheckBatch(batch, reinterpret_cast<const void*>(model), error);
        s != HR_OK) {
      return s;
    }
    if (!capi::CanFill(report)) {
      return capi::Refuse(error, "hr_rmix_report: struct_size is not set");
    }
    capi::RmixLists lists;
    headrace::loader::LeasedRmix how;
    if (const char* wrong = capi::ReadRmixConfig(config, &lists, &how)) {
      return capi::Refuse(error, wrong);
    }
    headrace::loader::BatchBuffer* buffer = capi::BufferOf(batch);
    const capi::CallbackScope scope(buffer->store->handle());
    capi::ModelCallback callback{model, context};
    headrace::loader::LeasedRmixReport made;
    headrace::loader::ModelCost cost;
    const headrace::Status status =
        buffer->store->consumer()->RmixByModel(callback.fn(), &how, buffer, &made, &cost);
    if (!status.ok()) return capi::CallbackError(status, cost, error);
    return capi::FillRmixReport(report, made, cost.library_ns, cost.callback_ns, error);
  });
}
