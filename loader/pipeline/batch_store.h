// BatchStore: the batch buffers, from open until the last lease is given back.
#pragma once

#include <sys/types.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/thread_annotations.h"
#include "loader/config.h"
#include "loader/host_memory.h"
#include "loader/mix/mixer.h"
#include "loader/objects/batch_targets.h"
#include "loader/pipeline/bad_samples.h"
#include "loader/pipeline/count_down.h"
#include "loader/pipeline/eventcount.h"
#include "loader/pipeline/slot_pool.h"
#include "loader/plan.h"

namespace headrace::loader {

class BatchStore;
class ConsumerStage;

// One batch buffer: memory, where its arrays lie, and which batch it holds.
// Owner by turns: the free pool; the pipeline while its samples and bands come in; the order slots
// of Delivery; the consumer's leases.
struct BatchBuffer {
  BatchStore* store = nullptr;
  uint32_t index = 0;  // in the store
  HostMemory memory;

  // Arrays in `memory`; soft is null when labels are indices.
  std::byte* images = nullptr;
  int64_t* labels = nullptr;
  int64_t* ids = nullptr;
  float* soft = nullptr;
  float* lambda = nullptr;
  int32_t* partner = nullptr;
  uint8_t* valid = nullptr;
  uint8_t* pixels = nullptr;  // [rows, C, H, W] before mixing; null unless keep_u8

  // Set by the read stage before the first sample is submitted.
  uint32_t generation = 0;
  uint32_t epoch = 0;
  uint64_t batch = 0;         // of this rank in the epoch
  uint64_t global_batch = 0;  // over all ranks
  uint32_t sequence = 0;      // since the generation began
  uint32_t count = 0;         // samples; with tail = "pad" the rest up to `rows` is padding
  uint32_t rows = 0;          // B of the delivered batch

  // Bad samples met while the batch was made, in any order; room for all that can be.
  std::vector<BadRecord> bad;
  std::atomic<uint32_t> bad_count{0};
  void AddBad(const BadRecord& record) {
    // Published with the sample: samples_left orders it before the batch is finished.
    bad[bad_count.fetch_add(1, std::memory_order_relaxed)] = record;
  }

  CountDown<> samples_left;
  CountDown<> bands_left;
  BatchMix mix;
  bool is_mixed() const { return mix.kind != MixKind::kNone; }
  Code mix_status = Code::kOk;  // kCallbackFailed: the batch came clean, its model failed
  uint32_t ace_calls = 0;       // hr_batch_ace on this batch so far
  BatchTargets targets;         // of a data set that knows objects

  std::atomic<uint32_t> leases{0};  // the batch handle and tensors made from it
  bool leased = false;              // guarded by the store's mutex: Close leaves the buffer alone
};

// What: owns all buffers. Owner: the loader and every leased buffer, by a count; the last one frees
// it. Thread: TryAcquire is the read stage's, Grow the consumer's, Release anybody's.
// Cost: a mutex a batch on release; nothing a sample.
class BatchStore {
 public:
  struct Options {
    BatchShape shape;
    bool soft_labels = false;
    Pin pin = Pin::kAuto;
    uint32_t count = 0;
    uint32_t count_max = 0;
    HostAllocator allocator;
    const Mixer* mixer = nullptr;  // outlived by the loader's threads only
    const void* handle = nullptr;  // how the C API knows the loader; compared, never followed
    uint64_t seed = 0;             // for what the consumer asks to be mixed, also after close
    bool has_targets = false;
  };
  // `freed` is notified when a buffer becomes free, until Close.
  static Result<BatchStore*> Make(const Options& options, EventCount<>* freed);

  const BatchShape& shape() const { return options_.shape; }
  uint64_t seed() const { return options_.seed; }
  bool has_targets() const { return options_.has_targets; }
  BatchBuffer& at(uint32_t index) { return *buffers_[index]; }
  // Where a view of sample `row` of a batch lies.
  std::byte* SampleAt(const BatchBuffer& buffer, uint32_t view, uint32_t row) const {
    return buffer.images + (uint64_t{view} * buffer.rows + row) * options_.shape.sample_bytes();
  }
  // The same of the pixels that are kept.
  uint8_t* PixelsAt(const BatchBuffer& buffer, uint32_t row) const {
    return buffer.pixels + row * options_.shape.sample_elements();
  }
  // All its views, and its pixels, become zeros.
  void ClearSample(const BatchBuffer& buffer, uint32_t row) const;
  const std::string& pin_text() const { return pin_text_; }

  bool TryAcquire(uint32_t* index) { return free_.TryAcquire(index); }
  bool HasFree() const { return free_.ApproxFree() > 0; }
  // What runs the user's model on batches; null: nothing was kept for it, or the loader was closed.
  // The consumer's, and the loader's.
  ConsumerStage* consumer() const { return consumer_.load(std::memory_order_acquire); }
  void SetConsumer(ConsumerStage* consumer) {
    consumer_.store(consumer, std::memory_order_release);
  }
  const void* handle() const { return options_.handle; }
  pid_t owner() const { return owner_; }

  // A buffer that was acquired and not delivered goes back.
  void Return(uint32_t index);

  // Hands a finished buffer to the consumer: one lease.
  void Lease(BatchBuffer* buffer);
  static void AddLease(BatchBuffer* buffer);
  // Ends one lease; the last one frees the buffer for the pipeline, or for good after Close.
  // In a child of fork it does nothing.
  static void Release(BatchBuffer* buffer);

  // Makes another buffer if every one is leased and the plan leaves room.
  enum class Grown { kNotNeeded, kGrew, kNoRoom };
  Grown GrowIfAllLeased();

  // The loader's share ends: frees every buffer that is not leased, then itself if none is.
  void Close();

 private:
  BatchStore(const Options& options, EventCount<>* freed);
  ~BatchStore() = default;

  Status MakeBuffer(uint32_t index);
  Status PinAll();
  void ReleaseLast(BatchBuffer* buffer);
  std::unique_ptr<BatchBuffer> TakeUnleased() HR_EXCLUDES(mutex_);

  const Options options_;
  const BatchLayout layout_;
  const pid_t owner_;  // the process that made it; a child of fork must not touch it
  std::string pin_text_;
  // Sized once to count_max; entries beyond made_ are null. Grow writes an entry before the pool
  // hands out its index.
  std::vector<std::unique_ptr<BatchBuffer>> buffers_;
  SlotPool<> free_;
  std::atomic<ConsumerStage*> consumer_{nullptr};  // the loader's; Close forgets it

  Mutex mutex_;
  EventCount<>* freed_ HR_GUARDED_BY(mutex_);
  uint32_t made_ HR_GUARDED_BY(mutex_) = 0;
  uint32_t leased_ HR_GUARDED_BY(mutex_) = 0;
  bool closed_ HR_GUARDED_BY(mutex_) = false;
};

}  // namespace headrace::loader
