// Restart markers of a file of which it is known that no part of it gives a warning: decoding may
// begin behind any of them, and what lies before need not be decoded.
//
// They are found by their bytes, each must have its number, and wherever decoding ends within a
// segment the marker behind it is looked at too. Damage in what is passed over is not seen; a
// marker that is missing, doubled or made up is.
#pragma once

#include <cstdint>

#include "codecs/jpeg_frame.h"
#include "codecs/record_bands.h"

namespace headrace::codecs {

// What: a place that moves forward over a file's markers. Owner and thread: a region decoder.
// Cost: a pass over the bytes that are not decoded; nothing is allocated.
class JpegRestarts {
 public:
  // Before the first MCU, or before the marker that the first MCU of a part lies behind. `frame`
  // must outlive the use, and ends with the part. False: the part is another file's.
  bool Begin(const JpegFrame& frame, const RecordPart& part);

  // The segment that the place is in: 0 before the first marker, then the number of markers passed.
  uint32_t segment() const { return segment_; }
  // Whether the first segment is there: Begin has not gone to a later one.
  bool from_start() const { return from_start_; }
  // A decoder has come to this byte, which lies in this segment.
  void SkipTo(uint32_t segment, const uint8_t* at);
  // On to the marker that segment number `segment` begins with, a later one; gives the marker's
  // byte in the file. False: something else stands in between.
  bool Find(uint32_t segment, uint64_t* byte);
  // Whether the segment at hand ends as it should. `is_last`: with any other marker.
  bool EndsWell(bool is_last);

 private:
  // On to the next 0xFF that is not stuffing; false: there is none.
  bool NextMarker();

  const uint8_t* begin_ = nullptr;
  const uint8_t* at_ = nullptr;
  const uint8_t* end_ = nullptr;
  uint32_t segment_ = 0;
  bool from_start_ = true;
};

}  // namespace headrace::codecs
