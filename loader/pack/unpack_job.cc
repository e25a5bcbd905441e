#include "loader/pack/unpack_job.h"

#include <algorithm>
#include <atomic>
#include <cstring>
#include <optional>
#include <span>
#include <vector>

#include "base/hash.h"
#include "base/limits.h"
#include "codecs/coef_layout.h"
#include "codecs/coef_record.h"
#include "codecs/jpeg_coefficients.h"
#include "loader/open_watch.h"
#include "loader/pack/pack_folder.h"
#include "loader/pack/pack_lock.h"
#include "loader/pack/pack_shards.h"
#include "loader/pack/unpack_paths.h"
#include "loader/plan.h"

namespace headrace::loader {
namespace {

// Between two samples' numbers that a worker takes at once: they lie in one shard, mostly.
constexpr uint64_t kTakenSamples = 16;

// What: the names of all samples, looked at before the first file is made. Owner: RunUnpack.
// Thread: that one. Cost: 24 bytes a sample; the names of one shard at a time.
class NameCheck {
 public:
  bool Look(const ShardContent& content, const PackShards& pack, JobError* error) {
    std::string names;
    std::vector<uint32_t> ends;
    if (const Status read = content.index().ReadNames(&names, &ends); !read.ok()) {
      return FailOn(error, content.path() + ".hri", read);
    }
    bool good = true;
    const Status walked = content.index().Walk([&](uint64_t number, const ShardRecord& record) {
      if (!good || number >= ends.size()) return;
      const uint32_t begin = number == 0 ? 0 : ends[number - 1];
      const std::string_view name(names.data() + begin, ends[number] - begin);
      if (const char* problem = PathProblem(name)) {
        good = Fail(error, Code::kCorrupt,
                    content.path() + ".hri: sample " + std::to_string(record.id) + ": its path \"" +
                        Shown(name) + "\" " + problem + "; it is not unpacked",
                    0, static_cast<int64_t>(record.id));
        return;
      }
      samples_.push_back({.name_hash = Hash64(std::as_bytes(std::span(name.data(), name.size()))),
                          .id = record.id,
                          .record_hash = record.hash});
      LookAtClass(name, record.label, pack.classes());
    });
    if (!good) return false;
    return walked.ok() || FailOn(error, content.path() + ".hri", walked);
  }

  // `repeated`: samples that an earlier one has the path and the bytes of, as when a manifest named
  // a file twice, in order. They are that file.
  bool Finish(const std::string& folder, std::vector<uint64_t>* repeated, JobError* error) {
    std::sort(samples_.begin(), samples_.end(), [](const Sample& a, const Sample& b) {
      return a.name_hash != b.name_hash ? a.name_hash < b.name_hash : a.id < b.id;
    });
    for (size_t i = 1; i < samples_.size(); ++i) {
      const Sample& before = samples_[i - 1];
      const Sample& sample = samples_[i];
      if (sample.name_hash != before.name_hash) continue;
      if (sample.record_hash == 0 || sample.record_hash != before.record_hash) {
        return Fail(error, Code::kCorrupt,
                    folder + ": samples " + std::to_string(before.id) + " and " +
                        std::to_string(sample.id) +
                        " have the same path and other bytes; they cannot both be unpacked",
                    0, static_cast<int64_t>(sample.id));
      }
      repeated->push_back(sample.id);
    }
    std::sort(repeated->begin(), repeated->end());
    return true;
  }

  // Whether classes are the first folders of the paths, as in a folder of classes: then those
  // without a sample are made too, for the labels to come out the same.
  bool classes_are_folders() const { return classes_are_folders_; }

 private:
  static std::string Shown(std::string_view name) {
    std::string shown(name.substr(0, 80));
    for (char& c : shown) {
      if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) c = '?';
    }
    return shown;
  }

  void LookAtClass(std::string_view name, int32_t label, const std::vector<std::string>& classes) {
    const std::string_view first = name.substr(0, name.find('/'));
    if (first.size() == name.size() || label < 0 || static_cast<size_t>(label) >= classes.size() ||
        classes[static_cast<size_t>(label)] != first) {
      classes_are_folders_ = false;
    }
  }

  struct Sample {
    uint64_t name_hash = 0;
    uint64_t id = 0;
    uint64_t record_hash = 0;  // 0: not known
  };
  std::vector<Sample> samples_;
  bool classes_are_folders_ = true;
};

// What: one worker of an unpack. Owner, thread: that worker.
class Unpacker {
 public:
  Unpacker(const UnpackJob& job, const PackShards& pack, JobThreads* threads)
      : job_(job), threads_(*threads), cursor_(pack) {}

  bool Open(JobError* error) { return TreeWriter::Open(job_.folder, &tree_, error); }

  // False: the job cannot go on.
  bool Unpack(uint64_t id, JobError* error) {
    if (!cursor_.Go(id, error)) return false;
    ShardRecord record;
    Status status = cursor_.ReadRecord(&record);
    if (status.ok()) status = cursor_.content().Read(record.offset, record.bytes, &bytes_);
    if (status.ok() && record.hash != 0 && Hash64(bytes_) != record.hash) {
      status = {Code::kCorrupt, "does not have its checksum; headrace scan --verify says more"};
    }
    bool decoded = false;
    if (status.ok()) status = MakeFile(record, &decoded);
    const auto number = static_cast<int64_t>(id);
    if (status.code() == Code::kOutOfMemory) {
      return FailOn(error, cursor_.content().path() + ": sample " + std::to_string(id), status,
                    number);
    }
    if (!status.ok()) {
      NoteBad(number, record, status);
      return true;
    }
    // The index may have been changed since its names were looked at.
    if (PathProblem(record.name) != nullptr) {
      return Fail(error, Code::kCorrupt, cursor_.content().path() + ".hri: changed meanwhile", 0,
                  number);
    }
    bool kept = false;
    const std::span<const std::byte> file = decoded ? std::span(jpeg_) : std::span(bytes_);
    const auto existing =
        job_.force ? TreeWriter::Existing::kReplace : TreeWriter::Existing::kRefuse;
    if (!tree_.Write(record.name, file, existing, &kept, error)) return false;
    counts_.samples_kept += kept ? 1 : 0;
    counts_.decoded += decoded ? 1 : 0;
    counts_.as_stored += decoded ? 0 : 1;
    counts_.record_bytes += bytes_.size();
    counts_.file_bytes += file.size();
    return true;
  }

  const UnpackReport& counts() const { return counts_; }
  uint64_t last_bytes() const { return bytes_.size(); }

 private:
  // One of many: those after it may be all there is left of a data set.
  void NoteBad(int64_t id, const ShardRecord& record, const Status& status) {
    ++counts_.bad;
    threads_.Note({.id = id,
                   .path = record.name,
                   .file = cursor_.content().path(),
                   .offset = record.offset,
                   .code = status.code(),
                   .text = status.text()});
  }

  // JPEG of a coefficient record; all else is a file already.
  Status MakeFile(const ShardRecord& record, bool* decoded) {
    // An index that was made anew does not know what was copied.
    const bool is_coef =
        bytes_.size() >= sizeof codecs::kCoefMagic &&
        std::memcmp(bytes_.data(), codecs::kCoefMagic, sizeof codecs::kCoefMagic) == 0;
    *decoded = !record.copied && is_coef;
    if (!*decoded) return {};
    HR_TRY(codecs::DecodeCoefRecord(bytes_, job_.limits, &image_));
    return codecs::WriteJpeg(image_, {}, &jpeg_);
  }

  const UnpackJob& job_;
  JobThreads& threads_;
  PackCursor cursor_;
  TreeWriter tree_;
  std::vector<std::byte> bytes_;
  std::vector<std::byte> jpeg_;
  codecs::JpegCoefficientImage image_;
  UnpackReport counts_;
};

bool CheckNames(const PackShards& pack, bool* classes_are_folders, std::vector<uint64_t>* repeated,
                JobError* error) {
  NameCheck names;
  for (const PackShards::Shard& shard : pack.shards()) {
    std::optional<ShardContent> content;
    if (!ShardContent::Open(pack.folder(), shard.number, &content, error) ||
        !names.Look(*content, pack, error)) {
      return false;
    }
  }
  *classes_are_folders = names.classes_are_folders();
  return names.Finish(pack.folder(), repeated, error);
}

bool MakeClassFolders(const PackShards& pack, TreeWriter* tree, JobError* error) {
  for (const std::string& name : pack.classes()) {
    if (name.empty()) continue;  // an index that was made anew does not know all of them
    if (PathProblem(name) != nullptr || name.find('/') != name.npos) {
      return Fail(error, Code::kCorrupt, pack.folder() + ": a class name is no name of a folder");
    }
    if (!tree->MakeFolder(name, error)) return false;
  }
  return true;
}

void Add(const UnpackReport& part, UnpackReport* sum) {
  sum->samples_kept += part.samples_kept;
  sum->decoded += part.decoded;
  sum->as_stored += part.as_stored;
  sum->bad += part.bad;
  sum->record_bytes += part.record_bytes;
  sum->file_bytes += part.file_bytes;
}

}  // namespace

bool RunUnpack(const UnpackJob& job, const JobHooks& hooks, UnpackReport* report, JobError* error) {
  *report = {};
  PackShards pack;
  bool classes_are_folders = false;
  std::vector<uint64_t> repeated;
  {
    OpenWatch watch(hooks.progress, OpenWatch::First::kLater);
    if (!PackShards::Open(job.pack, &pack, error) ||
        !CheckNames(pack, &classes_are_folders, &repeated, error)) {
      return false;
    }
  }
  if (LiesIn(job.folder, job.pack)) {
    return Fail(error, Code::kInvalidArgument,
                job.folder + ": lies in the pack; give a folder elsewhere");
  }
  PackLock lock;
  TreeWriter tree;
  if (!MakeFolders(job.folder, error) || !lock.Take(job.folder, 0, 1, hooks.log, error) ||
      !TreeWriter::Open(job.folder, &tree, error) ||
      (classes_are_folders && !MakeClassFolders(pack, &tree, error))) {
    return false;
  }
  report->shards = pack.shards().size();
  report->samples = pack.samples();
  report->workers = static_cast<uint32_t>(std::clamp<uint64_t>(
      job.workers > 0 ? job.workers : AllowedCpus(), 1, std::max<uint64_t>(pack.samples(), 1)));
  JobThreads threads(hooks, pack.samples(), pack.bytes());
  std::vector<UnpackReport> parts(report->workers);
  std::atomic<uint64_t> next{0};
  const bool good = threads.Run(
      report->workers,
      [&](uint32_t worker) {
        Unpacker unpacker(job, pack, &threads);
        JobError failed;
        bool going = unpacker.Open(&failed);
        while (going && !threads.Ending()) {
          // Relaxed: the numbers are all that workers share.
          const uint64_t first = next.fetch_add(kTakenSamples, std::memory_order_relaxed);
          if (first >= pack.samples()) break;
          const uint64_t end = std::min(first + kTakenSamples, pack.samples());
          for (uint64_t id = first; going && id < end && !threads.Ending(); ++id) {
            if (std::ranges::binary_search(repeated, id)) {
              threads.Done(1, 0);
              continue;
            }
            going = unpacker.Unpack(id, &failed);
            if (going) threads.Done(1, unpacker.last_bytes());
          }
        }
        parts[worker] = unpacker.counts();
        if (!going) threads.Fail(std::move(failed));
      },
      error);
  for (const UnpackReport& part : parts) Add(part, report);
  report->samples_kept += repeated.size();
  if (!good || !tree.Sync(error)) return false;
  if (report->bad == 0) return true;
  return Fail(error, Code::kCorrupt,
              job.pack + ": " + std::to_string(report->bad) + " of " +
                  std::to_string(report->samples) +
                  " samples cannot be unpacked; the others are in " + job.folder);
}

}  // namespace headrace::loader
