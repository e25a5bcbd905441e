// The format of an index file, and its reader. docs/checkpoints.md describes it for users.
//
//   header, 64 bytes | table, 40 bytes a record, by ascending path hash | records, 16-byte aligned
//
// Numbers are little-endian. A file is written once, whole, and never changed.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>
#include <vector>

#include "base/result.h"
#include "io/file.h"
#include "io/whole.h"

namespace headrace::loader {

static_assert(std::endian::native == std::endian::little, "the structs are the format");

struct CheckpointHeader {
  char magic[8] = {'H', 'R', 'C', 'K', 'P', 'T', '\r', '\n'};
  uint32_t version = 1;
  uint32_t entry_bytes = 40;
  uint64_t set_hash = 0;    // of the data set: the file's own name
  uint64_t file_bytes = 0;  // of this file
  uint64_t entries = 0;
  uint64_t records_offset = 0;  // nothing before it is a record
  uint64_t table_hash = 0;      // of the entries, each with the one before as its seed
  uint64_t header_hash = 0;     // of the bytes before it
};
static_assert(sizeof(CheckpointHeader) == 64 && std::is_trivially_copyable_v<CheckpointHeader>);

// Which file, in which state, and where its record lies.
struct CheckpointEntry {
  uint64_t path_hash = 0;
  uint64_t sample_bytes = 0;
  int64_t sample_mtime_ns = 0;
  uint64_t offset = 0;  // in the index file
  uint32_t record_bytes = 0;
  uint32_t reserved = 0;
};
static_assert(sizeof(CheckpointEntry) == 40 && std::is_trivially_copyable_v<CheckpointEntry>);

uint64_t HashOf(const CheckpointHeader& header);
// Of a table that ends in `entry`, `before` being that of the table without it (0: empty).
uint64_t HashOf(const CheckpointEntry& entry, uint64_t before);

inline constexpr io::ReadTexts kCheckpointReadTexts = {.ended = "ends before what its table names"};

template <class T>
std::span<std::byte> BytesOf(T& value) {
  static_assert(std::is_trivially_copyable_v<T>);
  return std::as_writable_bytes(std::span(&value, 1));
}

// What: an index file that was checked from header to end of table when it was opened, for reading.
// Its records are not looked at: they are the codec's. Owner, thread: one at a time.
class CheckpointFile {
 public:
  // kNotFound: there is none. kCorrupt: it is damaged, or of another version or data set.
  static Result<CheckpointFile> Open(int folder, const char* name, uint64_t set_hash);

  uint64_t entries() const { return header_.entries; }
  int fd() const { return file_.get(); }
  io::UniqueFd TakeFile() { return std::move(file_); }

 private:
  friend class CheckpointTable;

  Status CheckHeader(uint64_t set_hash, uint64_t real_bytes) const;
  // Whether an entry can be used as it stands. Each one is asked again when it is read again.
  bool Fits(const CheckpointEntry& entry) const;

  io::UniqueFd file_;
  CheckpointHeader header_;
};

// What: the entries of a file in order, read in pieces. Lives shorter than the file.
class CheckpointTable {
 public:
  explicit CheckpointTable(const CheckpointFile& file);

  // False at the end, or at the first entry that cannot be: see status().
  bool Next(CheckpointEntry* entry);
  const Status& status() const { return status_; }
  uint64_t hash() const { return hash_; }  // of what was read so far

 private:
  bool Fill();

  const CheckpointFile& file_;
  std::vector<CheckpointEntry> piece_;
  size_t in_piece_ = 0;    // entries of it that were read
  size_t next_ = 0;        // of those, the next to hand out
  uint64_t consumed_ = 0;  // entries of the whole table in earlier pieces
  uint64_t last_hash_ = 0;
  uint64_t hash_ = 0;
  Status status_;
};

}  // namespace headrace::loader
