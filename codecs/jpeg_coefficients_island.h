// The zone of libjpeg-turbo's longjmp where coefficients are read and written as they are. Plain
// values in and out: the memory for coefficients is the caller's.
#pragma once

#include <cstdint>
#include <span>

#include "base/image_view.h"
#include "base/status.h"
#include "codecs/encoded_bytes.h"
#include "codecs/jpeg_frame.h"
#include "codecs/jpeg_island.h"

namespace headrace::codecs {

// A plane of coefficients in memory: [blocks_down][blocks_across][64], row-major.
struct JpegCoefficientPlane {
  uint32_t across = 1;  // sampling factors
  uint32_t down = 1;
  uint32_t blocks_across = 0;
  uint32_t blocks_down = 0;
  uint16_t quantisers[kJpegCoefficients] = {};
  int16_t* coefficients = nullptr;
};
struct JpegCoefficientPlanes {
  SizePx size;
  JpegColour colour = JpegColour::kYcc;
  uint32_t components = 0;  // 1 or 3
  JpegCoefficientPlane plane[kJpegComponentsMax];
};

// After JpegReadHeader, in this order. The first gives sizes and sampling; the second reads all
// scans into the library's own memory, which the operating system gives as it is written to; the
// third, after the second's success only, copies them to `coefficients` of each plane, gives the
// quantisers and ends the picture.
Status JpegDescribePlanes(const JpegIsland& island, JpegCoefficientPlanes* planes);
Status JpegReadScans(JpegIsland& island);
Status JpegCopyCoefficients(JpegIsland& island, JpegCoefficientPlanes* planes);

struct JpegWriteJob {
  uint32_t restart_mcus = 0;  // 0: no restart markers
  // Whole marker segments, which come first.
  std::span<const std::span<const std::byte>> segments;
  // Tables for the first component's coefficients and for the others', two of each; null: the
  // library finds the best ones in a pass of its own.
  const JpegHuffmanSpec* dc = nullptr;
  const JpegHuffmanSpec* ac = nullptr;
};

// Whether all components fit one scan; else each gets its own.
bool HaveOneScan(const JpegCoefficientPlanes& planes);

// Appends a sequential JPEG to `out`, whose memory is freed by the caller in any case. The planes'
// shapes must fit the size.
Status JpegWriteCoefficients(const JpegCoefficientPlanes& planes, const JpegWriteJob& job,
                             EncodedBytes* out);

}  // namespace headrace::codecs
