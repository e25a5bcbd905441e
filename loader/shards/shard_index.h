// The index beside a tar shard (NAME.tar.hri): which samples it holds and where.
// docs/pack-format.md has the bytes. Written once, never changed in place, checked before use.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "codecs/record_bands.h"
#include "io/file.h"
#include "loader/open_watch.h"

namespace headrace::loader {

// One sample.
struct ShardRecord {
  uint64_t id = 0;      // of the source data set; in a plain shard its number there
  uint64_t offset = 0;  // of the picture's bytes in the shard
  uint64_t bytes = 0;
  uint64_t hash = 0;  // Hash64 of those bytes; 0: not known (plain shards)
  int32_t label = -1;
  uint32_t width = 0;  // stored; 0: not known
  uint32_t height = 0;
  bool restarts_trusted = false;   // Dataset::RestartsTrusted
  bool copied = false;             // the source's bytes, unchanged
  codecs::RecordBands bands = {};  // given to the writer; see ShardIndex::ReadBands
  std::string name = {};  // path in the source data set; in a plain shard the member's name
};

// What holds for the whole shard.
struct ShardHeader {
  uint64_t tar_bytes = 0;
  uint64_t tar_mtime_ns = 0;  // plain shards: for which file it was made; 0: of any time
  uint64_t set_samples = 0;   // of the whole pack; 0: a plain shard
  uint64_t first_id = 0;      // records have ids from here on, without a gap
  std::string settings = {};  // how the pack was made, to go on only with the same; may be empty
  std::vector<std::string> classes = {};  // of the whole set; empty: labels are numbers only
  // Made anew from a pack's shard: ids and names are the source's, though set_samples may be 0.
  bool from_pack = false;
  // The classes are this shard's own, in byte order: labels are places in them, and mean nothing
  // to another shard.
  bool own_classes = false;

  bool is_pack() const { return set_samples > 0 || from_pack; }
};

// What: collects the records of one shard and gives the bytes of its index. Owner, thread: one.
class ShardIndexWriter {
 public:
  explicit ShardIndexWriter(ShardHeader header) : header_(std::move(header)) {}
  void Add(ShardRecord record) { records_.push_back(std::move(record)); }
  uint64_t records() const { return records_.size(); }
  // Header as given now (tar_bytes is known at the end).
  ShardHeader& header() { return header_; }
  std::vector<ShardRecord>& all() { return records_; }
  std::string Finish() const;

 private:
  ShardHeader header_;
  std::vector<ShardRecord> records_;
};

// What: an index, for reading in parts: the header, classes and settings when it is opened, the
// record table when it is walked through, a name when it is asked for. Each part is checked before
// it is believed. Owner: one; Walk and the rest are for any thread. Cost: a name takes two reads.
class ShardIndex {
 public:
  static constexpr uint64_t kBytesMax = uint64_t{1} << 30;
  static constexpr uint64_t kSamplesMax = uint64_t{1} << 32;
  static constexpr uint64_t kNameBytesMax = 4096;

  // kNotFound: there is none. kCorrupt, kTruncated: it is damaged. kUnsupportedFormat: of another
  // version.
  static Result<ShardIndex> Open(const std::string& path);
  // As Finish gave it.
  static Result<ShardIndex> FromBytes(std::string bytes);

  const ShardHeader& header() const { return header_; }
  uint64_t records() const { return records_; }
  uint64_t bytes() const { return bytes_; }
  // Stands for the records: places, sizes, labels, ids and names.
  uint64_t records_hash() const { return records_hash_; }
  // Of the header, and so of everything: whether two openings saw the same index.
  uint64_t header_hash() const { return header_hash_; }

  // Calls visit(number, record) for every record in order, names left empty. Nothing that it was
  // told holds when it fails, also with kStopped when the opening ends.
  template <class Visit>
  Status Walk(Visit visit) const {
    std::vector<ShardRecord> piece;
    uint64_t hash = 0;
    for (uint64_t first = 0; first < records_; first += piece.size()) {
      if (!OpeningGoesOn()) return {Code::kStopped, kOpeningStopped};
      HR_TRY(ReadPiece(first, &hash, &piece));
      for (size_t i = 0; i < piece.size(); ++i) visit(first + i, piece[i]);
    }
    return CheckTable(hash);
  }
  // One record, with its name.
  Status Read(uint64_t number, ShardRecord* record) const;
  bool has_bands() const { return regions_bytes_ > 0; }
  // What is known of all records' rows, in the order of the records.
  Status ReadBands(std::vector<codecs::RecordBands>* bands) const;
  // All names, end to end, and where each ends.
  Status ReadNames(std::string* names, std::vector<uint32_t>* ends) const;

 private:
  Status Parse(uint64_t real_bytes);
  Status ReadAt(uint64_t offset, std::span<std::byte> bytes) const;
  Status ReadPiece(uint64_t first, uint64_t* hash, std::vector<ShardRecord>* piece) const;
  Status CheckTable(uint64_t hash) const;

  io::UniqueFd file_;
  std::string memory_;  // instead of the file
  ShardHeader header_;
  uint64_t bytes_ = 0;
  uint64_t records_ = 0;
  uint64_t table_offset_ = 0;
  uint64_t table_hash_ = 0;
  uint64_t names_offset_ = 0;
  uint64_t names_bytes_ = 0;
  uint64_t names_hash_ = 0;
  uint64_t regions_offset_ = 0;
  uint64_t regions_bytes_ = 0;
  uint64_t regions_hash_ = 0;
  uint64_t records_hash_ = 0;
  uint64_t header_hash_ = 0;
};

// The name of a shard's index.
inline std::string ShardIndexPath(const std::string& shard) { return shard + ".hri"; }

}  // namespace headrace::loader
