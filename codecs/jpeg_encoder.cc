#include <memory>

#include "codecs/encoder.h"
#include "codecs/jpeg_encode_island.h"

namespace headrace::codecs {

Result<std::vector<std::byte>> EncodeJpeg(const ConstImageView& image,
                                          const JpegEncodeOptions& options) {
  constexpr uint32_t kSideMax = 65500;  // JPEG_MAX_DIMENSION
  if (image.width == 0 || image.height == 0 || image.width > kSideMax || image.height > kSideMax) {
    return Status(Code::kInvalidArgument, "a JPEG has 1 to 65500 pixels a side");
  }
  if (image.channels != 1 && image.channels != 3) {
    return Status(Code::kInvalidArgument, "a JPEG is written from 1 or 3 channels");
  }
  if (options.quality < 1 || options.quality > 100) {
    return Status(Code::kInvalidArgument, "a JPEG's quality is 1 to 100");
  }
  EncodedBytes out;
  const Status status = JpegWrite(image, options, &out);
  const std::unique_ptr<unsigned char, FreeDelete> owned(out.data);
  HR_TRY(status);
  const auto* bytes = reinterpret_cast<const std::byte*>(out.data);
  return std::vector<std::byte>(bytes, bytes + out.size);
}

}  // namespace headrace::codecs
