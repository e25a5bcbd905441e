// JPEG by libjpeg-turbo: the pixels of a full decode, for the work of a region.
#pragma once

#include <memory>

#include "base/result.h"
#include "codecs/decoder.h"

namespace headrace::codecs {

// Baseline, extended, progressive and arithmetic JPEGs of 8 bits a sample; grey, YCbCr, RGB, CMYK
// and YCCK. Pixels equal Pillow's convert("RGB") on the same libjpeg-turbo (accurate integer DCT,
// fancy upsampling; CMYK by Adobe's inverted convention). Rows above the region are entropy-decoded
// only, rows below it are not read, unless the file has several scans.
Result<std::unique_ptr<Decoder>> MakeJpegDecoder();

// Bytes of one such decoder at rest.
uint64_t JpegDecoderBytes();

}  // namespace headrace::codecs
