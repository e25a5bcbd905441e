// CheckpointIndex: where the checkpoint record of each sample lies, across epochs and runs.
//
// A record is what a decoder noted about one file while it decoded it from its start, so that later
// decodes can begin in the middle. Its bytes are the codec's; this part finds, keeps and loses
// them.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/log.h"
#include "base/result.h"
#include "io/file.h"
#include "loader/checkpoints/checkpoint_folder.h"
#include "loader/checkpoints/checkpoint_limits.h"
#include "loader/dataset.h"
#include "loader/host_memory.h"
#include "loader/stats.h"

namespace headrace::loader {

struct CheckpointOptions {
  std::string folder;
  // What tells data sets of one root apart that have other samples; empty: all of them.
  std::string selection;
  uint32_t workers = 1;
  int64_t lock_wait_ns = 30'000'000'000;  // in Close, for another process that writes
};

// What: one atomic word a sample, over two open files: the index as it was at open, and the records
// added since. Both are read by the caller, with its own reader; neither is trusted: a record can
// be anything. Owner: the loader; outlives the threads. Thread: Find, Wants and Reject any; Add and
// Flush with a worker's number by that worker; Open and Close one.
// Cost: Find and Wants are a load; Add copies, and writes once in about 100 KiB. Nothing is
// allocated between Open and Close.
class CheckpointIndex {
 public:
  // A worker's records on their way to the file.
  static constexpr uint64_t kBufferBytes = uint64_t{128} << 10;

  // Takes over what the data set's index file has of samples that are still the same. `dataset` and
  // `counters` must outlive it. Fails when the folder cannot be used; a damaged index is a warning.
  static Result<std::unique_ptr<CheckpointIndex>> Open(const Dataset& dataset,
                                                       const CheckpointOptions& options,
                                                       const LogSink& log, Counters* counters);
  ~CheckpointIndex();
  CheckpointIndex(const CheckpointIndex&) = delete;
  CheckpointIndex& operator=(const CheckpointIndex&) = delete;

  // What it takes in memory, open and close included, and each worker's room for the record that it
  // is making.
  static uint64_t PlanBytes(uint64_t samples, uint32_t workers);

  // A record's place. The descriptor stays open as long as the index.
  struct Found {
    int file = -1;
    uint64_t offset = 0;
    uint32_t bytes = 0;  // 0: there is none
  };
  Found Find(uint64_t id) const;

  // Whether a record of this sample would be kept: it has none, and none is being added.
  bool Wants(uint64_t id) const;

  // Keeps `record`, of at most RecordBytesMax(bytes of the sample's file) bytes. It is found once
  // the worker's buffer is written: when it is full, or in Flush. Never waits for another worker.
  // A record that is too large, or not wanted any more, is dropped. The first failure to write is a
  // warning, and nothing is kept from then on.
  void Add(uint32_t worker, uint64_t id, std::span<const std::byte> record);
  // Writes what the worker has added. Costs a comparison when that is nothing.
  void Flush(uint32_t worker);

  // The record of this sample is of no use: it did not fit the file, or could not be read. It is
  // forgotten, and Wants is true again. The first one is a warning.
  void Reject(uint64_t id);

  // With no thread left in the other functions: writes an index of the old records and the new
  // ones, whole or not at all. Nothing to do when nothing was added or rejected. A failure is a
  // warning: records can be made again.
  void Close() noexcept;

  // Samples that had a record at open.
  uint64_t count_at_open() const { return count_at_open_; }
  // <folder>/<name of the index file>, for messages.
  const std::string& path() const { return path_; }

 private:
  friend class CheckpointMerge;

  // The state of a sample, in one word: bytes (17 bits), offset / 16 (36 bits), and which file.
  // Without bytes: kNone, kRejected (none, and that of the index file is not to come back), kAdding
  // (in a worker's buffer).
  static constexpr uint64_t kNone = 0;
  static constexpr uint64_t kAdding = uint64_t{1} << 62;
  static constexpr uint64_t kRejected = uint64_t{1} << 63;
  static constexpr uint64_t kInNewFile = uint64_t{1} << 53;
  static constexpr unsigned kBytesBits = 17;
  static constexpr uint64_t kBytesMask = (uint64_t{1} << kBytesBits) - 1;
  static constexpr uint64_t kOffsetMax = (uint64_t{1} << 36) * kRecordAlignment;
  static_assert(kRecordBytesMax <= kBytesMask);

  static constexpr uint64_t Pack(uint64_t offset, uint32_t bytes, uint64_t file) {
    return file | (offset / kRecordAlignment) << kBytesBits | bytes;
  }
  static constexpr uint64_t BytesOfWord(uint64_t word) { return word & kBytesMask; }
  Found FoundOf(uint64_t word) const;

  struct Pending {
    uint64_t id = 0;
    uint32_t offset = 0;  // in the buffer
    uint32_t bytes = 0;
  };
  static constexpr uint32_t kPendingMax = 512;
  struct alignas(64) Writer {
    std::span<std::byte> buffer;
    size_t used = 0;
    std::unique_ptr<Pending[]> pending;
    uint32_t count = 0;
  };

  CheckpointIndex(const Dataset& dataset, const LogSink& log, Counters* counters)
      : dataset_(dataset), log_(log), counters_(counters) {}

  Status MakeFiles(uint64_t set_hash);
  void TakeOverIndex();
  // Where `bytes` in the new file may go, or why nowhere.
  Result<uint64_t> Reserve(uint64_t bytes);
  void GiveUp(const Status& why);

  const Dataset& dataset_;
  const LogSink log_;
  Counters* counters_;
  CheckpointOptions options_;
  std::string path_;
  CheckpointFolder folder_;
  io::UniqueFd index_file_;  // as it was at open; invalid: there was none
  io::UniqueFd new_file_;
  uint64_t count_at_open_ = 0;

  std::unique_ptr<std::atomic<uint64_t>[]> words_;
  HostMemory buffers_;
  std::vector<Writer> writers_;
  std::atomic<uint64_t> new_end_{0};  // of the new file
  std::atomic<bool> given_up_{false};
  std::atomic<bool> changed_{false};
  std::atomic<bool> warned_rejected_{false};
  bool closed_ = false;
};

}  // namespace headrace::loader
