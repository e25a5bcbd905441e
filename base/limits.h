// What one sample may cost. Checked before memory is taken; the error names the key.
#pragma once

#include <cstdint>

namespace headrace {

struct Limits {
  // [limits] of the configuration, same names.
  uint64_t max_pixels = 178956970;  // Pillow's bomb limit
  uint32_t max_side = 65535;
  uint64_t max_decoded_bytes = uint64_t{512} << 20;
  uint64_t max_encoded_bytes = uint64_t{256} << 20;
  uint32_t jpeg_scans = 32;
  uint64_t jpeg_memory = uint64_t{256} << 20;
  uint64_t scratch_pixels = 16777216;

  // Not in the configuration.
  uint64_t pixel_scans_max = uint64_t{1} << 30;  // pixels x scans of a progressive JPEG
  uint32_t png_chunk_bytes_max = 1u << 20;
  uint32_t exif_bytes_max = 64u << 10;
  uint32_t exif_entries_max = 256;
};

}  // namespace headrace
