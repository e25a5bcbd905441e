// A file that is there whole or not at all, whenever the process or the machine stops.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "base/result.h"
#include "io/file.h"

namespace headrace::io {

// What: takes a file's bytes in order and puts them in place of `path` at Commit: written, synced,
// renamed, the folder synced. Until then they have no name where the file system allows that, so
// that a killed process leaves nothing; elsewhere a name beside `path` with ".tmp-" in it, which
// the destructor removes. Owner, thread: one. Cost: system calls.
class AtomicFile {
 public:
  // What every name of a file that was not finished has between its own name and a number.
  static constexpr const char* kTemporaryMark = ".tmp-";

  static Result<AtomicFile> Make(const std::string& path);
  AtomicFile(AtomicFile&& other) noexcept = default;
  AtomicFile& operator=(AtomicFile&&) = delete;
  ~AtomicFile();

  // Appends all of it. Fails rather than pass the process's file size limit, whose signal would
  // kill it.
  Status Write(std::span<const std::byte> bytes);
  uint64_t bytes() const { return bytes_; }
  // After it nothing is written any more. Failed: what was at `path` before is there still, or the
  // new file, if only the folder could not be synced.
  Status Commit();

 private:
  AtomicFile() = default;
  Status MakeNamed();

  std::string name_;       // in the folder, as is
  std::string temporary_;  // empty: no name yet, or none any more
  UniqueFd folder_;
  UniqueFd file_;
  uint64_t bytes_ = 0;
  uint64_t bytes_max_ = 0;  // the limit of the process
};

// The steps of it, for files that are written in ways of their own.

// A file opened for `access`, O_WRONLY or O_RDWR, that has no name in the folder. Not valid, and no
// error: the file system has no such files.
Result<UniqueFd> OpenNameless(int folder, int access, unsigned mode);
// Puts the written `file`, which the folder has as *temporary, in place of `name`: after a power
// cut there is the old file or the new one. *temporary is empty for a nameless file, which gets one
// for a moment, and when it is done. Failed: the old file is there still, and *temporary may be; or
// the new one is, and only the folder could not be synced.
Status PutInPlace(int file, int folder, const std::string& name, std::string* temporary);

// All of `bytes` as the file at `path`.
Status WriteFileAtomically(const std::string& path, std::span<const std::byte> bytes);

}  // namespace headrace::io
