// What both readers agree on: which requests are refused, and which error means what.
//
// One place, so that the same file gives the same Status whichever reader runs.
#pragma once

#include <cstdint>

#include "base/status.h"
#include "io/reader.h"

namespace headrace::io {

// One system call never moves more than this (the kernel's own limit is a page below 2 GiB).
inline constexpr uint64_t kReadBytesMax = uint64_t{1} << 30;

// Tries before an error that asks to be tried again is taken as final.
inline constexpr int kTriesMax = 100;

// Whether a range of a file that the caller holds open is read. That file is not checked: who
// opened it did.
inline bool ReadsOpenFile(const ReadRequest& request) { return request.file >= 0; }

// Refuses what no file could satisfy: no path, an offset that no file has, a range that is longer
// than its buffer, all of an open file.
Status CheckRequest(const ReadRequest& request);

// Bytes the next read asks for, `done` having come. 0: the buffer is full, or the range has come.
uint64_t NextReadBytes(const ReadRequest& request, uint64_t done);

// The errno (positive) of open and of read as a sample's Status.
Status StatusOfOpenErrno(int error_number);
Status StatusOfReadErrno(int error_number);

// What an open descriptor is: kNotRegularFile for all but regular files, kLimitBytes for a whole
// file that is already known to be larger than its buffer. No I/O.
Status CheckOpenFile(int fd, const ReadRequest& request);

Status NotRegularFile(int error_number = 0);
Status FileTooLarge();
Status RangeBeyondEnd();

}  // namespace headrace::io
