#include "bindings/c/callbacks.h"

#include <algorithm>

namespace headrace::capi {
namespace {

// Of the loaders whose callbacks run on this thread, or may: in next, close and hr_batch_*.
thread_local const CallbackScope* innermost = nullptr;

hr_model_in InputOf(const loader::ModelRows& rows) {
  hr_model_in in = {};
  in.struct_size = sizeof(in);
  in.rows = rows.rows;
  in.channels = rows.channels;
  in.height = rows.height;
  in.width = rows.width;
  in.step = rows.step;
  in.data = rows.data;
  std::copy_n(rows.stride, 4, in.stride);
  in.label = rows.label;
  in.soft_label = rows.soft_label;
  in.classes = rows.classes;
  in.lane = rows.lane;
  in.batch = rows.batch;
  return in;
}

// What a callback that threw is taken to have returned.
constexpr int kThrew = -1;

int CallModel(void* context, const loader::ModelRows& rows, loader::ModelAnswer* answer) {
  const auto& callback = *static_cast<ModelCallback*>(context);
  const hr_model_in in = InputOf(rows);
  hr_model_out out = {};
  out.struct_size = sizeof(out);
  out.loss = answer->loss;
  out.margin = answer->margin;
  out.grad = answer->grad;
  std::copy_n(answer->stride, 4, out.stride);
  try {
    const int result = callback.function(callback.context, &in, &out);
    if (result != 0) return result;
  } catch (...) {
    return kThrew;
  }
  answer->loss = out.loss;
  answer->margin = out.margin;
  answer->grad = out.grad;
  std::copy_n(out.stride, 4, answer->stride);
  return 0;
}

int CallSaliency(void* context, const loader::ModelRows& rows, loader::SaliencyAnswer* answer) {
  const auto& callback = *static_cast<SaliencyCallback*>(context);
  const hr_model_in in = InputOf(rows);
  hr_saliency_out out = {};
  out.struct_size = sizeof(out);
  out.grid_height = answer->grid_height;
  out.grid_width = answer->grid_width;
  out.maps = answer->maps;
  try {
    const int result = callback.function(callback.context, &in, &out);
    if (result != 0) return result;
  } catch (...) {
    return kThrew;
  }
  answer->grid_height = out.grid_height;
  answer->grid_width = out.grid_width;
  answer->maps = out.maps;
  return 0;
}

}  // namespace

CallbackScope::CallbackScope(const void* loader) : loader_(loader), outer_(innermost) {
  innermost = this;
}
CallbackScope::~CallbackScope() { innermost = outer_; }
bool CallbackScope::IsInside(const void* loader) {
  for (const CallbackScope* scope = innermost; scope != nullptr; scope = scope->outer_) {
    if (scope->loader_ == loader && loader != nullptr) return true;
  }
  return false;
}

loader::ModelFn ModelCallback::fn() {
  if (function == nullptr) return {};
  return {CallModel, this};
}
loader::SaliencyFn SaliencyCallback::fn() {
  if (function == nullptr) return {};
  return {CallSaliency, this};
}

}  // namespace headrace::capi
