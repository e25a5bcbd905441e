// A sample on its way: its ticket and the lane that holds its encoded bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "codecs/record_bands.h"

namespace headrace::loader {

// Which sample goes where.
struct SampleTicket {
  uint64_t id = 0;          // the sample drawn by the order
  uint32_t generation = 0;  // of the run it belongs to; older ones are dropped on the way
  uint32_t epoch = 0;
  uint32_t buffer = 0;  // batch buffer
  uint32_t index = 0;   // in the batch
};

// What: memory for one encoded sample, and its state. Owner: the pool, then by turns the read
// stage, the work ring and one worker; never two at a time.
struct Lane {
  std::span<std::byte> memory;  // of the lane itself
  bool in_big_area = false;     // the bytes lie in the shared area instead
  bool grew = false;            // the file no longer fits `memory`, whatever the data set says
  bool through_cache = false;   // a read past the page cache failed; this sample takes no other
  bool whole = false;           // a part of the file did not do: all of it is read and looked at
  std::span<const std::byte> encoded;
  // What of `encoded` the decode looks at; of the rest not all may have been read.
  codecs::RecordPart part;
  // What an earlier decode of this file noted, 16-byte aligned; empty: nothing. It may be anything:
  // whoever uses it checks it.
  std::span<const std::byte> record;
  SampleTicket ticket;
  uint64_t id = 0;       // the sample read: the ticket's, or a substitute
  uint32_t attempt = 0;  // substitutes tried
};

}  // namespace headrace::loader
