#include <memory>

#include "codecs/encoder.h"
#include "codecs/png_encode_island.h"

namespace headrace::codecs {

Result<std::vector<std::byte>> EncodePng(const ConstImageView& image) {
  constexpr uint32_t kSideMax = 1'000'000;  // libpng's own limit when writing
  if (image.width == 0 || image.height == 0 || image.width > kSideMax || image.height > kSideMax) {
    return Status(Code::kInvalidArgument, "a PNG has 1 to 1000000 pixels a side");
  }
  if (image.channels != 1 && image.channels != 3) {
    return Status(Code::kInvalidArgument, "a PNG is written from 1 or 3 channels");
  }
  EncodedBytes out;
  const Status status = PngWrite(image, &out);
  const std::unique_ptr<unsigned char, FreeDelete> owned(out.data);
  HR_TRY(status);
  const auto* bytes = reinterpret_cast<const std::byte*>(out.data);
  return std::vector<std::byte>(bytes, bytes + out.size);
}

}  // namespace headrace::codecs
