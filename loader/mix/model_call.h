// The user's callbacks as the loader sees them: a model that gives loss and gradient, and a
// function that says where pictures are salient. bindings/c turns the caller's functions into
// these.
//
// Called on the caller's thread only, inside hr_loader_next and hr_batch_*.
#pragma once

#include <cstdint>

namespace headrace::loader {

// hr_model_in: rows of a batch. All pointers live for the call.
struct ModelRows {
  uint32_t rows = 0;
  uint32_t channels = 0;
  uint32_t height = 0;
  uint32_t width = 0;
  int32_t step = 0;
  const float* data = nullptr;
  int64_t stride[4] = {};  // of row, channel, y, x, in elements
  const int32_t* label = nullptr;
  const float* soft_label = nullptr;  // null: labels are indices
  int64_t classes = 0;
  const uint32_t* lane = nullptr;
  uint64_t batch = 0;
};

// hr_model_out: preset by us; `grad` and its strides may be set to the callee's memory.
struct ModelAnswer {
  float* loss = nullptr;
  float* margin = nullptr;
  const float* grad = nullptr;
  int64_t stride[4] = {};
};

// Returns 0, or what the user's function gave when it failed.
struct ModelFn {
  int (*call)(void* context, const ModelRows& in, ModelAnswer* out) = nullptr;
  void* context = nullptr;
  explicit operator bool() const { return call != nullptr; }
};

// hr_saliency_out: a grid of numbers a row.
struct SaliencyAnswer {
  uint32_t grid_height = 0;
  uint32_t grid_width = 0;
  float* maps = nullptr;
};

struct SaliencyFn {
  int (*call)(void* context, const ModelRows& in, SaliencyAnswer* out) = nullptr;
  void* context = nullptr;
  explicit operator bool() const { return call != nullptr; }
};

}  // namespace headrace::loader
