// ModelRoom: the rows of one call of the user's model, packed, and its answer.
//
// What: memory for some rows of floats, of their gradients and of what goes with them. Owner: the
// consumer stage. Thread: the caller's. Cost: nothing is allocated after Make.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "base/status.h"
#include "loader/mix/mixer.h"
#include "loader/mix/model_call.h"

namespace headrace::loader {

// The arrays of a batch that a model is shown, or that are changed for it.
struct ModelBatch {
  uint32_t rows = 0;
  uint8_t* pixels = nullptr;  // [rows, C, H, W], as BatchBuffer keeps them
  std::byte* images = nullptr;
  const int64_t* labels = nullptr;
  const float* soft = nullptr;  // null: labels are indices
  const int64_t* ids = nullptr;
  const uint8_t* valid = nullptr;
  uint64_t seed = 0;
  uint32_t epoch = 0;
  uint64_t global_batch = 0;
};

// Numbers for each value of a byte, in each channel.
using ValueTable = float[3][256];

class ModelRoom {
 public:
  // For `rows` rows a call; `soft`: the batches have soft labels.
  static uint64_t Bytes(const BatchShape& shape, uint32_t rows, bool soft);
  // `memory`: so many bytes, 64-byte aligned.
  ModelRoom(const BatchShape& shape, uint32_t rows, bool soft, std::span<std::byte> memory);

  uint32_t rows_max() const { return rows_max_; }
  const BatchShape& shape() const { return shape_; }

  // Row `row` of the next call is lane `lane` of the batch, its pixels through `table`.
  void SetRow(uint32_t row, const ModelBatch& batch, uint32_t lane, const ValueTable& table);
  // Calls it with the first `rows` rows. kCallbackFailed: it said so (callback_result is what it
  // returned), or its answer has no loss or no gradient. A row whose loss or gradient it left as it
  // was comes out as not a number.
  Status Call(const ModelFn& model, uint32_t rows, const ModelBatch& batch, int32_t step);
  // The same for a function of saliency; the answer is valid until the next call.
  Status CallSaliency(const SaliencyFn& saliency, uint32_t rows, const ModelBatch& batch,
                      SaliencyAnswer* answer);

  float loss(uint32_t row) const { return answer_.loss[row]; }
  float margin(uint32_t row) const { return answer_.margin == nullptr ? 0 : answer_.margin[row]; }
  bool has_margin() const { return answer_.margin != nullptr; }
  // Of the row's channel `channel`; its strides of y and x are grad_stride(2) and (3).
  const float* grad(uint32_t row, uint32_t channel) const {
    return answer_.grad + row * answer_.stride[0] + channel * answer_.stride[1];
  }
  uint32_t lane(uint32_t row) const { return lane_[row]; }
  // How long the gradient is at each pixel: map[y * W + x] = sqrt(mean over channels of its
  // square). False if one is no number.
  bool GradientLength(uint32_t row, float* map) const;
  int64_t grad_stride(uint32_t axis) const { return answer_.stride[axis]; }

  int callback_result() const { return callback_result_; }
  uint32_t calls() const { return calls_; }
  uint64_t callback_ns() const { return callback_ns_; }
  void ResetCounts() {
    callback_result_ = 0;
    calls_ = 0;
    callback_ns_ = 0;
  }

 private:
  ModelRows RowsOf(uint32_t rows, const ModelBatch& batch, int32_t step) const;

  BatchShape shape_;
  uint32_t rows_max_;
  float* data_ = nullptr;
  float* grad_ = nullptr;
  float* loss_ = nullptr;
  float* margin_ = nullptr;
  float* soft_ = nullptr;  // null: never shown
  int32_t* label_ = nullptr;
  uint32_t* lane_ = nullptr;
  int64_t stride_[4] = {};
  ModelAnswer answer_;
  int callback_result_ = 0;
  uint32_t calls_ = 0;
  uint64_t callback_ns_ = 0;
};

}  // namespace headrace::loader
