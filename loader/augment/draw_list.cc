#include "loader/augment/draw_list.h"

#include "base/check.h"
#include "base/checked_math.h"

namespace headrace::loader {

uint64_t PictureBytes(SizePx size) {
  return SaturatingMul(SaturatingMul(size.width, size.height), kPictureChannels);
}

ImageView PictureIn(std::span<std::byte> memory, SizePx size) {
  HR_DCHECK(memory.size() >= PictureBytes(size));
  return {reinterpret_cast<uint8_t*>(memory.data()), size.width, size.height, kPictureChannels,
          size_t{size.width} * kPictureChannels};
}

ImageView Picture::TargetIn(std::span<std::byte> output) const {
  return ours ? Writable() : PictureIn(output, pixels.size());
}

}  // namespace headrace::loader
