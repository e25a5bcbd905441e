// WebP by libwebp: lossy, lossless, with or without alpha, and the first frame of an animation.
#pragma once

#include <memory>

#include "base/result.h"
#include "codecs/decoder.h"

namespace headrace::codecs {

// Pixels equal Pillow's convert("RGB"); of an animation the first frame, on a canvas that is
// transparent black elsewhere. A file that is cut short is in error whatever its region.
//
// libwebp has no hook for its memory. What a picture of this size takes is worked out from the
// header and refused (kLimitMemory) beyond limits.jpeg_memory, the bound of what a worker's codec
// library may take.
Result<std::unique_ptr<Decoder>> MakeWebpDecoder();

// Bytes of one such decoder.
uint64_t WebpDecoderBytes();

}  // namespace headrace::codecs
