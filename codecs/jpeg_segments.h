// The marker segments before a JPEG's data, and which of them matter to whoever decodes it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "codecs/jpeg_frame.h"

namespace headrace::codecs {

// What: walks over the segments of a file up to its first scan, or over some that lie end to end.
// Ends early at bytes that are no segment. Plain view; the bytes must outlive it.
class JpegSegments {
 public:
  enum Kind : uint8_t { kFile, kBare };  // kBare: without the start of an image

  explicit JpegSegments(std::span<const std::byte> bytes, Kind kind = kFile);

  // False: there is no other.
  bool Next();

  uint8_t marker() const { return std::to_integer<uint8_t>(segment_[1]); }
  // From its FF on, without fill bytes; and what is behind the length.
  std::span<const std::byte> segment() const { return segment_; }
  std::span<const std::byte> payload() const { return segment_.subspan(4); }

  bool IsJfif() const;
  bool IsExif() const;
  bool IsIcc() const;
  bool IsAdobe() const;
  bool IsKept() const { return IsJfif() || IsExif() || IsIcc() || IsAdobe(); }

 private:
  std::span<const std::byte> bytes_;
  std::span<const std::byte> segment_;
  size_t at_ = 0;
};

// The colours that libjpeg-turbo takes three components for: as these segments say, else
// `by_ids`.
JpegColour ColourBySegments(std::span<const std::byte> segments, JpegColour by_ids);

}  // namespace headrace::codecs
