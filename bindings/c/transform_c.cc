#include <algorithm>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "bindings/c/boundary.h"
#include "bindings/c/handles.h"
#include "bindings/c/options.h"
#include "loader/config_toml.h"

using headrace::Code;
using headrace::Status;
using headrace::capi::Fence;
using headrace::capi::SetError;
using headrace::loader::Transform;

namespace {

hr_status FillImage(hr_image* out, const headrace::ConstImageView& pixels, hr_error* error) {
  hr_image image = {};
  image.width = pixels.width;
  image.height = pixels.height;
  image.channels = pixels.channels;
  image.stride_bytes = pixels.stride_bytes;
  image.pixels = pixels.data;
  return headrace::capi::Fill(out, image, error);
}

// A picture of the caller's.
Status ReadImage(const hr_image* image, headrace::ConstImageView* pixels) {
  hr_image known;
  if (image == nullptr) return {Code::kInvalidArgument, "hr_image: the image is NULL"};
  if (!headrace::capi::Read(image, &known)) {
    return {Code::kInvalidArgument, "hr_image: struct_size is not set"};
  }
  if (known.pixels == nullptr || known.width == 0 || known.height == 0) {
    return {Code::kInvalidArgument, "hr_image: the pixels are NULL, or a side is 0"};
  }
  if (known.channels != 1 && known.channels != 3) {
    return {Code::kInvalidArgument, "hr_image: the channels must be 1 or 3"};
  }
  if (known.stride_bytes < uint64_t{known.width} * known.channels) {
    return {Code::kInvalidArgument, "hr_image: the stride is less than a row of pixels"};
  }
  if (known.stride_bytes > PTRDIFF_MAX / known.height) {
    return {Code::kInvalidArgument, "hr_image: rows that far apart do not fit in memory"};
  }
  *pixels = {known.pixels, known.width, known.height, known.channels, known.stride_bytes};
  return {};
}

hr_status ReadDraw(const hr_transform& transform, const hr_draw* draw,
                   headrace::loader::SampleKey* key, hr_error* error) {
  hr_draw known;
  if (!headrace::capi::Read(draw, &known)) {
    return SetError(error, Code::kInvalidArgument, "hr_draw: struct_size is not set");
  }
  *key = {.seed = known.seed,
          .epoch = known.epoch,
          .id = known.sample_id,
          .label = draw == nullptr ? -1 : known.label,
          .view = known.view};
  if (key->view < transform.impl->views()) return HR_OK;
  return SetError(error, Code::kInvalidArgument, "hr_draw: the list has no such view");
}

}  // namespace

hr_status hr_transform_open(const char* const* ops, size_t op_count, const hr_options* options,
                            hr_transform** out, hr_error* error) {
  if (out == nullptr) return SetError(error, Code::kInvalidArgument, "out is NULL");
  *out = nullptr;
  return Fence(error, [&]() -> hr_status {
    hr_options known;
    std::vector<std::string> overrides;
    const hr_status read = headrace::capi::ReadOptions(options, &known, &overrides, error);
    if (read != HR_OK) return read;
    const hr_status forced = headrace::capi::ForceSimdFromEnvironment(error);
    if (forced != HR_OK) return forced;
    std::vector<std::string> tables;
    for (size_t i = 0; i < op_count; ++i) {
      if (ops == nullptr || ops[i] == nullptr) {
        return SetError(error, Code::kInvalidArgument, "an op is NULL");
      }
      tables.emplace_back(ops[i]);
    }
    // [decode] and [limits] come through the overrides; the data set is never looked at.
    headrace::loader::Config config;
    headrace::loader::ConfigError config_error;
    const headrace::loader::ConfigSource source{
        .text = "[dataset]\npath = \".\"\n", .name = "hr_transform", .overrides = overrides};
    if (!headrace::loader::ParseConfig(source, &config, &config_error) ||
        !headrace::loader::ParseOps(tables, &config.augment, &config_error)) {
      return SetError(error, config_error);
    }
    auto handle = std::make_unique<hr_transform>();
    if (!headrace::loader::Transform::Make(config, &handle->impl, &config_error)) {
      return SetError(error, config_error);
    }
    *out = handle.release();
    return HR_OK;
  });
}

hr_status hr_transform_apply(hr_transform* transform, const void* bytes, size_t length,
                             const hr_draw* draw, hr_image* out, hr_error* error) {
  if (transform == nullptr || (bytes == nullptr && length > 0)) {
    return SetError(error, Code::kInvalidArgument, "the transform or the bytes are NULL");
  }
  return Fence(error, [&]() -> hr_status {
    headrace::loader::SampleKey key;
    const hr_status read = ReadDraw(*transform, draw, &key, error);
    if (read != HR_OK) return read;
    headrace::ConstImageView pixels;
    const Status status =
        transform->impl->Apply({static_cast<const std::byte*>(bytes), length}, key, &pixels);
    if (!status.ok()) return SetError(error, status);
    return FillImage(out, pixels, error);
  });
}

hr_status hr_transform_apply_image(hr_transform* transform, const hr_image* image,
                                   const hr_draw* draw, hr_image* out, hr_error* error) {
  if (transform == nullptr) {
    return SetError(error, Code::kInvalidArgument, "the transform is NULL");
  }
  return Fence(error, [&]() -> hr_status {
    headrace::ConstImageView pixels;
    Status status = ReadImage(image, &pixels);
    if (!status.ok()) return SetError(error, status);
    headrace::loader::SampleKey key;
    const hr_status read = ReadDraw(*transform, draw, &key, error);
    if (read != HR_OK) return read;
    headrace::ConstImageView result;
    status = transform->impl->ApplyPixels(pixels, key, &result);
    if (!status.ok()) return SetError(error, status);
    return FillImage(out, result, error);
  });
}

hr_status hr_transform_convert(const hr_transform* transform, const hr_image* image, void* data,
                               size_t capacity, size_t* needed, hr_error* error) {
  if (transform == nullptr) {
    return SetError(error, Code::kInvalidArgument, "the transform is NULL");
  }
  return Fence(error, [&]() -> hr_status {
    headrace::ConstImageView pixels;
    const Status status = ReadImage(image, &pixels);
    if (!status.ok()) return SetError(error, status);
    const uint64_t bytes = transform->impl->ConvertedBytes(pixels.size());
    if (needed != nullptr) *needed = bytes;
    if (data == nullptr && capacity == 0) return HR_OK;
    if (data == nullptr || capacity < bytes) {
      return SetError(error, Code::kInvalidArgument,
                      "data is NULL or too small for the converted image: " +
                          std::to_string(bytes) + " bytes are needed");
    }
    transform->impl->Convert(pixels, data);
    return HR_OK;
  });
}

hr_status hr_transform_crops(hr_transform* transform, uint32_t height, uint32_t width,
                             uint32_t count, hr_image* out, hr_error* error) {
  if (transform == nullptr || out == nullptr) {
    return SetError(error, Code::kInvalidArgument, "the transform or out is NULL");
  }
  return Fence(error, [&]() -> hr_status {
    headrace::ConstImageView crops[Transform::kCropsMax];
    const std::span<headrace::ConstImageView> wanted(crops,
                                                     std::min<size_t>(count, Transform::kCropsMax));
    const Status status = count > Transform::kCropsMax
                              ? Status(Code::kInvalidArgument, "crops: the count is 5 or 10")
                              : transform->impl->Crops({width, height}, wanted);
    if (!status.ok()) return SetError(error, status);
    for (size_t i = 0; i < wanted.size(); ++i) {
      const hr_status filled = FillImage(&out[i], wanted[i], error);
      if (filled != HR_OK) return filled;
    }
    return HR_OK;
  });
}

hr_status hr_transform_explain(const hr_transform* transform, char* text, size_t capacity,
                               size_t* needed, hr_error* error) {
  if (transform == nullptr) {
    return SetError(error, Code::kInvalidArgument, "the transform is NULL");
  }
  return Fence(error, [&]() -> hr_status {
    return headrace::capi::GiveText(transform->impl->Explain(), text, capacity, needed, error);
  });
}

void hr_transform_close(hr_transform* transform) { delete transform; }
