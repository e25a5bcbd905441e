// How a decoder divides its scratch.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "base/checked_math.h"
#include "codecs/upright.h"

namespace headrace::codecs {

// Begins every part of the scratch on a cache line, one after the other.
struct ScratchPart {
  uint64_t offset = 0;
  uint64_t bytes = 0;

  std::span<std::byte> Of(std::span<std::byte> scratch) const {
    return scratch.subspan(offset, bytes);
  }
};

inline ScratchPart TakeScratch(uint64_t* total, uint64_t bytes) {
  const ScratchPart part = {*total, RoundUp(bytes, kScratchAlign)};
  *total = SaturatingAdd(*total, part.bytes);
  return part;
}

}  // namespace headrace::codecs
