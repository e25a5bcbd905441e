#include "loader/pack/verify_job.h"

#include <algorithm>
#include <atomic>
#include <cstring>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/hash.h"
#include "loader/open_watch.h"
#include "loader/pack/pack_shards.h"
#include "loader/pack/sample_reader.h"
#include "loader/pack/verify_shard.h"
#include "loader/plan.h"
#include "loader/transform.h"

namespace headrace::loader {
namespace {

constexpr const char* kLossless = ", max side 0, quality 0,";

// What: decodes a picture of the pack and one of the source, whole and exactly, and compares.
// Owner, thread: a worker.
class PixelCheck {
 public:
  static bool Make(const VerifyJob& job, const PackShards& pack, std::unique_ptr<PixelCheck>* check,
                   JobError* error) {
    check->reset(new PixelCheck(job, pack));
    PixelCheck& made = **check;
    Config config = *job.config;
    config.decode.jpeg = JpegMode::kExact;
    config.augment.clear();
    ConfigError failed;
    return SampleReader::Make(*job.source, config.limits.max_encoded_bytes, &made.reader_, error) &&
           ((Transform::Make(config, &made.of_pack_, &failed) &&
             Transform::Make(config, &made.of_source_, &failed)) ||
            Fail(error, failed));
  }

  // Ok, or how the sample differs. *compared is false, with a verdict, for a record that cannot be
  // read or has not its checksum: mostly VerifyShard tells that. False: *error says why it cannot
  // be told.
  bool Compare(uint64_t id, Status* verdict, bool* compared, ShardRecord* record, std::string* file,
               JobError* error) {
    *verdict = {};
    *compared = true;
    if (!cursor_.Go(id, error)) return false;
    *file = cursor_.content().path();
    const Status read = cursor_.ReadRecord(record);
    if (!read.ok()) return FailOn(error, *file + ".hri", read);
    *verdict = cursor_.content().Read(record->offset, record->bytes, &bytes_);
    if (verdict->ok() && record->hash != 0 && Hash64(bytes_) != record->hash) {
      *verdict = {Code::kFileChanged, "the shard was changed while it was verified"};
    }
    *compared = verdict->ok();
    if (!*compared) return true;
    if (!reader_->Read(id, &source_bytes_, error)) return false;
    *verdict = Compare(id, *record);
    return true;
  }

 private:
  PixelCheck(const VerifyJob& job, const PackShards& pack) : source_(*job.source), cursor_(pack) {}

  Status Compare(uint64_t id, const ShardRecord& record) {
    if (record.name != source_.Name(id)) {
      return {Code::kFileChanged, "the source has another path for this id"};
    }
    if (record.label != source_.Label(id)) {
      return {Code::kFileChanged, "the source has another label for this id"};
    }
    if (bytes_ == source_bytes_) return {};
    if (record.copied) return {Code::kFileChanged, "is not the source's file, which was copied"};
    const SampleKey key{.id = id};
    ConstImageView theirs;
    ConstImageView ours;
    const Status decoded_theirs = of_source_->Apply(source_bytes_, key, &theirs);
    const Status decoded_ours = of_pack_->Apply(bytes_, key, &ours);
    if (!decoded_ours.ok()) return decoded_ours;
    if (!decoded_theirs.ok()) {
      return {Code::kFileChanged, "the source's file is damaged, and this is not a copy of it"};
    }
    if (ours.width != theirs.width || ours.height != theirs.height) {
      return {Code::kFileChanged, "the source's picture has another size"};
    }
    for (uint32_t y = 0; y < ours.height; ++y) {
      if (std::memcmp(ours.Row(y), theirs.Row(y), size_t{ours.width} * ours.channels) != 0) {
        return {Code::kFileChanged, "the source's picture has other pixels"};
      }
    }
    return {};
  }

  const Dataset& source_;
  PackCursor cursor_;
  std::unique_ptr<SampleReader> reader_;
  std::unique_ptr<Transform> of_pack_;
  std::unique_ptr<Transform> of_source_;
  std::vector<std::byte> bytes_;
  std::vector<std::byte> source_bytes_;
};

// What: hands out shards to be walked through, then samples to be compared. Owner: RunVerify.
// Thread: Work is the workers'.
class VerifyRun {
 public:
  VerifyRun(const VerifyJob& job, const PackShards& pack, const JobHooks& hooks)
      : job_(job),
        pack_(pack),
        hooks_(hooks),
        steps_(pack.samples() * (job.source != nullptr ? 2 : 1)),
        // With a source most of the time goes into pixels: progress counts samples then.
        threads_(hooks, steps_, job.source != nullptr ? 0 : pack.bytes()) {}

  bool Run(VerifyReport* report, JobError* error) {
    const bool good = threads_.Run(
        report->workers, [this](uint32_t) { Work(); }, error);
    if (good) TellUnread();
    report->bad = bad_.load();
    report->compared = compared_.load();
    report->record_bytes = record_bytes_.load();
    return good;
  }

 private:
  void Work() {
    while (!threads_.Ending()) {
      const uint64_t at = next_shard_.fetch_add(1, std::memory_order_relaxed);
      if (at >= pack_.shards().size()) break;
      VerifyShard({pack_.folder(), pack_.classes(), pack_.samples()}, pack_.shards()[at],
                  {.bad = [this](SampleNote note) { BadInShard(std::move(note)); },
                   .done =
                       [this](uint64_t bytes) {
                         record_bytes_.fetch_add(bytes, std::memory_order_relaxed);
                         threads_.Done(1, bytes);
                         return !threads_.Ending();
                       }});
    }
    if (job_.source == nullptr || threads_.Ending()) return;
    JobError error;
    std::unique_ptr<PixelCheck> check;
    if (!PixelCheck::Make(job_, pack_, &check, &error)) return threads_.Fail(std::move(error));
    while (!threads_.Ending()) {
      const uint64_t id = next_sample_.fetch_add(1, std::memory_order_relaxed);
      if (id >= pack_.samples()) break;
      CompareOne(id, check.get());
    }
  }

  void CompareOne(uint64_t id, PixelCheck* check) {
    JobError error;
    Status verdict;
    ShardRecord record;
    std::string file;
    bool compared = true;
    const bool told = check->Compare(id, &verdict, &compared, &record, &file, &error);
    if (!told || !verdict.ok()) {
      SampleNote note = {.id = static_cast<int64_t>(id),
                         .path = record.name,
                         .file = file,
                         .offset = record.offset,
                         .code = told ? verdict.code() : error.code,
                         .text = told ? verdict.text() : error.text};
      if (compared) {
        Bad(std::move(note));
      } else {
        const std::lock_guard lock(mutex_);
        unread_.try_emplace(file, std::move(note));
      }
    }
    compared_.fetch_add(compared ? 1 : 0, std::memory_order_relaxed);
    threads_.Done(1, 0);
  }

  void Bad(SampleNote note) {
    bad_.fetch_add(1, std::memory_order_relaxed);
    threads_.Note(std::move(note));
  }

  void BadInShard(SampleNote note) {
    {
      const std::lock_guard lock(mutex_);
      bad_files_.insert(note.file);
    }
    Bad(std::move(note));
  }

  // Records that could not be read for their pixels, of shards that their walks found good: damaged
  // or changed in between. After the threads; once a shard.
  void TellUnread() {
    for (const auto& [file, note] : unread_) {
      if (bad_files_.contains(file) || bad_files_.contains(file + ".hri")) continue;
      bad_.fetch_add(1, std::memory_order_relaxed);
      if (hooks_.note) hooks_.note(note);
    }
  }

  const VerifyJob& job_;
  const PackShards& pack_;
  const JobHooks& hooks_;
  const uint64_t steps_;
  JobThreads threads_;
  std::mutex mutex_;
  // Guarded by mutex_: shards that a walk found bad, and the first unread record of each.
  std::set<std::string> bad_files_;
  std::map<std::string, SampleNote> unread_;
  // Counters that nothing else hangs on: relaxed.
  std::atomic<uint64_t> next_shard_{0};
  std::atomic<uint64_t> next_sample_{0};
  std::atomic<uint64_t> bad_{0};
  std::atomic<uint64_t> compared_{0};
  std::atomic<uint64_t> record_bytes_{0};
};

}  // namespace

bool RunVerify(const VerifyJob& job, const JobHooks& hooks, VerifyReport* report, JobError* error) {
  *report = {};
  PackShards pack;
  {
    OpenWatch watch(hooks.progress, OpenWatch::First::kLater);
    if (!PackShards::Open(job.pack, &pack, error)) return false;
  }
  if (job.source != nullptr) {
    if (!pack.settings().empty() && pack.settings().find(kLossless) == std::string::npos) {
      return Fail(error, Code::kInvalidArgument,
                  job.pack + ": is a lossy pack (" + pack.settings() +
                      "): its pixels are not the source's; verify it without a source");
    }
    if (job.source->size() != pack.samples()) {
      return Fail(error, Code::kInvalidArgument,
                  job.pack + ": has " + std::to_string(pack.samples()) + " samples, and " +
                      job.source->root() + " has " + std::to_string(job.source->size()) +
                      ": it was made of another data set");
    }
  }
  report->shards = pack.shards().size();
  report->samples = pack.samples();
  const uint64_t work = job.source != nullptr ? pack.samples() : pack.shards().size();
  report->workers = static_cast<uint32_t>(std::clamp<uint64_t>(
      job.workers > 0 ? job.workers : AllowedCpus(), 1, std::max<uint64_t>(work, 1)));
  return VerifyRun(job, pack, hooks).Run(report, error);
}

}  // namespace headrace::loader
