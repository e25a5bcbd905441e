// headrace scan --verify: a pack against its checksums, and against what it was made of.
#pragma once

#include <cstdint>
#include <string>

#include "loader/config.h"
#include "loader/dataset.h"
#include "loader/job.h"

namespace headrace::loader {

struct VerifyJob {
  std::string pack;                 // its folder
  const Dataset* source = nullptr;  // to compare with, or none
  const Config* config = nullptr;   // of the source: its decode and limits tables
  uint32_t workers = 0;
};

struct VerifyReport {
  uint32_t workers = 0;
  uint64_t shards = 0;
  uint64_t samples = 0;
  uint64_t bad = 0;       // notes given
  uint64_t compared = 0;  // samples whose pixels are the source's, or are not
  uint64_t record_bytes = 0;
};

// Blocks. Gives a note for everything that is wrong; false only when the pack as a whole cannot be
// looked at.
[[nodiscard]] bool RunVerify(const VerifyJob& job, const JobHooks& hooks, VerifyReport* report,
                             JobError* error);

}  // namespace headrace::loader
