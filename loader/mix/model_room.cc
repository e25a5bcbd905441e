#include "loader/mix/model_room.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "base/check.h"
#include "base/checked_math.h"
#include "base/clock.h"

namespace headrace::loader {
namespace {

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

// Where the arrays of a room lie in its memory.
struct RoomLayout {
  uint64_t data = 0;
  uint64_t grad = 0;
  uint64_t loss = 0;
  uint64_t margin = 0;
  uint64_t soft = 0;
  uint64_t label = 0;
  uint64_t lane = 0;
  uint64_t bytes = 0;
};

RoomLayout LayOut(const BatchShape& shape, uint32_t rows, bool soft) {
  RoomLayout layout;
  uint64_t end = 0;
  const auto place = [&](uint64_t elements) {
    const uint64_t at = end;
    end = RoundUp(SaturatingAdd(end, SaturatingMul(SaturatingMul(rows, elements), 4)), 64);
    return at;
  };
  layout.data = place(shape.sample_elements());
  layout.grad = place(shape.sample_elements());
  layout.loss = place(1);
  layout.margin = place(1);
  layout.soft = place(soft ? shape.classes : 0);
  layout.label = place(1);
  layout.lane = place(1);
  layout.bytes = end;
  return layout;
}

// out[i * step] = table[pixels[i]].
void Look(const uint8_t* pixels, const float (&table)[256], size_t count, size_t step, float* out) {
  if (step == 1) {
    for (size_t i = 0; i < count; ++i) out[i] = table[pixels[i]];
  } else {
    for (size_t i = 0; i < count; ++i) out[i * step] = table[pixels[i]];
  }
}

}  // namespace

uint64_t ModelRoom::Bytes(const BatchShape& shape, uint32_t rows, bool soft) {
  return LayOut(shape, rows, soft).bytes;
}

ModelRoom::ModelRoom(const BatchShape& shape, uint32_t rows, bool soft, std::span<std::byte> memory)
    : shape_(shape), rows_max_(rows) {
  const RoomLayout layout = LayOut(shape, rows, soft);
  HR_DCHECK(memory.size() >= layout.bytes);
  const auto floats = [&](uint64_t at) { return reinterpret_cast<float*>(memory.data() + at); };
  data_ = floats(layout.data);
  grad_ = floats(layout.grad);
  loss_ = floats(layout.loss);
  margin_ = floats(layout.margin);
  if (soft) soft_ = floats(layout.soft);
  label_ = reinterpret_cast<int32_t*>(memory.data() + layout.label);
  lane_ = reinterpret_cast<uint32_t*>(memory.data() + layout.lane);
  const auto c = static_cast<int64_t>(shape.channels);
  const auto h = static_cast<int64_t>(shape.height);
  const auto w = static_cast<int64_t>(shape.width);
  const bool planar = shape.layout == simd::Layout::kNchw;
  const int64_t strides[4] = {c * h * w, planar ? h * w : 1, planar ? w : w * c, planar ? 1 : c};
  std::copy_n(strides, 4, stride_);
}

void ModelRoom::SetRow(uint32_t row, const ModelBatch& batch, uint32_t lane,
                       const ValueTable& table) {
  HR_DCHECK(row < rows_max_ && lane < batch.rows);
  const size_t plane = size_t{shape_.height} * shape_.width;
  const uint8_t* pixels = batch.pixels + lane * shape_.sample_elements();
  float* out = data_ + row * shape_.sample_elements();
  for (uint32_t c = 0; c < shape_.channels; ++c) {
    Look(pixels + c * plane, table[c], plane, static_cast<size_t>(stride_[3]),
         out + c * stride_[1]);
  }
  label_[row] = static_cast<int32_t>(batch.labels[lane]);
  lane_[row] = lane;
  if (soft_ != nullptr) {
    std::copy_n(batch.soft + size_t{lane} * shape_.classes, shape_.classes,
                soft_ + size_t{row} * shape_.classes);
  }
}

ModelRows ModelRoom::RowsOf(uint32_t rows, const ModelBatch& batch, int32_t step) const {
  ModelRows in{.rows = rows,
               .channels = shape_.channels,
               .height = shape_.height,
               .width = shape_.width,
               .step = step,
               .data = data_,
               .label = label_,
               .soft_label = soft_,
               .classes = shape_.classes,
               .lane = lane_,
               .batch = batch.global_batch};
  std::copy_n(stride_, 4, in.stride);
  return in;
}

Status ModelRoom::Call(const ModelFn& model, uint32_t rows, const ModelBatch& batch, int32_t step) {
  answer_ = {.loss = loss_, .margin = margin_, .grad = grad_};
  std::copy_n(stride_, 4, answer_.stride);
  std::fill_n(loss_, rows, kNan);
  std::fill_n(margin_, rows, kNan);
  for (uint32_t row = 0; row < rows; ++row) grad_[row * shape_.sample_elements()] = kNan;
  const ModelRows in = RowsOf(rows, batch, step);
  const int64_t begin = NowNs();
  callback_result_ = model.call(model.context, in, &answer_);
  callback_ns_ += static_cast<uint64_t>(NowNs() - begin);
  ++calls_;
  if (callback_result_ != 0) return {Code::kCallbackFailed, "the model callback failed"};
  if (answer_.loss == nullptr || answer_.grad == nullptr) {
    return {Code::kCallbackFailed, "the model callback set loss or grad to NULL"};
  }
  return {};
}

bool ModelRoom::GradientLength(uint32_t row, float* map) const {
  double total = 0;  // of all squares: not a number if one of them is none
  for (uint32_t y = 0; y < shape_.height; ++y) {
    for (uint32_t x = 0; x < shape_.width; ++x) {
      double square = 0;
      for (uint32_t c = 0; c < shape_.channels; ++c) {
        const double value = grad(row, c)[y * answer_.stride[2] + x * answer_.stride[3]];
        square += value * value;
      }
      total += square;
      map[size_t{y} * shape_.width + x] = static_cast<float>(std::sqrt(square / shape_.channels));
    }
  }
  return std::isfinite(total);
}

Status ModelRoom::CallSaliency(const SaliencyFn& saliency, uint32_t rows, const ModelBatch& batch,
                               SaliencyAnswer* answer) {
  // The gradients' memory has room for a map a row. What is not written is no number.
  *answer = {.grid_height = shape_.height, .grid_width = shape_.width, .maps = grad_};
  const size_t plane = size_t{shape_.height} * shape_.width;
  std::fill_n(grad_, rows * plane, kNan);
  const ModelRows in = RowsOf(rows, batch, 0);
  const int64_t begin = NowNs();
  callback_result_ = saliency.call(saliency.context, in, answer);
  callback_ns_ += static_cast<uint64_t>(NowNs() - begin);
  ++calls_;
  if (callback_result_ != 0) return {Code::kCallbackFailed, "the saliency callback failed"};
  if (answer->maps == nullptr || answer->grid_height == 0 || answer->grid_width == 0) {
    return {Code::kCallbackFailed, "the saliency callback gave no grid"};
  }
  if (answer->maps == grad_ &&
      (answer->grid_height > shape_.height || answer->grid_width > shape_.width)) {
    return {Code::kCallbackFailed,
            "the saliency callback's grid is larger than the memory that it was given"};
  }
  return {};
}

}  // namespace headrace::loader
