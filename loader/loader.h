// Loader: a configuration to batches. What the C API wraps.
#pragma once

#include <sys/types.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "base/log.h"
#include "base/result.h"
#include "io/make_reader.h"
#include "loader/config.h"
#include "loader/config_toml.h"
#include "loader/epoch_samples.h"
#include "loader/host_memory.h"
#include "loader/mix/model_call.h"
#include "loader/pipeline/bad_samples.h"
#include "loader/pipeline/batch_store.h"
#include "loader/plan.h"
#include "loader/state.h"
#include "loader/stats.h"

namespace headrace::loader {

// Makes the reader of a loader.
using ReaderFactory = Result<io::MadeReader> (*)(const std::string& root,
                                                 const io::ReaderOptions& options);

struct LoaderOptions {
  LogSink log;
  HostAllocator allocator;
  ReaderFactory make_reader = io::MakeReader;  // the simulation puts its own here
  std::optional<uint32_t> rank;  // both or neither: before the configuration and the environment
  std::optional<uint32_t> world_size;
  // headrace's own folder among the user's caches, for checkpoints = "auto"; empty: none is known.
  std::string cache_folder;
  // The user's callbacks, for [[mix]] entries that ask for them; called inside Next.
  ModelFn model;
  SaliencyFn saliency;
  const void* handle = nullptr;  // BatchStore::handle
  EpochChoice choice;            // in place of every sample once; must live until Open returns
};

// What: owns everything of one open data set. Owner: the caller. Thread: Next, SetEpoch and the
// state from one consumer at a time; Stop, stats and the accessors from any; destruction from one,
// after the rest. Cost: all memory and threads at Open; Next costs a few atomic operations.
class Loader {
 public:
  [[nodiscard]] static bool Open(const Config& config, const LoaderOptions& options,
                                 std::unique_ptr<Loader>* loader, ConfigError* error);
  ~Loader();

  // kOk: *batch carries one lease. Else *batch is null: kEndOfEpoch, kTimeout, kStopped, kNoBuffer,
  // or the failure that ended the run, with *failure filled.
  Code Next(int64_t timeout_ns, BatchBuffer** batch, RunFailure* failure);
  void SetEpoch(uint32_t epoch) { BeginRun({.epoch = epoch, .position = 0}); }
  // After the batches that Next has returned. The first of these two calls looks at every sample.
  StateBytes SaveState();
  // Goes to where the state was taken; false, and nothing has changed, when it is of another run.
  [[nodiscard]] bool LoadState(std::span<const std::byte> bytes, ConfigError* error);
  void Stop();

  const Config& config() const;
  const Plan& plan() const;
  const Counters& counters() const;
  const Dataset& dataset() const;
  BatchStore& store() const;
  uint64_t batches_per_epoch() const;
  // Positions of an epoch over all ranks.
  uint64_t epoch_samples() const;
  // Of the epoch that Next is in: fewer in one that was resumed.
  uint64_t batches_this_epoch() const { return batches_.load(std::memory_order_relaxed); }
  uint64_t bytes_read() const;
  uint32_t rank() const;
  uint32_t world_size() const;
  const std::string& rank_source() const;
  // Which reader, and how shards are read at the moment.
  std::string reader_text() const;
  // The arithmetic of JPEGs: "fast", "exact", or "exact: " and the op that asks for it.
  std::string jpeg_text() const;
  // Views of a sample in every batch.
  uint32_t views() const;
  // What the ops draw for a sample in an epoch, as TOML (AugmentProgram::Explain). Reads the file
  // for its size; allocates.
  Status Replay(uint64_t id, uint32_t epoch, uint32_t view, std::string* toml) const;
  pid_t owner() const { return owner_; }

 private:
  struct Parts;
  struct DeleteParts {
    void operator()(Parts* parts) const;
  };
  using PartsHandle = std::unique_ptr<Parts, DeleteParts>;
  explicit Loader(PartsHandle parts);

  Code Deliver(uint32_t index, BatchBuffer** batch, RunFailure* failure);
  // The consumer's place becomes the start of this one.
  void EnterEpoch(const RunPlace& place);
  // The same, and what was prefetched is discarded.
  void BeginRun(const RunPlace& place);
  const StateIdentity& Identity();

  PartsHandle parts_;
  pid_t owner_;  // the process that opened it
  // The consumer's place: the next batch to deliver.
  uint32_t epoch_ = 0;
  uint64_t base_ = 0;                 // position at which this epoch began: 0 unless resumed
  uint64_t batch_ = 0;                // since there
  std::atomic<uint64_t> batches_{0};  // how many there are; written by the consumer, read by any
  uint32_t sequence_ = 0;
  bool warned_extra_ = false;
  RunFailure failure_;                     // why the run is over; kOk: it is not
  std::optional<StateIdentity> identity_;  // made when a state is first asked for
};

}  // namespace headrace::loader
