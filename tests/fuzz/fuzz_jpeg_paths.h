// What the inputs of fuzz_jpeg_paths begin with, for the target and its mutator.
#pragma once

#include <cstddef>
#include <cstdint>

namespace headrace::fuzz {

// The bytes before the JPEG say what is done with it.
struct JpegPathsControl {
  uint8_t reduction;  // bits 0..1: planes of 1/1 to 1/8
  uint8_t flags;      // bit 0: EXIF orientation, 1: the record is made on the region that is
                      // compared, 2: and used for planes
  uint8_t damage;     // modulo kDamages: what happens to the record
  uint8_t damage_value;
  uint8_t damage_place[2];
  uint8_t region[4];  // left, top, width, height as parts of 256 of what there is; 255: all
  uint8_t other[4];   // the region on which the record is made
};
inline constexpr size_t kControlBytes = sizeof(JpegPathsControl);
static_assert(kControlBytes == 14);

enum Damage : uint8_t {
  kByteChanged,    // the checksum tells
  kLengthChanged,  // so does the length
  kMendedByte,     // a byte changed, and the checksum made right again
  kMendedPlace,    // a place changed, and its check value and the checksum made right again
  kForged,         // other interval, all places moved, all checks right
  kStale,          // the record is right, but the file's data have changed
  kDamages
};

inline constexpr size_t kJpegBytesMax = 16 << 10;

}  // namespace headrace::fuzz
