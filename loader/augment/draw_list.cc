#include "loader/augment/draw_list.h"

#include <cstring>

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

void CopyPicture(const ConstImageView& source, const ImageView& target) {
  HR_DCHECK(source.size() == target.size() && source.channels == target.channels);
  for (uint32_t y = 0; y < source.height; ++y) {
    std::memcpy(target.Row(y), source.Row(y), source.row_bytes());
  }
}

}  // namespace headrace::loader
