#include "codecs/upright.h"

#include "base/check.h"
#include "base/checked_math.h"
#include "simd/flip.h"

namespace headrace::codecs {

uint64_t UprightBytes(SizePx size, uint32_t channels, uint8_t orientation) {
  if (orientation == 1) return 0;
  const uint64_t row_bytes = SaturatingMul(size.width, channels);
  return RoundUp(SaturatingMul(row_bytes, size.height), kScratchAlign);
}

ConstImageView MakeUpright(const ConstImageView& decoded, uint8_t orientation,
                           std::span<std::byte> target) {
  if (orientation == 1) return decoded;
  const SizePx size = simd::OrientedSize(decoded.size(), orientation);
  const ImageView upright{reinterpret_cast<uint8_t*>(target.data()), size.width, size.height,
                          decoded.channels, size_t{size.width} * decoded.channels};
  HR_DCHECK(target.size() >= size_t{size.height} * upright.stride_bytes);
  simd::Orient(decoded, orientation, upright);
  return upright;
}

}  // namespace headrace::codecs
