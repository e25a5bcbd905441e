// What a WebP file holds and where its picture lies. Plain parsing of the RIFF chunks, without
// libwebp: sizes are known, and checked, before libwebp sees a byte.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "base/image_view.h"
#include "base/limits.h"
#include "base/status.h"

namespace headrace::codecs {

struct WebpContainer {
  SizePx canvas;  // of a VP8X header; 0 x 0 of a file without one
  RectPx frame;   // of an animation: where its first frame lies on the canvas
  bool animated = false;
  std::span<const std::byte> picture;  // what libwebp decodes: the file, or the first frame
  std::span<const std::byte> exif;     // of the EXIF chunk; empty when there is none
  uint64_t extraneous_bytes = 0;       // behind the RIFF chunk
};

// Checks the canvas and the frame against `limits` and each other. A file that is shorter than its
// RIFF header says is kTruncated. `file` begins with "RIFF....WEBP".
Status ReadWebpContainer(std::span<const std::byte> file, const Limits& limits,
                         WebpContainer* container);

}  // namespace headrace::codecs
