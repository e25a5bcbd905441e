// PNG by libpng: every colour type and depth, interlaced or not, as 8-bit RGB.
#pragma once

#include <memory>

#include "base/limits.h"
#include "base/result.h"
#include "codecs/decoder.h"

namespace headrace::codecs {

// Pixels equal Pillow's convert("RGB"), except that 16-bit grey is value / 257 rounded (Pillow
// would clip it at 255). Gamma, chromaticity and profiles are not applied. Of an APNG the default
// image. libpng takes its memory from an arena made here, for the widest picture that `limits`
// allow.
Result<std::unique_ptr<Decoder>> MakePngDecoder(const Limits& limits);

// Bytes of one such decoder.
uint64_t PngDecoderBytes(const Limits& limits);

}  // namespace headrace::codecs
