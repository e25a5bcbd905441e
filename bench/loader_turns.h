// A loader that is measured in turns with other things.
#pragma once

#include <headrace.h>

#include <cstdint>
#include <string>
#include <vector>

#include "bench/jpeg_folder.h"
#include "loader/sampler.h"

namespace headrace::bench {

struct TurnResult {
  double wall_ns = 0;
  double whole_cpu_ns = 0;  // of all threads
  double cpu_ns = 0;        // the same less what the reader took
  uint64_t images = 0;
};

// What: one open loader. Owner: main. Thread: one.
//
// A loader works ahead: batches that it made while others were measured would be free, and while
// it fills up after its turn it would slow the next one. So a turn begins with every batch buffer
// full, and ends not with the last batch delivered but when every buffer is full again: just as
// many pictures are made in a turn as are counted, known ones, and between turns nothing runs.
// That costs the loader the ends of a turn, where a worker may wait for the other's last picture:
// below 1 % for turns of a few hundred pictures.
class LoaderTurns {
 public:
  // `decode`: the [decode] table. `pack`: a pack of the folder to read in its place. Waits until
  // the loader is full.
  LoaderTurns(const JpegFolder& folder, uint32_t workers, const std::string& decode,
              const std::string& pack = "");
  ~LoaderTurns();
  LoaderTurns(const LoaderTurns&) = delete;
  LoaderTurns& operator=(const LoaderTurns&) = delete;

  uint32_t batch_size() const { return batch_size_; }
  uint64_t batches_per_epoch() const { return sampler_.batches(); }
  // The pictures that the next turn will make.
  std::vector<Draw> NextDraws(uint64_t batches) const;
  TurnResult Turn(uint64_t batches);

  hr_stats Stats() const;

 private:
  void Take(uint64_t batch);
  void WaitUntilFull();
  Draw DrawAt(uint64_t batch, uint32_t index) const;

  hr_loader* loader_ = nullptr;
  uint32_t batch_size_;
  uint32_t buffers_ = 0;
  uint64_t taken_ = 0;  // batches, over all epochs
  loader::Sampler sampler_;
};

// Opens a loader that makes checkpoints in `checkpoint_folder`, takes one epoch and closes it.
void MakeCheckpoints(const JpegFolder& folder, uint32_t workers,
                     const std::string& checkpoint_folder);

}  // namespace headrace::bench
