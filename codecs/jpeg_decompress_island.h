// What the files of libjpeg-turbo's decoding zone share. For `codecs/jpeg_*island.cc` alone: they
// are the only ones that may touch the library's struct, under a setjmp of their own.
#pragma once

#include <csetjmp>
#include <cstddef>
#include <cstdint>
#include <cstdio>

// After cstdio: it needs FILE and does not say so.
#include <jpeglib.h>

#include "base/status.h"
#include "codecs/decoder.h"
#include "codecs/jpeg_island.h"

namespace headrace::codecs {

// The library's struct and what its hooks need. The hooks get a pointer to `jpeg` or to a member of
// it, so the way back is through client_data.
struct JpegIsland {
  jpeg_decompress_struct jpeg;
  jpeg_error_mgr errors;
  jpeg_source_mgr source;
  jpeg_progress_mgr progress;
  std::jmp_buf escape;
  void* (*alloc_small)(j_common_ptr, int, size_t);  // the library's

  // What stopped the last call: a code of the library's, or a limit of ours.
  int message = 0;
  bool limit_hit = false;
  bool end_of_file_hit = false;  // the file ended where more was expected

  uint64_t scans_max = 0;
  uint64_t pixel_scans_max = 0;
  DecodeReport report;
  const JOCTET* exif = nullptr;
  size_t exif_bytes = 0;
};

// Gives the memory of an image back (it can be all of limits.jpeg_memory) and keeps the object.
void EndJpegImage(JpegIsland& island);

// Of what stopped the last call.
Status JpegStatusOf(const JpegIsland& island);

// A progressive picture that lacks scans is smoothed from the blocks around, so a crop at an inner
// edge would differ from the whole, and its coefficients do not say what it looks like.
bool JpegIsSmoothed(const jpeg_decompress_struct& jpeg);

}  // namespace headrace::codecs
