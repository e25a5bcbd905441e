// What the files of libjpeg-turbo's encoding zone share. For `codecs/jpeg_*island.cc` alone: they
// are the only ones that may touch the library's struct, under a setjmp of their own.
#pragma once

#include <csetjmp>
#include <cstddef>
#include <cstdio>

// After cstdio: it needs FILE and does not say so.
#include <jpeglib.h>

#include "codecs/encoded_bytes.h"

namespace headrace::codecs {

// The library's struct and what its hooks need. The hooks find the way back through client_data.
struct JpegWriter {
  static constexpr size_t kBlockBytes = 16384;

  jpeg_compress_struct jpeg;
  jpeg_error_mgr errors;
  jpeg_destination_mgr destination;
  std::jmp_buf escape;
  int message = 0;  // what stopped it: a code of the library's
  EncodedBytes* out = nullptr;
  JOCTET block[kBlockBytes];
};

// Sets the hooks, which append to `out`. The struct may be destroyed from now on, created or not.
void PrepareJpegWriter(JpegWriter* writer, EncodedBytes* out);

}  // namespace headrace::codecs
