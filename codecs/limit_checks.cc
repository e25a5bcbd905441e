#include "codecs/limit_checks.h"

#include "base/checked_math.h"

namespace headrace::codecs {

Status CheckEncodedBytes(std::span<const std::byte> file, const Limits& limits) {
  if (file.empty()) return {Code::kEmptyFile, "the file is empty"};
  if (file.size() > limits.max_encoded_bytes) {
    return {Code::kLimitBytes, "the file is larger than limits.max_encoded_bytes"};
  }
  return {};
}

Status CheckSize(uint64_t width, uint64_t height, const Limits& limits) {
  if (width == 0 || height == 0) {
    return {Code::kCorrupt, "the picture has a width or height of 0"};
  }
  if (width > limits.max_side || height > limits.max_side) {
    return {Code::kLimitPixels, "a side of the picture is longer than limits.max_side"};
  }
  if (SaturatingMul(width, height) > limits.max_pixels) {
    return {Code::kLimitPixels, "the picture has more pixels than limits.max_pixels"};
  }
  return {};
}

Status CheckRegion(const RectPx& region, SizePx upright, uint64_t needed_bytes,
                   uint64_t scratch_bytes, const Limits& limits) {
  if (region.width == 0 || region.height == 0 ||
      uint64_t{region.x} + region.width > upright.width ||
      uint64_t{region.y} + region.height > upright.height) {
    return {Code::kInvalidArgument, "the region is empty or leaves the picture"};
  }
  if (needed_bytes > limits.max_decoded_bytes) {
    return {Code::kLimitBytes, "decoding needs more memory than limits.max_decoded_bytes"};
  }
  if (scratch_bytes < needed_bytes) {
    return {Code::kInvalidArgument, "the scratch is smaller than the decoder asked for"};
  }
  return {};
}

}  // namespace headrace::codecs
