#include "loader/plan.h"

#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <string>

#include "base/checked_math.h"
#include "codecs/decoder_set.h"
#include "loader/checkpoints/checkpoint_index.h"
#include "loader/checkpoints/checkpoint_limits.h"
#include "loader/objects/batch_targets.h"
#include "loader/objects/object_mover.h"
#include "loader/open_watch.h"
#include "loader/pipeline/bad_samples.h"
#include "loader/pipeline/consumer_stage.h"
#include "loader/sampler.h"

namespace headrace::loader {
namespace {

constexpr uint64_t kMiB = uint64_t{1} << 20;
constexpr uint64_t kLaneBytes = kMiB;          // most training files are smaller
constexpr uint64_t kLaneBytesMax = 16 * kMiB;  // sets of large photographs get larger lanes
constexpr uint64_t kLanesBytesMax = 96 * kMiB;
constexpr uint32_t kReadsInFlight = 32;        // where NVMe and page cache are both saturated
constexpr uint64_t kThreadBytes = 512 * 1024;  // stack that a thread of ours touches, generously
constexpr uint64_t kFixedBytes = 4 * kMiB;     // handles, queues, rings, library tables
constexpr uint32_t kBuffersMax = 512;
constexpr uint64_t kScratchPixelsMin = 1280 * 1024;  // a crop of a usual photograph

bool UsesCheckpoints(const Config& config) { return config.decode.checkpoints != "off"; }

// What a file takes of a lane: one byte more than it has, so that a read can show that it did not
// grow, and its record behind it.
uint64_t RoomFor(uint64_t file_bytes, bool checkpoints) {
  const uint64_t room = SaturatingAdd(file_bytes, 1);
  if (!checkpoints) return room;
  return SaturatingAdd(RoundUp(room, kRecordAlignment),
                       RoundUp(RecordBytesMax(file_bytes), kRecordAlignment));
}

// 1 MiB, or the size that covers 99 % of the files when more than 1 % of them are larger: the big
// area serves one file at a time and must stay the exception. Any number when the opening was ended
// meanwhile.
uint64_t LaneBytesFor(const Dataset& dataset, bool checkpoints) {
  constexpr uint64_t kStepBytes = uint64_t{64} * 1024;
  static_assert(kLaneBytes % kStepBytes == 0 && kLaneBytesMax % kStepBytes == 0);
  // How many files need lanes of so many steps, and of the most steps or more.
  std::array<uint64_t, kLaneBytesMax / kStepBytes + 1> files{};
  for (uint64_t id = 0; id < dataset.size(); ++id) {
    if (!OpeningGoesOnAt(id)) return kLaneBytes;
    const uint64_t room = RoomFor(dataset.Locate(id).bytes, checkpoints);
    ++files[RoundUp(std::min(room, kLaneBytesMax), kStepBytes) / kStepBytes];
  }
  uint64_t left = dataset.size() / 100;  // of those that may be larger than a lane
  size_t steps = files.size() - 1;
  while (steps > kLaneBytes / kStepBytes && files[steps] <= left) left -= files[steps--];
  return steps * kStepBytes;
}

std::string Mebibytes(uint64_t bytes) {
  if (bytes < kMiB) return std::to_string(bytes) + " bytes";
  return std::to_string((bytes + kMiB - 1) / kMiB) + " MiB";
}

// What the targets of a batch take, by the mean of the data set; mixing, which the
// consumer may ask for too where pixels are kept, brings each sample's twice.
uint64_t TargetBytes(const Config& config, const Dataset& dataset, const BatchShape& shape) {
  if (!dataset.has_objects()) return 0;
  const uint64_t mean = dataset.ObjectCount() / std::max<uint64_t>(dataset.size(), 1) + 1;
  return BatchTargets::BytesOf(shape.batch_size,
                               config.mix.empty() && !shape.keep_u8 ? mean : 2 * mean,
                               {shape.width, shape.height});
}

// What a worker takes to move the objects of a sample: lists before and after a move, with so many
// points an object at least, and twice as much for what moves the largest of them; the planes of a
// mask; and the plane in which targets are made.
uint64_t ObjectScratchBytes(const Dataset& dataset, const BatchShape& shape) {
  constexpr uint64_t kPoints = 128;
  if (!dataset.has_objects()) return 0;
  const uint64_t lists =
      std::max(SaturatingMul(2 * dataset.ObjectsMax(), sizeof(Object) + kPoints * sizeof(PointF)),
               SaturatingMul(4, dataset.ObjectListBytesMax()));
  const uint64_t planes = 2 * ObjectMover::kPlaneBytesMax + uint64_t{shape.width} * shape.height;
  return SaturatingAdd(lists, planes);
}

// What a batch buffer needs outside its own memory: its bad records, its draws, its targets, and
// its bands in the mix ring, whose capacity is rounded up to a power of two.
uint64_t BytesBesideBuffer(const Config& config, const MixBytes& mix, const Plan& plan) {
  constexpr uint64_t kRingCellBytes = 64;
  return uint64_t{BadSamples::RecordsMax(config.loader.batch_size)} * sizeof(BadRecord) +
         2 * plan.mix_bands * kRingCellBytes + mix.batch + plan.target_bytes_each;
}

void SumUp(const Config& config, const MixBytes& mix, const Dataset& dataset, uint64_t object_bytes,
           Plan* plan) {
  const Limits& limits = config.limits;
  plan->lanes = kReadsInFlight + 2 * plan->workers;
  if (plan->lanes * plan->lane_bytes_each > kLanesBytesMax) {
    plan->lanes = std::max<uint32_t>(static_cast<uint32_t>(kLanesBytesMax / plan->lane_bytes_each),
                                     2 * plan->workers + 2);
  }
  const bool checkpoints = UsesCheckpoints(config);
  plan->reads_max = checkpoints || dataset.has_bands() ? 2 * plan->lanes : plan->lanes;
  plan->mix_bands = config.mix.empty() ? 0 : 4 * plan->workers;
  // A worker's scratch: RGB of scratch_pixels; the resize tables and its u8 image between the
  // passes are taken from the same block.
  plan->scratch_bytes_each =
      RoundUp(SaturatingAdd(SaturatingMul(plan->scratch_pixels, 3), mix.band_scratch), kMiB);
  plan->big_encoded_bytes = RoundUp(RoomFor(limits.max_encoded_bytes, checkpoints), 4096);
  plan->big_decoded_bytes = RoundUp(limits.max_decoded_bytes, 4096);

  plan->batch_bytes = SaturatingMul(plan->batch_buffers, plan->batch_buffer_bytes_each);
  plan->lane_bytes = SaturatingMul(plan->lanes, plan->lane_bytes_each);
  const uint64_t others = SaturatingAdd(codecs::DecoderSetBytes(limits), mix.sample_scratch);
  plan->scratch_bytes =
      SaturatingMul(plan->workers, SaturatingAdd(plan->scratch_bytes_each, others));
  plan->scratch_bytes = SaturatingAdd(plan->scratch_bytes, plan->consumer_bytes);
  plan->big_image_bytes = SaturatingAdd(plan->big_encoded_bytes, plan->big_decoded_bytes);
  // And two bits a sample: bad ids.
  plan->index_bytes = SaturatingAdd(dataset.index_bytes() + dataset.size() / 4, mix.maps);
  plan->index_bytes =
      SaturatingAdd(plan->index_bytes, Sampler::OrderBytes(config.loader.shuffle, dataset));
  plan->index_bytes = SaturatingAdd(plan->index_bytes, plan->order_bytes);
  if (checkpoints) {
    plan->index_bytes =
        SaturatingAdd(plan->index_bytes, CheckpointIndex::PlanBytes(dataset.size(), plan->workers));
    // And a room for each worker's decoder to make a record in.
    plan->index_bytes =
        SaturatingAdd(plan->index_bytes, plan->workers * CheckpointIndex::kBufferBytes);
  }
  plan->other_bytes = kFixedBytes + (uint64_t{plan->workers} + 1) * kThreadBytes +
                      plan->batch_buffers * BytesBesideBuffer(config, mix, *plan);
  plan->other_bytes = SaturatingAdd(plan->other_bytes, SaturatingMul(plan->workers, object_bytes));
  uint64_t total = 0;
  for (const uint64_t term : {plan->batch_bytes, plan->lane_bytes, plan->scratch_bytes,
                              plan->big_image_bytes, plan->index_bytes, plan->other_bytes}) {
    total = SaturatingAdd(total, term);
  }
  plan->total_bytes = total;
  plan->jpeg_bytes_max = SaturatingMul(plan->workers, limits.jpeg_memory);
}

// What is left, but for the buffers that a consumer may still ask for, is the cache's, up to what
// the data set has.
void PlanCache(bool checkpoints, const Dataset& dataset, uint64_t machine_bytes,
               uint64_t buffer_bytes, uint64_t max_bytes, Plan* plan) {
  constexpr uint64_t kSpareBuffers = 2;
  // The area for big images counts against max_host_bytes, but is not there until it is used.
  const uint64_t in_use = plan->total_bytes - plan->big_image_bytes;
  uint64_t left = std::min(max_bytes - plan->total_bytes, machine_bytes - in_use);
  left -= std::min(left, SaturatingMul(kSpareBuffers, buffer_bytes));
  plan->cache = SampleCache::PlanFor(dataset, checkpoints, left);
  plan->cache_bytes = plan->cache.bytes();
  plan->total_bytes += plan->cache_bytes;
}

}  // namespace

BatchLayout LayOutBatch(const BatchShape& shape, bool soft_labels) {
  BatchLayout layout;
  const uint64_t n = shape.batch_size;
  uint64_t end = RoundUp(SaturatingMul(SaturatingMul(n, shape.views), shape.sample_bytes()), 64);
  const auto place = [&end](uint64_t bytes) {
    const uint64_t at = end;
    end = RoundUp(SaturatingAdd(end, bytes), 64);
    return at;
  };
  if (shape.keeps_pixels_apart()) layout.pixels = place(SaturatingMul(n, shape.sample_elements()));
  layout.labels = place(n * sizeof(int64_t));
  layout.ids = place(n * sizeof(int64_t));
  layout.soft = place(soft_labels ? SaturatingMul(n, uint64_t{shape.classes} * sizeof(float)) : 0);
  layout.lambda = place(n * sizeof(float));
  layout.partner = place(n * sizeof(int32_t));
  layout.valid = place(n);
  layout.bytes = RoundUp(end, 4096);
  return layout;
}

uint32_t AllowedCpus() {
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof(set), &set) != 0) return 1;
  return std::max(1, CPU_COUNT(&set));
}

uint64_t MachineBytes() {
  return SaturatingMul(static_cast<uint64_t>(sysconf(_SC_PHYS_PAGES)),
                       static_cast<uint64_t>(sysconf(_SC_PAGESIZE)));
}

bool MakePlan(const Config& config, const Dataset& dataset, const BatchShape& shape,
              bool soft_labels, const MixBytes& mix, Plan* plan, ConfigError* error,
              uint64_t order_bytes) {
  const LoaderConfig& loader = config.loader;
  plan->workers = loader.workers > 0 ? loader.workers : AllowedCpus();
  plan->batch_buffers = loader.prefetch_batches + 1;
  plan->order_bytes = order_bytes;
  plan->batch_buffer_bytes_each = LayOutBatch(shape, soft_labels).bytes;
  plan->target_bytes_each = TargetBytes(config, dataset, shape);
  plan->lane_bytes_each = LaneBytesFor(dataset, UsesCheckpoints(config));
  if (!OpeningGoesOn(error)) return false;
  plan->consumer_bytes = ConsumerStage::Bytes(config, shape, soft_labels);
  plan->scratch_pixels = config.limits.scratch_pixels;
  const uint64_t object_bytes = ObjectScratchBytes(dataset, shape);
  SumUp(config, mix, dataset, object_bytes, plan);
  // Many workers: smaller scratch first, which only sends more pictures to the shared area; then
  // fewer workers, if their number is ours to choose.
  while (plan->total_bytes > loader.max_host_bytes && plan->scratch_pixels > kScratchPixelsMin) {
    plan->scratch_pixels = std::max(plan->scratch_pixels / 2, kScratchPixelsMin);
    SumUp(config, mix, dataset, object_bytes, plan);
  }
  while (loader.workers == 0 && plan->workers > 1 && plan->total_bytes > loader.max_host_bytes) {
    --plan->workers;
    SumUp(config, mix, dataset, object_bytes, plan);
  }
  if (plan->total_bytes > loader.max_host_bytes) {
    error->code = Code::kOverBudget;
    error->text = "[loader] max_host_bytes: " + Mebibytes(loader.max_host_bytes) +
                  " is too small, the plan needs " + Mebibytes(plan->total_bytes) + ": " +
                  std::to_string(plan->batch_buffers) + " batch buffers " +
                  Mebibytes(plan->batch_bytes) + ", " + std::to_string(plan->workers) +
                  " workers' scratch and room for models " + Mebibytes(plan->scratch_bytes) +
                  ", read lanes " + Mebibytes(plan->lane_bytes) + ", large images " +
                  Mebibytes(plan->big_image_bytes) + ", index and the rest " +
                  Mebibytes(plan->index_bytes + plan->other_bytes) +
                  "; raise it or lower batch_size, prefetch_batches, workers, "
                  "limits.max_decoded_bytes or limits.scratch_pixels";
    return false;
  }
  const uint64_t machine_bytes = MachineBytes();
  if (plan->total_bytes - plan->big_image_bytes > machine_bytes) {
    error->code = Code::kOverBudget;
    error->text = "the plan needs " + Mebibytes(plan->total_bytes - plan->big_image_bytes) +
                  " and the machine has " + Mebibytes(machine_bytes) +
                  "; lower loader.batch_size, loader.prefetch_batches or limits.scratch_pixels";
    return false;
  }
  const uint64_t each = plan->batch_buffer_bytes_each + BytesBesideBuffer(config, mix, *plan);
  if (loader.cache == Cache::kMemory) {
    PlanCache(UsesCheckpoints(config), dataset, machine_bytes, each, loader.max_host_bytes, plan);
    if (!OpeningGoesOn(error)) return false;
  }
  const uint64_t left = loader.max_host_bytes - plan->total_bytes;
  const uint64_t extra = std::min<uint64_t>(left / each, kBuffersMax);
  plan->batch_buffers_max = plan->batch_buffers + static_cast<uint32_t>(extra);
  return true;
}

}  // namespace headrace::loader
