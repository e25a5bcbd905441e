#include "io/read_rules.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>

#include "base/checked_math.h"

namespace headrace::io {
namespace {
constexpr uint64_t kFileOffsetMax = INT64_MAX;
}

Status NotRegularFile(int error_number) {
  return Status(Code::kNotRegularFile, "is not a regular file", error_number);
}

Status FileTooLarge() { return Status(Code::kLimitBytes, "is larger than its read buffer"); }

Status RangeBeyondEnd() {
  return Status(Code::kTruncated, "ends before the range that the index names");
}

Status CheckRequest(const ReadRequest& request) {
  if (ReadsOpenFile(request)) {
    if (request.whole_file) {
      return Status(Code::kInvalidArgument, "a read of all of an open file; only ranges are read");
    }
  } else if (request.path == nullptr) {
    return Status(Code::kInvalidArgument, "a read without a path");
  }
  const uint64_t wanted = request.whole_file
                              ? request.buffer.size()
                              : SaturatingAdd(request.expected_bytes, request.beyond_bytes);
  if (SaturatingAdd(request.offset, wanted) > kFileOffsetMax) {
    return Status(Code::kInvalidArgument, "a read beyond the largest file offset");
  }
  if (!request.whole_file && wanted > request.buffer.size()) return FileTooLarge();
  return Status();
}

uint64_t NextReadBytes(const ReadRequest& request, uint64_t done) {
  if (!request.whole_file && done >= request.expected_bytes) return 0;
  const uint64_t end =
      request.whole_file ? request.buffer.size() : request.expected_bytes + request.beyond_bytes;
  return std::min(end - done, kReadBytesMax);
}

Status StatusOfOpenErrno(int error_number) {
  switch (error_number) {
    case EXDEV: return Status(Code::kPermission, "leads out of the data folder", error_number);
    case ENODEV:  // a device without a driver
    case ENXIO:   // a socket
      return NotRegularFile(error_number);
    case ELOOP: return Status(Code::kNotRegularFile, "has too many symbolic links", error_number);
    case EMFILE:
    case ENFILE: return Status(Code::kSystem, "no file descriptor left (ulimit -n)", error_number);
    case ENAMETOOLONG:
      return Status(Code::kNotFound, "has a name longer than the file system allows", error_number);
    default: break;
  }
  const Code code = CodeOfErrno(error_number);
  switch (code) {
    case Code::kNotFound: return Status(code, "is not there", error_number);
    case Code::kPermission: return Status(code, "may not be opened", error_number);
    case Code::kNotRegularFile: return NotRegularFile(error_number);
    case Code::kOutOfMemory: return Status(code, "could not be opened: no memory", error_number);
    default: return Status(code, "could not be opened", error_number);
  }
}

Status StatusOfReadErrno(int error_number) {
  switch (error_number) {
    case EISDIR:
    case ESPIPE: return NotRegularFile(error_number);
    default: return Status(CodeOfErrno(error_number), "could not be read", error_number);
  }
}

Status CheckOpenFile(int fd, const ReadRequest& request) {
  // statx and not fstat: ThreadSanitizer keeps a record of descriptors by the calls that it sees,
  // and it sees neither the opens nor the closes that io_uring makes.
  struct statx about;
  if (::statx(fd, "", AT_EMPTY_PATH, STATX_TYPE | STATX_SIZE, &about) != 0) {
    return StatusOfReadErrno(errno);
  }
  if (!S_ISREG(about.stx_mode)) return NotRegularFile();
  const uint64_t bytes = about.stx_size;
  // Said before the buffer is filled for nothing. The size can also lie (files of /proc say 0), so
  // the read itself checks once more.
  if (request.whole_file && bytes > SaturatingAdd(request.offset, request.buffer.size())) {
    return FileTooLarge();
  }
  return Status();
}

}  // namespace headrace::io
