// What a record may cost, for the codec that makes it, the index that keeps it and the lane that
// takes it.
#pragma once

#include <algorithm>
#include <cstdint>

namespace headrace::loader {

// Records lie at multiples of this, in the files and in the lanes.
inline constexpr uint64_t kRecordAlignment = 16;

inline constexpr uint64_t kRecordBytesMax = uint64_t{64} << 10;
inline constexpr uint64_t kRecordBytesMin = 64;  // allowed to files of any size

// The largest record of a file of `file_bytes`: 4 % of it.
constexpr uint64_t RecordBytesMax(uint64_t file_bytes) {
  return std::clamp(file_bytes / 25, kRecordBytesMin, kRecordBytesMax);
}

}  // namespace headrace::loader
