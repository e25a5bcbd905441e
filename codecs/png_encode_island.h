// The zone of libpng's longjmp while encoding.
#pragma once

#include "base/image_view.h"
#include "base/status.h"
#include "codecs/encoded_bytes.h"

namespace headrace::codecs {

// Appends a PNG of `image` (channels 1 or 3) to `out`, whose memory is freed by the caller in any
// case.
Status PngWrite(const ConstImageView& image, EncodedBytes* out);

}  // namespace headrace::codecs
