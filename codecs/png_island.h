// The zone of libpng's longjmp while decoding: PngReadRegion is the only function that calls it. It
// takes plain values, so no object with a destructor lives on a stack that a jump cuts off.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "base/image_view.h"
#include "base/status.h"
#include "codecs/decoder.h"
#include "codecs/png_chunks.h"

namespace headrace::codecs {

// Memory for all that libpng and zlib ask for during one picture: one block after the other, and
// only the last can be given back singly. libpng's needs for one picture are bounded by its width.
// Owner: one decoder. Thread: its worker's. Cost: none a picture, it is only rewound.
struct PngArena {
  std::span<std::byte> memory;  // aligned as operator new aligns
  size_t used = 0;
  size_t last_block = 0;
  bool exhausted = false;

  void Rewind();
  void* Take(size_t bytes);  // null when it does not fit
  void GiveBack(const void* block);
};

// Bytes of an arena for pictures up to `width_px`.
uint64_t PngArenaBytes(uint64_t width_px);

struct PngRegionJob {
  std::span<const std::byte> file;
  const PngHeader* header = nullptr;
  RectPx region;  // of the stored picture
  // Alpha: not looked at, or blended over a background.
  bool blend = false;
  uint8_t background[3] = {0, 0, 0};
  bool palette_indices = false;  // as DecodeOptions has it
  // Where the pixels go: the region as RGB; or, for an interlaced picture, the region's rows over
  // the whole width, RGB or (with `blend`) RGBA, put together pass by pass.
  ImageView target;
};

struct PngRegionResult {
  DecodeReport report;
  uint32_t channels = 3;  // of an interlaced picture's rows in `target`
};

// Decodes rows up to the last one of the region; an interlaced picture whole. Picture data that are
// damaged, or end before that row, are kCorrupt or kTruncated. When the region reaches the last
// row, the rest of the picture data is checked too (CRC and Adler sums).
Status PngReadRegion(PngArena& arena, const PngRegionJob& job, PngRegionResult* result);

}  // namespace headrace::codecs
