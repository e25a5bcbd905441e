// Falsifies a record of entropy checkpoints and makes its checks right again, so that what lies
// behind the checks is reached.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "fuzz_jpeg_paths.h"

namespace headrace::fuzz {

// Where the first entropy-coded byte is, by the record's hash of what comes before. 0: not found.
size_t DataOffset(std::span<const std::byte> record, std::span<const std::byte> file);

// `record` is a right one of `file`. What kStale needs is done to the file instead.
void Falsify(const JpegPathsControl& control, std::span<const std::byte> file,
             std::vector<std::byte>* record);

}  // namespace headrace::fuzz
