// The choice between io_uring and plain reads, made once at open.
#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "io/reader.h"

namespace headrace::io {

enum class ReaderChoice { kAuto, kUring, kPread };

struct ReaderOptions {
  ReaderChoice choice = ReaderChoice::kAuto;
  uint32_t queue_len = 64;  // requests in flight at most
};

struct MadeReader {
  std::unique_ptr<Reader> reader;
  // One line for doctor and the stats: which reader runs and why, e.g. "pread: io_uring_setup:
  // Operation not permitted (seccomp or kernel.io_uring_disabled)".
  std::string why;
};

// A reader for files beneath the folder `root`. kAuto falls back to pread when io_uring is missing,
// denied or lacks what we need; kUring then fails with kSystem.
Result<MadeReader> MakeReader(const std::string& root, const ReaderOptions& options);

// What io_uring offers on this kernel, one line, for `headrace doctor`.
std::string DescribeUring();

}  // namespace headrace::io
