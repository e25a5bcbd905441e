// ReadStage: draws tickets in order, finds a lane and a batch buffer for each, reads its bytes and
// what is noted about them.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "io/reader.h"
#include "loader/pipeline/batch_assembler.h"
#include "loader/pipeline/partial_reads.h"
#include "loader/pipeline/shared.h"

namespace headrace::loader {

// What: the only thread that touches the reader. Owner: the loader. Thread: its own (Run).
// Cost: no allocation after construction. Back-pressure: no free lane or no free batch buffer, no
// read.
class ReadStage {
 public:
  ReadStage(PipelineShared* shared, BatchAssembler* assembler, io::Reader* reader);

  // Until stop. Returns with no read in the kernel, or false when one is stuck: then the lanes'
  // memory and the reader must never be freed.
  [[nodiscard]] bool Run();

 private:
  // A lane whose bytes are on their way: its file or two parts of it, and perhaps its record. It
  // goes on when the last of them has come, for only then the kernel does not write into it any
  // more.
  struct Incoming {
    uint32_t reads_left = 0;
    uint64_t extent_bytes = 0;          // as the data set says
    io::ReadCompletion file;            // of two parts one that failed, if any did
    bool part_missing = false;          // the second part could not be asked for
    std::span<const std::byte> memory;  // of the file; the cache's, if it is to stay
    bool fills_cache = false;
    bool is_part = false;         // not all of the file was asked for
    bool direct = false;          // read past the page cache
    bool direct_mode = false;     // asked for while that was the mode, be it possible or not
    uint32_t skip = 0;            // bytes of `memory` before the sample's
    std::span<std::byte> record;  // empty: none was asked for, or it did not come
    uint64_t record_place = 0;    // in the index, for the cache
  };

  // A new run (open, set_epoch) drops what is left of the batch being filled.
  void FollowGeneration();
  bool SubmitRetries();
  bool SubmitNext();
  bool OpenBatch();
  // Starts the read of lane.id; false when it has to wait: see waiting_lane_.
  bool StartRead(uint32_t lane_index);
  // Asks for the file, or for the parts of it that are to be read. False: the queue is full.
  bool SubmitFile(uint32_t lane_index, const Extent& extent, Incoming* incoming,
                  std::span<std::byte> room);
  // What of the file the decode will look at.
  void FindPart(Lane* lane, uint64_t extent_bytes);
  // Whether the file is read past the page cache.
  bool ReadsDirect(const Lane& lane, const Incoming& incoming) const;
  // How these bytes of the file come to their place in `room`, past the page cache if that is the
  // mode.
  io::ReadRequest RequestFor(const Lane& lane, const Extent& extent, const ByteRange& bytes,
                             std::span<std::byte> room, Incoming* incoming) const;
  // Gives the workers the bytes that the cache has, once the sample's record has come too.
  void ServeCached(uint32_t lane_index, std::span<const std::byte> bytes, uint64_t extent_bytes);
  // Starts the read of the sample's record into `memory`, which the file leaves free.
  void StartRecord(uint32_t lane_index, const CheckpointIndex::Found& found,
                   std::span<std::byte> memory);
  void Collect();
  // What it adds to the measurement of how shards are read.
  void Count(const io::ReadCompletion& completion, ReadMode::Ended* ended) const;
  // Whether the lane has everything and was given to the workers.
  bool Complete(const io::ReadCompletion& completion);
  bool FinishRead(uint32_t lane_index);
  // The lane's read has failed; it is tried in another way, or the sample is bad.
  void HandleFailure(uint32_t lane_index);
  bool SubmitPossible();

  PipelineShared& shared_;
  BatchAssembler& assembler_;
  io::Reader& reader_;

  uint32_t generation_ = 0;  // of the run being read; 0 before the first
  uint32_t epoch_ = 0;
  uint64_t base_ = 0;               // position at which this epoch began: 0 unless resumed
  uint64_t batch_ = 0;              // next batch of this epoch, from its base on
  uint32_t sequence_ = 0;           // of the next batch in this generation
  std::optional<uint32_t> buffer_;  // batch being filled
  uint32_t index_ = 0;              // next sample in it
  uint64_t position_ = 0;           // of that sample in the epoch
  Sampler::Order order_;
  PartialReads partial_;
  std::optional<uint32_t> waiting_lane_;  // its sample waits for the big area or the reader's queue
  std::vector<Incoming> incoming_;        // by lane
  std::vector<io::ReadCompletion> completions_;
};

}  // namespace headrace::loader
