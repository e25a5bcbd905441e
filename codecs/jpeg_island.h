// The zone of libjpeg-turbo's longjmp while decoding: the functions below are the only ones that
// call it. They take and give plain values, so no object with a destructor lives on a stack that a
// jump cuts off.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "base/image_view.h"
#include "base/limits.h"
#include "base/status.h"
#include "codecs/decoder.h"
#include "codecs/jpeg_frame.h"

namespace headrace::codecs {

struct JpegIsland;  // one jpeg_decompress_struct with its hooks
struct JpegIslandDelete {
  void operator()(JpegIsland* island) const;
};
using JpegIslandHandle = std::unique_ptr<JpegIsland, JpegIslandDelete>;

struct JpegHeader {
  SizePx size;
  uint32_t components = 0;          // 1, 3 or 4
  bool all_scans = false;           // progressive or several scans: rows exist when all were read
  uint32_t crop_step_px = 8;        // crop_scanline moves the left edge down to a multiple of this
  uint32_t crop_margin_px = 0;      // columns to add on each side, so that the inner ones are exact
  uint32_t extraneous = 0;          // bytes that belong nowhere were met so often
  std::span<const std::byte> exif;  // the first EXIF block; points into the file
};

// After JpegReadHeader: what kind of file it is for our own decoder.
JpegFrame JpegDescribe(const JpegIsland& island, std::span<const std::byte> file);

// Where the rows of one region go. All sizes are of the stored picture.
struct JpegRowsJob {
  RectPx region;
  RectPx columns;  // what crop_scanline will give: `region` widened to the left and right
  // RGB rows. Without `rows` libjpeg-turbo writes them itself, all of `columns`; with `rows` they
  // pass through it and `target` gets the region's columns only.
  ImageView target;
  std::span<uint8_t>
      rows;  // kJpegRowsAtOnce rows of the whole width, `row_channels` each; or empty
  uint32_t row_channels = 3;
};

inline constexpr uint32_t kJpegRowsAtOnce = 16;

// Planes of one region as libjpeg-turbo has them, before chroma is doubled. It gives whole rows of
// MCUs; they pass through `rows`.
struct JpegPlanesJob {
  uint32_t components = 0;
  uint32_t reduction = 1;  // planes at 1/1, 1/2, 1/4 or 1/8 of their size
  struct Plane {
    uint32_t block_px = 8;  // samples of a block and side at that size
    SizePx size;            // of the whole plane
    RectPx samples;         // what is wanted of it
    ImageView target;       // of the size of `samples`, one channel
    uint8_t* rows = nullptr;
    size_t row_bytes = 0;  // whole blocks
  };
  Plane plane[kJpegComponentsMax];
};

// Null when there is no memory for it.
JpegIslandHandle MakeJpegIsland();

// Starts on a file; forgets the one before. Checks what the header says against `limits` before
// anything in proportion to it is taken.
Status JpegReadHeader(JpegIsland& island, std::span<const std::byte> file, const Limits& limits,
                      JpegHeader* header);

// After JpegReadHeader, once: decodes rows up to the last one of the region. The first data warning
// ends it: the sample is corrupt then and its pixels are of no use.
Status JpegReadRegion(JpegIsland& island, const JpegRowsJob& job, DecodeReport* report);

// The same for planes, of a file whose frame is `planar`.
Status JpegReadPlanes(JpegIsland& island, const JpegPlanesJob& job, DecodeReport* report);

}  // namespace headrace::codecs
