// The zone of libjpeg-turbo's longjmp while encoding.
#pragma once

#include "base/image_view.h"
#include "base/status.h"
#include "codecs/encoded_bytes.h"
#include "codecs/encoder.h"

namespace headrace::codecs {

// Appends a JPEG of `image` (channels 1 or 3) to `out`, whose memory is freed by the caller in any
// case.
Status JpegWrite(const ConstImageView& image, const JpegEncodeOptions& options, EncodedBytes* out);

}  // namespace headrace::codecs
