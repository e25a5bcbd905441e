// Pixels to encoded bytes: PNG and JPEG, for pack, preview, apply and the demo set.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "base/image_view.h"
#include "base/result.h"

namespace headrace::codecs {

// channels 1 or 3, 8 bit. May allocate; not for the data path.
Result<std::vector<std::byte>> EncodePng(const ConstImageView& image);
struct JpegEncodeOptions {
  int quality = 90;       // 1..100, libjpeg's scale
  bool subsample = true;  // 4:2:0; else 4:4:4
  bool progressive = false;
  uint16_t restart_rows = 0;  // a restart marker every that many MCU rows; 0: none
};
Result<std::vector<std::byte>> EncodeJpeg(const ConstImageView& image,
                                          const JpegEncodeOptions& options);

}  // namespace headrace::codecs
