#include <cstddef>
#include <memory>

#include "bindings/c/boundary.h"
#include "bindings/c/handles.h"

using headrace::Code;
using headrace::capi::BufferOf;
using headrace::capi::Fence;
using headrace::capi::SetError;
using headrace::loader::BatchBuffer;
using headrace::loader::BatchShape;
using headrace::loader::BatchStore;
using headrace::loader::TargetArrays;

static_assert(HR_U8 == static_cast<int>(headrace::simd::Dtype::kU8));
static_assert(HR_F16 == static_cast<int>(headrace::simd::Dtype::kF16));
static_assert(HR_BF16 == static_cast<int>(headrace::simd::Dtype::kBF16));
static_assert(HR_F32 == static_cast<int>(headrace::simd::Dtype::kF32));
static_assert(HR_NCHW == static_cast<int>(headrace::simd::Layout::kNchw));
static_assert(HR_NHWC == static_cast<int>(headrace::simd::Layout::kNhwc));

// A batch keeps its targets in a struct of the loader's that is the same.
static_assert(sizeof(hr_targets) == sizeof(TargetArrays));
static_assert(offsetof(hr_targets, count) == offsetof(TargetArrays, count));
static_assert(offsetof(hr_targets, offsets) == offsetof(TargetArrays, offsets));
static_assert(offsetof(hr_targets, boxes) == offsetof(TargetArrays, boxes));
static_assert(offsetof(hr_targets, classes) == offsetof(TargetArrays, classes));
static_assert(offsetof(hr_targets, ids) == offsetof(TargetArrays, ids));
static_assert(offsetof(hr_targets, area) == offsetof(TargetArrays, area));
static_assert(offsetof(hr_targets, crowd) == offsetof(TargetArrays, crowd));
static_assert(offsetof(hr_targets, flags) == offsetof(TargetArrays, flags));
static_assert(offsetof(hr_targets, weights) == offsetof(TargetArrays, weights));
static_assert(offsetof(hr_targets, mask_offsets) == offsetof(TargetArrays, mask_offsets));
static_assert(offsetof(hr_targets, masks) == offsetof(TargetArrays, masks));
static_assert(int{HR_TARGET_MOVED} == int{headrace::loader::kObjectMoved});
static_assert(int{HR_TARGET_CLIPPED} == int{headrace::loader::kObjectClipped});
static_assert(int{HR_TARGET_OCCLUDED} == int{headrace::loader::kObjectOccluded});

hr_status hr_batch_view(const hr_batch* batch, hr_batch_info* out, hr_error* error) {
  if (batch == nullptr) return SetError(error, Code::kInvalidArgument, "the batch is NULL");
  const BatchBuffer& buffer = *BufferOf(batch);
  const BatchShape& shape = buffer.store->shape();
  hr_batch_info info = {};
  info.epoch = buffer.epoch;
  info.batch = buffer.batch;
  info.count = buffer.rows;
  info.classes = shape.classes;
  info.images = buffer.images;
  info.images_bytes = uint64_t{shape.views} * buffer.rows * shape.sample_bytes();
  info.dtype = static_cast<int32_t>(shape.dtype);
  info.layout = static_cast<int32_t>(shape.layout);
  info.channels = shape.channels;
  info.height = shape.height;
  info.width = shape.width;
  info.views = shape.views;
  info.labels = buffer.soft == nullptr ? buffer.labels : nullptr;
  info.soft_labels = buffer.soft;
  info.ids = buffer.ids;
  info.valid = buffer.valid;
  info.lambda = buffer.lambda;
  info.partner = buffer.partner;
  info.mix_status = static_cast<int32_t>(buffer.mix_status);
  info.mix_entry = buffer.mix.entry;
  info.pixels = buffer.pixels;
  info.global_batch = buffer.global_batch;
  if (buffer.store->has_targets()) {
    info.targets = reinterpret_cast<const hr_targets*>(&buffer.targets.arrays());
  }
  return headrace::capi::Fill(out, info, error);
}

void hr_batch_release(hr_batch* batch) {
  if (batch != nullptr) BatchStore::Release(BufferOf(batch));
}

namespace {

// The C layout of DLPack 0.x (dlpack.h, struct names as there, so that debuggers show them).
struct DLDevice {
  int32_t device_type;
  int32_t device_id;
};
struct DLDataType {
  uint8_t code;
  uint8_t bits;
  uint16_t lanes;
};
struct DLTensor {
  void* data;
  DLDevice device;
  int32_t ndim;
  DLDataType dtype;
  int64_t* shape;
  int64_t* strides;
  uint64_t byte_offset;
};
constexpr int32_t kDLCPU = 1;
constexpr uint8_t kDLUInt = 1;
constexpr uint8_t kDLFloat = 2;
constexpr uint8_t kDLBfloat = 4;

DLDataType TypeOf(headrace::simd::Dtype dtype) {
  switch (dtype) {
    case headrace::simd::Dtype::kU8: return {kDLUInt, 8, 1};
    case headrace::simd::Dtype::kF16: return {kDLFloat, 16, 1};
    case headrace::simd::Dtype::kBF16: return {kDLBfloat, 16, 1};
    case headrace::simd::Dtype::kF32: return {kDLFloat, 32, 1};
  }
  return {};
}

}  // namespace

struct DLManagedTensor {
  DLTensor dl_tensor;
  void* manager_ctx;
  void (*deleter)(DLManagedTensor* self);
};

namespace {

// The tensor with the arrays that it points to; dlpack's part comes first.
struct BatchTensor {
  DLManagedTensor managed;
  int64_t shape[5];
  int64_t strides[5];
};

void DeleteTensor(DLManagedTensor* self) {
  auto* buffer = static_cast<BatchBuffer*>(self->manager_ctx);
  const std::unique_ptr<BatchTensor> freed_here(reinterpret_cast<BatchTensor*>(self));
  BatchStore::Release(buffer);
}

}  // namespace

hr_status hr_batch_dlpack(hr_batch* batch, DLManagedTensor** out, hr_error* error) {
  if (batch == nullptr || out == nullptr) {
    return SetError(error, Code::kInvalidArgument, "the batch or out is NULL");
  }
  *out = nullptr;
  return Fence(error, [&]() -> hr_status {
    BatchBuffer* buffer = BufferOf(batch);
    const BatchShape& shape = buffer->store->shape();
    auto tensor = std::make_unique<BatchTensor>();
    const int64_t n = buffer->rows;
    const int64_t c = shape.channels;
    const int64_t h = shape.height;
    const int64_t w = shape.width;
    const bool nchw = shape.layout == headrace::simd::Layout::kNchw;
    const int64_t sizes[5] = {shape.views, n, nchw ? c : h, nchw ? h : w, nchw ? w : c};
    // One view is no dimension.
    const int32_t first = shape.views > 1 ? 0 : 1;
    int64_t stride = 1;
    for (int i = 4; i >= 0; --i) {
      tensor->shape[i] = sizes[i];
      tensor->strides[i] = stride;
      stride *= sizes[i];
    }
    tensor->managed.dl_tensor = {.data = buffer->images,
                                 .device = {kDLCPU, 0},
                                 .ndim = 5 - first,
                                 .dtype = TypeOf(shape.dtype),
                                 .shape = tensor->shape + first,
                                 .strides = tensor->strides + first,
                                 .byte_offset = 0};
    tensor->managed.manager_ctx = buffer;
    tensor->managed.deleter = DeleteTensor;
    BatchStore::AddLease(buffer);
    *out = &tensor.release()->managed;
    return HR_OK;
  });
}
