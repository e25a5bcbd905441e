// The coefficient record (.hrc): DCT coefficients in a layout that is decoded without a branch a
// symbol. docs/pack-format.md has the bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "base/limits.h"
#include "base/result.h"
#include "codecs/decoder.h"
#include "codecs/jpeg_coefficients.h"

namespace headrace::codecs {

// Lossless: DecodeCoefRecord gives the same image. kUnsupportedFormat: sampling factors that the
// layout does not know.
Status EncodeCoefRecord(const JpegCoefficientImage& image, std::vector<std::byte>* record);
Status DecodeCoefRecord(std::span<const std::byte> record, const Limits& limits,
                        JpegCoefficientImage* image);

// A decoder of such records, with the pixels and planes that the JPEG would have.
Result<std::unique_ptr<Decoder>> MakeCoefDecoder();
uint64_t CoefDecoderBytes();

}  // namespace headrace::codecs
