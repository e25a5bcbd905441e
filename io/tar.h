// tar archives: where the members lie, and the headers of new ones.
#pragma once

#include <cstdint>
#include <string>

#include "base/status.h"

namespace headrace::io {

// A regular file in an archive; its bytes are an extent of it.
struct TarMember {
  std::string name;     // as in the archive, "./" in front taken away
  uint64_t offset = 0;  // of its first byte
  uint64_t bytes = 0;
  int64_t mtime_s = 0;
};

// What: reads ustar, GNU (long names) and PAX headers (path, size), checksums checked; links,
// devices, folders and sparse files are passed over and counted. Owner, thread: one. Cost: a read a
// few members; no more memory than a name.
class TarReader {
 public:
  static constexpr uint64_t kNameBytesMax = 4096;

  // `fd`: a regular file of `file_bytes`; it must stay open, and is not closed.
  TarReader(int fd, uint64_t file_bytes) : fd_(fd), file_bytes_(file_bytes) {}

  // kOk and *found = false at the end of the archive. kCorrupt, kTruncated: offset() says where.
  Status Next(TarMember* member, bool* found);
  uint64_t offset() const { return offset_; }  // of the header read last
  uint64_t passed_over() const { return passed_over_; }

 private:
  int fd_;
  uint64_t file_bytes_;
  uint64_t offset_ = 0;
  uint64_t passed_over_ = 0;
};

// Header blocks for a regular file: ustar, with a PAX header before it where the name or the size
// asks for one. The same bytes for the same arguments.
void AppendTarHeader(const std::string& name, uint64_t bytes, std::string* archive);
// What fills the last block of a member, and ends an archive.
uint64_t TarPaddingBytes(uint64_t bytes);
inline constexpr uint64_t kTarEndBytes = 1024;

}  // namespace headrace::io
