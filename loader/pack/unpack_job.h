// headrace unpack: shards of a pack to files again.
#pragma once

#include <cstdint>
#include <string>

#include "base/limits.h"
#include "loader/job.h"

namespace headrace::loader {

struct UnpackJob {
  std::string pack;    // its folder
  std::string folder;  // made if need be
  uint32_t workers = 0;
  bool force = false;  // files that differ are replaced, not refused
  Limits limits;       // of a coefficient record that becomes a JPEG
};

struct UnpackReport {
  uint32_t workers = 0;
  uint64_t shards = 0;
  uint64_t samples = 0;
  uint64_t samples_kept = 0;  // that were there, the same
  uint64_t decoded = 0;       // JPEGs made of coefficients
  uint64_t as_stored = 0;     // records written as they are
  uint64_t bad = 0;           // records that are damaged or pass a limit: a note each, and no file
  uint64_t record_bytes = 0;
  uint64_t file_bytes = 0;
};

// Blocks. Bad records do not end it: all others are written first, then it fails.
[[nodiscard]] bool RunUnpack(const UnpackJob& job, const JobHooks& hooks, UnpackReport* report,
                             JobError* error);

}  // namespace headrace::loader
