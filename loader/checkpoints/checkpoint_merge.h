// CheckpointMerge: a new index file from the one in place and what a run has added.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/status.h"
#include "io/file.h"
#include "loader/checkpoints/checkpoint_file.h"
#include "loader/checkpoints/checkpoint_index.h"
#include "loader/checkpoints/samples_by_hash.h"

namespace headrace::loader {

// Bytes appended to a part of a file, written in pieces.
class PieceWriter {
 public:
  PieceWriter(int fd, uint64_t begin, size_t piece_bytes) : fd_(fd), end_(begin) {
    piece_.reserve(piece_bytes);
  }
  uint64_t end() const { return end_ + piece_.size(); }
  Status Append(std::span<const std::byte> bytes);
  Status Flush();

 private:
  int fd_;
  uint64_t end_;  // of what was written
  std::vector<std::byte> piece_;
};

// Ranges of a file that are read in ascending order: each read brings what follows.
class PieceReader {
 public:
  PieceReader(int fd, size_t piece_bytes) : fd_(fd), piece_(piece_bytes) {}
  Status Read(std::span<std::byte> bytes, uint64_t offset);

 private:
  int fd_;
  std::vector<std::byte> piece_;
  uint64_t begin_ = 0;
  size_t valid_ = 0;
};

// What: one use, inside Close. Records of this run come first, then those of the index file as it
// is now (another process may have replaced it), then those of the index as it was at open; never
// one that was rejected, nor one of a sample that is not in the data set as it is now.
// Cost: a copy of the index, in bounded memory.
class CheckpointMerge {
 public:
  static constexpr size_t kTablePieceBytes = 64 << 10;
  static constexpr size_t kRecordPieceBytes = 1 << 20;
  // Memory of a merge, samples not counted: two pieces of tables, three of records, a record.
  static constexpr uint64_t kBytes = 2 * kTablePieceBytes + 3 * kRecordPieceBytes + kRecordBytesMax;

  explicit CheckpointMerge(CheckpointIndex& index) : index_(index) {}

  Status Run();

 private:
  struct Source {
    int fd = -1;
    uint64_t offset = 0;
    uint32_t bytes = 0;
    PieceReader* reader = nullptr;  // null: read as it comes
  };

  Status Write(const io::UniqueFd& replacement);
  Source SourceOf(uint64_t id, const CheckpointEntry* in_place);
  Status WriteOne(const SamplesByHash::Item& item, const Extent& extent, const Source& source);
  uint64_t EntriesMax() const;

  CheckpointIndex& index_;
  std::optional<CheckpointFile> in_place_;  // the index file as it is now
  std::optional<PieceReader> in_place_records_;
  std::optional<PieceReader> old_records_;  // of the index file as it was at open
  std::optional<PieceWriter> table_;
  std::optional<PieceWriter> records_;
  std::vector<std::byte> record_;
  CheckpointHeader header_;
};

}  // namespace headrace::loader
