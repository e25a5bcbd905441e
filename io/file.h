// Descriptors that close themselves, and files opened beneath one folder.
#pragma once

#include <fcntl.h>
#include <unistd.h>

#include <cstdint>
#include <string>
#include <utility>

#include "base/result.h"

namespace headrace::io {

// Owns one file descriptor, or none.
class UniqueFd {
 public:
  UniqueFd() = default;
  explicit UniqueFd(int fd) : fd_(fd) {}
  UniqueFd(UniqueFd&& other) noexcept : fd_(other.Release()) {}
  UniqueFd& operator=(UniqueFd&& other) noexcept {
    Reset(other.Release());
    return *this;
  }
  ~UniqueFd() { Reset(); }

  int get() const { return fd_; }
  bool valid() const { return fd_ >= 0; }
  int Release() { return std::exchange(fd_, -1); }
  void Reset(int fd = -1) {
    // After close the number is free again even when close says EINTR, so there is no retry.
    if (fd_ >= 0) ::close(fd_);
    fd_ = fd;
  }

 private:
  int fd_ = -1;
};

// How many files one part of a process may hold open for long: half of the descriptors that are
// left after room for the reader's files and what else may come; so several of them find theirs.
uint64_t FilesToHold();

// How every sample is opened. O_NONBLOCK: the open of a FIFO returns at once instead of waiting for
// a writer; it changes nothing for regular files.
inline constexpr int kSampleOpenFlags = O_RDONLY | O_NONBLOCK | O_NOCTTY;

// A folder, held open, and the files beneath it.
//
// What: the only way from a path to a descriptor in this folder. A path or symbolic link that leads
// out of the folder is refused (EXDEV), by the kernel where openat2 may be called, else by
// comparing where the descriptor leads to.
// Owner: a reader. Thread: any, after Open. Cost: one or two system calls a file.
class RootFolder {
 public:
  static Result<RootFolder> Open(const std::string& path);

  // A descriptor of `path` (relative), or -errno. Close-on-exec. The caller checks the file's type.
  int OpenFile(const char* path) const;

  // An O_PATH descriptor of the folder itself.
  int fd() const { return folder_.get(); }

 private:
  int OpenByOpenat(const char* path) const;

  UniqueFd folder_;
  bool has_openat2_ = false;
  std::string real_path_;  // where the folder is; only used without openat2
};

}  // namespace headrace::io
