// The samples of a data set in the order of an index file's table.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "loader/checkpoints/checkpoint_file.h"
#include "loader/dataset.h"

namespace headrace::loader {

// What stands for a sample's place in an index: its relative path, and where it lies in that file.
uint64_t PathHash(const Extent& extent);

// What: ids sorted by (path hash, id), made in pieces of bounded memory: each piece is a range of
// hashes, for which all paths are hashed anew. Owner, thread: one. Cost: a pass over the data set
// a million samples.
class SamplesByHash {
 public:
  struct Item {
    uint64_t hash = 0;
    uint64_t id = 0;
  };
  static constexpr uint64_t kPieceItems = uint64_t{1} << 20;
  // Memory for a set of this size, about: hashes spread evenly.
  static constexpr uint64_t BytesFor(uint64_t samples) {
    return (samples < kPieceItems ? samples : kPieceItems + kPieceItems / 16) * sizeof(Item);
  }

  explicit SamplesByHash(const Dataset& dataset, uint64_t piece_items = kPieceItems);

  // False after the last piece; pieces may be empty. False too when an opening is ended meanwhile.
  bool NextPiece(std::span<const Item>* piece);
  // Whether there are pieces that were not made for that.
  bool ended() const { return ended_; }

 private:
  const Dataset& dataset_;
  const uint64_t pieces_;
  uint64_t piece_ = 0;
  bool ended_ = false;
  std::vector<Item> items_;
};

// What became of the entries of a file that a data set was matched with.
struct MatchCounts {
  uint64_t matched = 0;
  uint64_t stale = 0;  // the sample is there, but its size or time is another
  uint64_t gone = 0;   // no such sample
};

// Calls visit(item, extent, entry) for every sample in order; entry is null when `file` (which may
// be null) has none for the sample as it is now. Stops at the first false and returns it; false too
// when the table cannot be read to its end any more, or the opening ends.
template <class Visit>
[[nodiscard]] bool MatchSamples(const Dataset& dataset, const CheckpointFile* file,
                                MatchCounts* counts, Visit visit) {
  SamplesByHash samples(dataset);
  std::optional<CheckpointTable> table;
  if (file != nullptr) table.emplace(*file);
  CheckpointEntry entry;
  bool more = table && table->Next(&entry);
  std::span<const SamplesByHash::Item> piece;
  while (samples.NextPiece(&piece)) {
    for (const SamplesByHash::Item& item : piece) {
      const Extent extent = dataset.Locate(item.id);
      for (; more && entry.path_hash < item.hash; more = table->Next(&entry)) ++counts->gone;
      bool found = false;
      for (; more && !found && entry.path_hash == item.hash; more = table->Next(&entry)) {
        found = entry.sample_bytes == extent.bytes && entry.sample_mtime_ns == extent.mtime_ns;
        ++(found ? counts->matched : counts->stale);
        if (found && !visit(item, extent, &entry)) return false;
      }
      if (!found && !visit(item, extent, nullptr)) return false;
    }
  }
  if (samples.ended()) return false;
  for (; more; more = table->Next(&entry)) ++counts->gone;
  return !table || table->status().ok();
}

}  // namespace headrace::loader
