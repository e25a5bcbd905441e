// What the stages of one loader share: the data flow as its queues, pools and events.
#pragma once

#include <algorithm>
#include <atomic>
#include <bit>
#include <cstdint>
#include <memory>
#include <vector>

#include "base/check.h"
#include "base/log.h"
#include "loader/augment/program.h"
#include "loader/big_image_area.h"
#include "loader/checkpoints/checkpoint_index.h"
#include "loader/config.h"
#include "loader/dataset.h"
#include "loader/host_memory.h"
#include "loader/mix/mixer.h"
#include "loader/pipeline/bad_samples.h"
#include "loader/pipeline/batch_store.h"
#include "loader/pipeline/delivery.h"
#include "loader/pipeline/direct_files.h"
#include "loader/pipeline/eventcount.h"
#include "loader/pipeline/lane.h"
#include "loader/pipeline/read_mode.h"
#include "loader/pipeline/ring_queue.h"
#include "loader/pipeline/sample_cache.h"
#include "loader/pipeline/slot_pool.h"
#include "loader/pipeline/stop_flag.h"
#include "loader/plan.h"
#include "loader/saliency/saliency_map_file.h"
#include "loader/sampler.h"
#include "loader/stats.h"
#include "simd/convert.h"

namespace headrace::loader {

// A piece of a batch to mix.
struct MixTask {
  // Both small (SlotPool::kSlotsMax buffers, 4 bands a worker), so that a task fits a ring's cell.
  uint16_t buffer = 0;
  uint16_t band = 0;
};

// What: made at open and constant but for the lock-free parts. Owner: the loader; outlives the
// threads.
//
//   read stage --work--> workers --mix--> workers --delivery--> consumer
//       ^ lanes, retry ----'                                       |
//       ^ batch buffers -------------------------------------------'
struct PipelineShared {
  PipelineShared(const Config& c, const Dataset& d, const Sampler& s, const AugmentProgram& a,
                 const Mixer& m, const simd::ConvertTable& t, const Plan& p, const LogSink& l)
      : config(c),
        dataset(d),
        sampler(s),
        augment(a),
        mixer(m),
        convert(t),
        plan(p),
        log(l),
        lanes(p.lanes),
        lane_pool(p.lanes),
        work(RingCapacity(p.lanes)),
        retry(RingCapacity(p.lanes)),
        mix(RingCapacity(uint64_t{p.batch_buffers_max} * std::max(p.mix_bands, 1u))),
        delivery(p.batch_buffers_max),
        bad(c.loader, d, s.chosen(), l, &counters) {}

  // Every lane and every band of every buffer fits in its ring, so a push never fails.
  template <class T>
  static void Push(RingQueue<T>& ring, T value) {
    const bool pushed = ring.TryPush(value);
    HR_DCHECK(pushed);
    (void)pushed;
  }
  static size_t RingCapacity(uint64_t items) { return std::bit_ceil(std::max<uint64_t>(items, 2)); }

  const Config& config;
  const Dataset& dataset;
  const Sampler& sampler;
  const AugmentProgram& augment;
  const Mixer& mixer;
  const simd::ConvertTable& convert;
  const simd::ConvertTable* convert_pixels = nullptr;  // to BatchBuffer::pixels; null: not kept
  const Plan& plan;
  const LogSink log;

  Counters counters;
  StopFlag<> stop;

  HostMemory lane_memory;
  std::vector<Lane> lanes;
  SlotPool<> lane_pool;
  HostMemory big_encoded;
  std::atomic<bool> big_encoded_busy{false};
  std::unique_ptr<BigImageArea> big_decoded;
  CheckpointIndex* checkpoints = nullptr;          // null: decode.checkpoints is off
  SampleCache* cache = nullptr;                    // null: loader.cache is none, or has no room
  DirectFiles* direct_files = nullptr;             // null: nothing is read past the page cache
  ReadMode* read_mode = nullptr;                   // null: no shards
  const SaliencyMapFile* saliency_maps = nullptr;  // if an entry of [[mix]] asks for them

  RingQueue<uint32_t> work;   // lanes with encoded bytes
  RingQueue<uint32_t> retry;  // lanes whose sample is to be replaced
  RingQueue<MixTask> mix;
  EventCount<> work_ready;   // work or mix has something, or stop
  EventCount<> read_wanted;  // a lane, a buffer or a retry came back; a new run; stop
  BatchStore* store = nullptr;
  Delivery delivery;
  BadSamples bad;

  // The run that the read stage should make: where the current generation begins.
  std::atomic<uint32_t> run_epoch{0};
  std::atomic<uint64_t> run_base{0};  // position in that epoch
  std::atomic<bool> warned_equal_labels{false};

  bool IsStale(uint32_t generation) const { return generation != delivery.generation(); }

  // The read stage reads lane.id into this lane (again).
  void PushRetry(uint32_t index) {
    ReleaseBigArea(index);  // a lane that waits for its turn must not hold what others wait for
    Push(retry, index);
    read_wanted.NotifyOne();
  }

  // Gives a lane back, and wakes the read stage once enough are free to make the wake worth it.
  void ReleaseLane(uint32_t index) {
    const bool freed_big = ReleaseBigArea(index);
    lane_pool.Release(index);
    if (freed_big || lane_pool.ApproxFree() >= (plan.lanes + 3) / 4) read_wanted.NotifyOne();
  }

 private:
  bool ReleaseBigArea(uint32_t index) {
    Lane& lane = lanes[index];
    if (!lane.in_big_area) return false;
    lane.in_big_area = false;
    big_encoded.Discard();
    big_encoded_busy.store(false, std::memory_order_release);  // pairs with the read stage
    return true;
  }
};

}  // namespace headrace::loader
