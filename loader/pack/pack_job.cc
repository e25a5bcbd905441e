#include "loader/pack/pack_job.h"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "base/checked_math.h"
#include "loader/open_watch.h"
#include "loader/pack/ordered_records.h"
#include "loader/pack/pack_check.h"
#include "loader/pack/pack_folder.h"
#include "loader/pack/pack_lock.h"
#include "loader/pack/pack_resume.h"
#include "loader/pack/sample_reader.h"
#include "loader/pack/shard_writer.h"
#include "loader/plan.h"

namespace headrace::loader {
namespace {

// Records that may wait for those before them, for each worker.
constexpr uint32_t kWindowPerWorker = 4;

// What: one run over the shards that this rank has still to make. Owner: RunPack. Thread: Work is
// for its workers; WriteNext is called by one of them at a time.
class PackRun {
 public:
  PackRun(const Dataset& dataset, const PackJob& job, const ShardPlan& plan, std::string settings,
          std::vector<uint64_t> shards, PackReport* report)
      : dataset_(dataset),
        job_(job),
        plan_(plan),
        settings_(std::move(settings)),
        shards_(std::move(shards)),
        report_(*report) {
    first_number_.push_back(0);
    for (const uint64_t shard : shards_) {
      first_number_.push_back(first_number_.back() + plan_.begin[shard + 1] - plan_.begin[shard]);
    }
  }

  bool Run(const JobHooks& hooks, JobError* error) {
    const uint64_t count = first_number_.back();
    uint64_t bytes = 0;
    if (!AddUp(hooks, count, &bytes, error)) return false;
    JobThreads threads(hooks, count, bytes);
    threads_ = &threads;
    OrderedRecords records(
        count, report_.workers * kWindowPerWorker,
        [this](uint64_t n) { return dataset_.Locate(IdOf(n)).bytes; },
        [this](uint64_t n, codecs::PackedRecord& record) { return Write(n, record); });
    threads.OnEnding([&records] { records.End(); });
    return threads.Run(
        report_.workers, [&](uint32_t) { Work(&records); }, error);
  }

 private:
  // What the first `count` samples have.
  bool AddUp(const JobHooks& hooks, uint64_t count, uint64_t* bytes, JobError* error) const {
    OpenWatch watch(hooks.progress, OpenWatch::First::kLater);
    for (uint64_t n = 0; n < count; ++n) {
      if (!OpeningGoesOnAt(n)) return OpeningGoesOn(error);
      *bytes = SaturatingAdd(*bytes, dataset_.Locate(IdOf(n)).bytes);
    }
    return true;
  }

  uint64_t ShardIndexOf(uint64_t number) const {
    const auto after = std::upper_bound(first_number_.begin(), first_number_.end(), number);
    return static_cast<uint64_t>(after - first_number_.begin()) - 1;
  }
  uint64_t IdOf(uint64_t number) const {
    const uint64_t at = ShardIndexOf(number);
    return plan_.begin[shards_[at]] + number - first_number_[at];
  }

  void Work(OrderedRecords* records) {
    JobError error;
    std::unique_ptr<SampleReader> reader;
    if (!SampleReader::Make(dataset_, job_.packing.limits.max_encoded_bytes, &reader, &error)) {
      return threads_->Fail(std::move(error));
    }
    auto packer = codecs::RecordPacker::Make(job_.packing);
    if (!packer.ok()) {
      return threads_->Fail(
          {packer.status().code(), packer.status().text(), packer.status().error_number(), -1});
    }
    std::vector<std::byte> file;
    codecs::PackedRecord record;
    while (const auto number = records->Take()) {
      const uint64_t id = IdOf(*number);
      if (!reader->Read(id, &file, &error)) return threads_->Fail(std::move(error));
      if (const Status packed = PackOne(file, **packer, &record); !packed.ok()) {
        (void)FailOn(&error, dataset_.Name(id), packed, static_cast<int64_t>(id));
        return threads_->Fail(std::move(error));
      }
      records->Put(*number, &record);
    }
  }

  static Status PackOne(std::span<const std::byte> file, codecs::RecordPacker& packer,
                        codecs::PackedRecord* record) {
    if (!file.empty()) return packer.Pack(file, record);
    record->bytes.clear();
    record->extension = "";
    record->size = {};
    record->copied = true;
    record->restarts_trusted = false;
    record->bands = {};
    record->remark = nullptr;
    record->reason = {Code::kEmptyFile, "the file is empty"};
    return {};
  }

  // The next record, in order.
  bool Write(uint64_t number, codecs::PackedRecord& record) {
    JobError error;
    if (WriteNext(number, record, &error)) return true;
    threads_->Fail(std::move(error));
    return false;
  }

  bool WriteNext(uint64_t number, const codecs::PackedRecord& record, JobError* error) {
    const uint64_t at = ShardIndexOf(number);
    const uint64_t id = IdOf(number);
    if (number == first_number_[at] && !Begin(shards_[at], error)) return false;
    PackSample sample{.id = id, .label = dataset_.Label(id), .path = dataset_.Name(id)};
    if (sample.label >= 0 && static_cast<uint64_t>(sample.label) < dataset_.classes().size()) {
      sample.class_name = dataset_.classes()[static_cast<size_t>(sample.label)];
    }
    if (!writer_->Add(sample, record, error)) return false;
    Count(sample, record);
    if (number + 1 < first_number_[at + 1]) return true;
    if (!writer_->Finish(error)) return false;
    report_.pack_bytes += writer_->tar_bytes() + writer_->index_bytes();
    writer_.reset();
    return true;
  }

  bool Begin(uint64_t shard, JobError* error) {
    ShardHeader header;
    header.set_samples = dataset_.size();
    header.first_id = plan_.begin[shard];
    header.settings = settings_;
    header.classes = dataset_.classes();
    return ShardWriter::Make(job_.folder, shard, std::move(header), &writer_, error);
  }

  void Count(const PackSample& sample, const codecs::PackedRecord& record) {
    const uint64_t bytes = dataset_.Locate(sample.id).bytes;
    report_.encoded += record.copied ? 0 : 1;
    report_.copied += record.copied ? 1 : 0;
    report_.source_bytes += bytes;
    report_.record_bytes += record.bytes.size();
    report_.damaged += record.reason.ok() ? 0 : 1;
    if (!record.reason.ok() || record.remark != nullptr) {
      const Extent extent = dataset_.Locate(sample.id);
      threads_->Note({.id = static_cast<int64_t>(sample.id),
                      .path = sample.path,
                      .file = dataset_.root() + "/" + extent.path,
                      .offset = extent.offset,
                      .code = record.reason.code(),
                      .text = record.reason.ok() ? record.remark : record.reason.text()});
    }
    threads_->Done(1, bytes);
  }

  const Dataset& dataset_;
  const PackJob& job_;
  const ShardPlan& plan_;
  const std::string settings_;
  const std::vector<uint64_t> shards_;  // to be made
  std::vector<uint64_t>
      first_number_;  // of each of them, the samples numbered through; and the end
  PackReport& report_;
  JobThreads* threads_ = nullptr;
  std::optional<ShardWriter> writer_;  // of the shard that is being made
};

uint64_t FileBytes(const std::string& path) {
  struct stat info {};
  return ::stat(path.c_str(), &info) == 0 ? static_cast<uint64_t>(info.st_size) : 0;
}

// Whether the pack's files would be taken for the source's, or be written over them.
bool WouldChangeSource(const Dataset& dataset, const PackJob& job) {
  if (job.source_is_walked) return LiesIn(job.folder, dataset.root());
  for (uint64_t run = 0; run < dataset.RunCount(); ++run) {
    if (!OpeningGoesOn()) return false;  // PlanShards asks again
    const Extent extent = dataset.Locate(dataset.RunBegin(run));
    if (extent.whole_file) continue;  // no shard
    const std::string shard = dataset.root() + "/" + extent.path;
    const std::string folder = shard.substr(0, shard.rfind('/'));
    if (LiesIn(job.folder, folder) && LiesIn(folder, job.folder)) return true;
  }
  return false;
}

bool CheckJob(const Dataset& dataset, const PackJob& job, JobError* error) {
  if (job.world_size == 0 || job.rank >= job.world_size) {
    return Fail(error, Code::kInvalidArgument, "rank: must be below the world size");
  }
  if (job.packing.quality > 100) {
    return Fail(error, Code::kInvalidArgument, "quality: must be in 1..100");
  }
  if (job.shard_bytes == 0) {
    return Fail(error, Code::kInvalidArgument, "shard size: must be 1 byte or more");
  }
  if (dataset.has_label_rows()) {
    return Fail(error, Code::kInvalidArgument,
                dataset.root() +
                    ": labels are rows of numbers, and a pack keeps one class a sample; pack the "
                    "pictures as a folder and keep the manifest");
  }
  if (WouldChangeSource(dataset, job)) {
    return Fail(error, Code::kInvalidArgument,
                job.folder + ": lies in the data set " + dataset.root() +
                    ", which would change by it; give a folder elsewhere");
  }
  return true;
}

// Plans the shards and looks which of them are there, as part of the opening.
bool Prepare(const Dataset& dataset, const PackJob& job, const JobHooks& hooks, ShardPlan* plan,
             PackLock* lock, std::string* settings, FoundPack* found, JobError* error) {
  OpenWatch watch(hooks.progress, OpenWatch::First::kLater);
  if (!CheckJob(dataset, job, error) || !PlanShards(dataset, job.shard_bytes, plan, error) ||
      !MakeFolders(job.folder, error)) {
    return false;
  }
  if (dataset.has_objects()) {
    hooks.log.Write(LogLevel::kWarning,
                    "a pack has no place for objects: boxes and masks are left out");
  }
  if (!lock->Take(job.folder, job.rank, job.world_size, hooks.log, error)) return false;
  *settings = SettingsText(dataset, job.packing, job.shard_bytes);
  return OpeningGoesOn(error) && FindComplete(job, *plan, *settings, hooks.log, found, error);
}

}  // namespace

bool RunPack(const Dataset& dataset, const PackJob& job, const JobHooks& hooks, PackReport* report,
             JobError* error) {
  *report = {};
  ShardPlan plan;
  PackLock lock;
  std::string settings;
  FoundPack found;
  if (!Prepare(dataset, job, hooks, &plan, &lock, &settings, &found, error) ||
      (job.force && !DropDamaged(job, plan, dataset.classes(), hooks, &found, error)) ||
      !RemoveOld(job, plan, found, error)) {
    return false;
  }
  std::vector<uint64_t> shards;
  for (uint64_t shard = job.rank; shard < plan.shards(); shard += job.world_size) {
    const uint64_t samples = plan.begin[shard + 1] - plan.begin[shard];
    ++report->shards;
    report->samples += samples;
    if (!found.complete[shard]) {
      shards.push_back(shard);
      continue;
    }
    ++report->shards_kept;
    report->samples_kept += samples;
    report->pack_bytes += FileBytes(job.folder + "/" + ShardName(shard)) +
                          FileBytes(job.folder + "/" + ShardIndexName(shard));
  }
  const uint64_t to_do = report->samples - report->samples_kept;
  report->workers = static_cast<uint32_t>(std::clamp<uint64_t>(
      job.workers > 0 ? job.workers : AllowedCpus(), 1, std::max<uint64_t>(to_do, 1)));
  if (shards.empty()) return true;
  return PackRun(dataset, job, plan, settings, std::move(shards), report).Run(hooks, error);
}

}  // namespace headrace::loader
