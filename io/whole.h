// Reads and writes that are whole or say why not.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "base/status.h"

namespace headrace::io {

// What a message says when a file ends before the bytes asked for, or cannot be read. Static.
struct ReadTexts {
  const char* ended = "ends too early";
  const char* failed = "could not be read";
};

// All of `bytes`, or why not: kTruncated at the end of the file.
Status ReadAt(int fd, std::span<std::byte> bytes, uint64_t offset, const ReadTexts& texts = {});
// All of `bytes`. Fails rather than pass the process's file size limit, whose signal would kill it.
Status WriteAt(int fd, std::span<const std::byte> bytes, uint64_t offset);

}  // namespace headrace::io
