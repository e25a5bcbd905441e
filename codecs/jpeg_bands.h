// RGB of a rectangle of a JPEG from its rows of MCUs, as a full decode by libjpeg-turbo gives it. A
// row of MCUs at a time is decoded, brought to full size and converted, so its planes stay in the
// cache.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "base/image_view.h"
#include "codecs/jpeg_frame.h"
#include "codecs/jpeg_geometry.h"
#include "codecs/jpeg_region.h"

namespace headrace::codecs {

// What JpegDecodeBands needs beside its target, in multiples of 64.
uint64_t JpegBandBytes(const JpegFrame& frame, const JpegGeometry& geometry);

// `geometry`: MakeJpegGeometry(frame, region, 1), or with more MCUs; those that `rows` gives.
// `rgb`: of the region's size. `*colour_share`: how much of the time went into colours. False as
// JpegMcuRows says.
bool JpegDecodeBands(JpegMcuRows* rows, const JpegFrame& frame, const JpegGeometry& geometry,
                     const RectPx& region, std::span<std::byte> scratch, const ImageView& rgb,
                     float* colour_share);

}  // namespace headrace::codecs
