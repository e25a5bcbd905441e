#include "io/whole.h"

#include <sys/resource.h>
#include <unistd.h>

#include <cerrno>

#include "base/checked_math.h"
#include "io/read_rules.h"

namespace headrace::io {

Status ReadAt(int fd, std::span<std::byte> bytes, uint64_t offset, const ReadTexts& texts) {
  for (int tries = 0; tries < kTriesMax;) {
    if (bytes.empty()) return Status();
    const ssize_t got = ::pread(fd, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (got == 0) return Status(Code::kTruncated, texts.ended);
    if (got < 0) {
      if (errno != EINTR && errno != EAGAIN) {
        return Status(CodeOfErrno(errno), texts.failed, errno);
      }
      ++tries;
      continue;
    }
    bytes = bytes.subspan(static_cast<size_t>(got));
    offset += static_cast<uint64_t>(got);
    tries = 0;
  }
  return Status(Code::kIoError, texts.failed, EAGAIN);
}

Status WriteAt(int fd, std::span<const std::byte> bytes, uint64_t offset) {
  rlimit limit{};
  const uint64_t end = SaturatingAdd(offset, bytes.size());
  if (end > INT64_MAX || (::getrlimit(RLIMIT_FSIZE, &limit) == 0 &&
                          limit.rlim_cur != RLIM_INFINITY && end > limit.rlim_cur)) {
    return Status(Code::kIoError, "would pass the limit of file sizes (ulimit -f)", EFBIG);
  }
  for (int tries = 0; tries < kTriesMax;) {
    if (bytes.empty()) return Status();
    const ssize_t put = ::pwrite(fd, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (put < 0 && errno != EINTR && errno != EAGAIN) {
      return Status(CodeOfErrno(errno), "could not be written", errno);
    }
    if (put <= 0) {
      ++tries;
      continue;
    }
    bytes = bytes.subspan(static_cast<size_t>(put));
    offset += static_cast<uint64_t>(put);
    tries = 0;
  }
  return Status(Code::kIoError, "could not be written", EAGAIN);
}

}  // namespace headrace::io
