// JPEG: the pixels of a full decode by libjpeg-turbo, for the work of a region.
#pragma once

#include <memory>

#include "base/result.h"
#include "codecs/decoder.h"

namespace headrace::codecs {

// Baseline, extended, progressive and arithmetic JPEGs of 8 bits a sample; grey, YCbCr, RGB, CMYK
// and YCCK. Pixels equal Pillow's convert("RGB") on the same libjpeg-turbo (accurate integer DCT,
// fancy upsampling; CMYK by Adobe's inverted convention). Rows above the region are entropy-decoded
// only, rows below it are not read, unless the file has several scans.
//
// kOurs: sequential Huffman-coded files with factors 1 and 2 go through our own region decoder, and
// to libjpeg-turbo only if anything is odd about their data. kLibrary: all by libjpeg-turbo; the
// results are the same, which tests and benchmarks make use of.
enum class JpegPath : uint8_t { kOurs, kLibrary };
Result<std::unique_ptr<Decoder>> MakeJpegDecoder(JpegPath path = JpegPath::kOurs);

// Bytes of one such decoder at rest.
uint64_t JpegDecoderBytes();

}  // namespace headrace::codecs
