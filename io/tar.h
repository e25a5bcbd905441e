// tar archives: where the members lie, and the headers of new ones.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
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
// few members; no more memory than a name and a buffer.
class TarReader {
 public:
  static constexpr uint64_t kNameBytesMax = 4096;

  // `fd`: a regular file of `file_bytes`; it must stay open, and is not closed. `goes_on` is asked
  // before each header; its false ends the reading with kStopped. Null: to the end.
  TarReader(int fd, uint64_t file_bytes, std::function<bool()> goes_on = nullptr);

  // kOk and *found = false at the end of the archive. kCorrupt, kTruncated, kUnsupportedFormat:
  // offset() says where. After an error it ends.
  Status Next(TarMember* member, bool* found);
  // Bytes of a member, from what was read already where they are in it.
  Status Read(uint64_t offset, std::span<std::byte> bytes);

  uint64_t offset() const { return offset_; }  // of the header read last
  uint64_t passed_over() const { return passed_over_; }
  // Whether the end was a block of zeros, as every writer puts it there, and not just the file's.
  bool has_end_mark() const { return has_end_mark_; }
  // After the end mark: whether something other than zeros follows within kRestBytesMax, as in
  // archives that were joined end to end. What cannot be read counts as nothing.
  bool HasDataBehindEnd();
  static constexpr uint64_t kRestBytesMax = 1 << 20;

 private:
  // What headers before a member say about it.
  struct Extras {
    std::string name;
    bool has_name = false;
    uint64_t bytes = 0;
    bool has_bytes = false;
    bool sparse = false;
    bool any() const { return has_name || has_bytes || sparse; }
  };

  Status ReadHeader(TarMember* member, Extras* extras, bool* is_member);
  // What is wrong with the first header: that the archive is compressed, if it is.
  Status CompressedOr(const Status& other);
  Status ReadLongName(uint64_t bytes, Extras* extras);
  Status ReadPax(uint64_t bytes, bool global, Extras* extras);
  Status TakePaxRecord(const char* key, size_t key_bytes, const char* value, size_t value_bytes,
                       bool global, Extras* extras);
  Status PassSparseMap();
  // Goes past `bytes` of content and what fills their last block.
  Status Skip(uint64_t bytes);
  Status Block(uint64_t offset, const std::byte** block);

  int fd_;
  uint64_t file_bytes_;
  std::function<bool()> goes_on_;
  uint64_t next_ = 0;    // of the next header
  uint64_t offset_ = 0;  // of the last
  uint64_t passed_over_ = 0;
  bool ended_ = false;
  bool has_end_mark_ = false;
  std::unique_ptr<std::byte[]> buffer_;
  uint64_t buffer_offset_ = 0;  // in the file
  uint64_t buffer_bytes_ = 0;
};

inline constexpr uint64_t kTarBlockBytes = 512;
// What the block right before a member's content says of it by itself: its name and size, which a
// PAX or GNU header before it may say otherwise. kCorrupt: it is no header of a regular file.
Status ParseTarHeader(std::span<const std::byte, kTarBlockBytes> block, TarMember* member);

// Header blocks for a regular file: ustar, with a PAX header before it where the name or the size
// asks for one. The same bytes for the same arguments.
void AppendTarHeader(const std::string& name, uint64_t bytes, std::string* archive);
// What fills the last block of a member, and ends an archive.
uint64_t TarPaddingBytes(uint64_t bytes);
inline constexpr uint64_t kTarEndBytes = 1024;

}  // namespace headrace::io
