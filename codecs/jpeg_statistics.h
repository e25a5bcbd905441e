// Which symbols a scan of given coefficients has, and the Huffman codes that are best for them.
#pragma once

#include <cstdint>

#include "codecs/jpeg_coefficients_island.h"
#include "codecs/jpeg_frame.h"

namespace headrace::codecs {

struct JpegSymbolCounts {
  uint64_t dc[256] = {};
  uint64_t ac[256] = {};
};

// Of one interleaved sequential scan with a restart marker every `restart_mcus` MCUs (0: none).
// `counts[0]` for the first component, `counts[1]` for the others. False: a coefficient that no
// picture of 8 bits has.
bool CountJpegSymbols(const JpegCoefficientPlanes& planes, uint32_t restart_mcus,
                      JpegSymbolCounts counts[2]);

// Codes of at most 16 bits, none of them all ones; as annex K.2 of the standard and as
// libjpeg-turbo makes them.
JpegHuffmanSpec BestJpegHuffman(const uint64_t counts[256]);

}  // namespace headrace::codecs
