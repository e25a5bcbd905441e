// SampleFact: what a scan found out about one sample.
#pragma once

#include <cstdint>

#include "base/status.h"
#include "codecs/decoder.h"

namespace headrace::loader {

// A row of the scan's table, which has one for each sample: small and without text of its own.
struct SampleFact {
  uint64_t bytes = 0;
  uint64_t hash = 0;   // of the bytes
  uint32_t width = 0;  // upright; 0: the header could not be read
  uint32_t height = 0;
  Status status;  // of reading and decoding it whole
  codecs::Format format = codecs::Format::kUnknown;
  uint8_t channels = 0;
  bool was_seen = false;  // a scan that was cancelled has not seen all
  bool was_read = false;  // `hash` counts
  bool has_alpha = false;
  bool progressive = false;
  bool turned = false;  // by its EXIF orientation
  bool extraneous = false;
};

}  // namespace headrace::loader
