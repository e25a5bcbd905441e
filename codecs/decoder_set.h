// One decoder a format, made once a worker and reused: sniffs and forwards.
#pragma once

#include <memory>

#include "base/result.h"
#include "codecs/decoder.h"

namespace headrace::codecs {

// A Decoder for every format that this build knows. ReadHeader sniffs; an empty file is kEmptyFile,
// an unknown one kUnsupportedFormat (the text says what it looks like: GIF, BMP, TIFF, ...).
Result<std::unique_ptr<Decoder>> MakeDecoderSet(const Limits& limits);

// Bytes that a decoder set takes at open beside what libjpeg-turbo and libwebp allocate
// while decoding.
uint64_t DecoderSetBytes(const Limits& limits);

}  // namespace headrace::codecs
