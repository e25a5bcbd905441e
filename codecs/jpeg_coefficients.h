// A JPEG as its quantised DCT coefficients: what a lossless pack changes the coding of.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/image_view.h"
#include "base/limits.h"
#include "base/status.h"
#include "codecs/jpeg_frame.h"

namespace headrace::codecs {

// What: every coefficient of a grey, YCbCr or RGB picture of 8 bits, and the marker segments that
// travel with it. Plain value; pictures of other kinds do not come in this form.
struct JpegCoefficientImage {
  struct Plane {
    uint32_t across = 1;  // sampling factors, 1 to 4
    uint32_t down = 1;
    uint32_t blocks_across = 0;  // those that hold samples of the picture, without the padding of
    uint32_t blocks_down = 0;    // the last MCUs
    uint16_t quantisers[kJpegCoefficients] = {};  // row-major order
    // [blocks_down][blocks_across][64], each block in row-major order.
    std::vector<int16_t> coefficients;
  };

  SizePx size;
  JpegColour colour = JpegColour::kYcc;
  uint32_t components = 0;  // 1 or 3
  Plane plane[kJpegComponentsMax];
  // JFIF, EXIF, ICC and Adobe segments as the file has them, end to end, from their FF on.
  std::vector<std::byte> segments;
};

// Any JPEG that libjpeg-turbo reads without a warning, sequential or progressive, Huffman or
// arithmetic. kUnsupportedFormat: it is no JPEG, or not of these kinds (CMYK, 12 bits), or has
// oddities that decoders only count (extraneous bytes, scans out of order); kCorrupt, kTruncated:
// it gave an error or a data warning.
Status ReadJpegCoefficients(std::span<const std::byte> file, const Limits& limits,
                            JpegCoefficientImage* image);

struct JpegWriteOptions {
  uint32_t restart_mcus = 0;  // a restart marker after every so many MCUs; 0: none
};

// Whether WriteJpeg can write it without restart markers: kUnsupportedFormat for coefficients that
// the symbols of an 8-bit JPEG cannot say. libjpeg-turbo reads such files without a warning.
Status CheckWritable(const JpegCoefficientImage& image);

// A sequential JPEG with Huffman tables of its own that decodes to the same planes.
Status WriteJpeg(const JpegCoefficientImage& image, const JpegWriteOptions& options,
                 std::vector<std::byte>* file);

}  // namespace headrace::codecs
