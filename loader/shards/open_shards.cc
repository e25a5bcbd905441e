#include "loader/shards/open_shards.h"

#include <fcntl.h>
#include <pthread.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <cstring>
#include <mutex>
#include <new>
#include <system_error>
#include <thread>

#include "base/blocked_signals.h"
#include "base/hash.h"
#include "base/scope_guard.h"
#include "io/whole.h"
#include "loader/file_times.h"
#include "loader/open_watch.h"
#include "loader/plan.h"
#include "loader/shards/shard_match.h"
#include "loader/shown_name.h"

namespace headrace::loader {
namespace {

constexpr auto kProgressEvery = std::chrono::seconds(2);
constexpr auto kLookEvery = std::chrono::nanoseconds(OpenWatch::kEveryNs);

bool FailOn(const std::string& path, int number, ConfigError* error) {
  return Fail(error, CodeOfErrno(number), ShownName(path) + ": " + strerror(number), number);
}

// A record that is longer is none of pack's, and memory is not taken for it.
constexpr uint64_t kHashedBytesMax = uint64_t{1} << 31;

// Read at a time, so that an opening can end within a long one.
constexpr size_t kPieceBytes = size_t{8} << 20;

// Checksums of the records: without them a pack could be unpacked, but not verified.
Status AddHashes(int file, ShardIndexWriter* index) {
  std::vector<std::byte> bytes;
  for (ShardRecord& record : index->all()) {
    if (record.bytes > kHashedBytesMax) continue;
    bytes.resize(static_cast<size_t>(record.bytes));
    for (size_t at = 0; at < bytes.size(); at += kPieceBytes) {
      if (!OpeningGoesOn()) return {Code::kStopped, kOpeningStopped};
      const size_t piece = std::min(kPieceBytes, bytes.size() - at);
      HR_TRY(io::ReadAt(file, std::span(bytes).subspan(at, piece), record.offset + at));
    }
    record.hash = Hash64(bytes);
    OpeningIsAt({.samples_done = index->records(),
                 .bytes = index->header().tar_bytes,
                 .bytes_done = record.offset + record.bytes});
  }
  return {};
}

// `bands_bytes`: of all shards.
Status LoadIndex(const ShardIndex& index, std::atomic<uint64_t>* bands_bytes, OpenShard* shard) {
  shard->rows.reserve(index.records());
  HR_TRY(index.Walk([shard](uint64_t number, const ShardRecord& record) {
    ShardRow row;
    row.offset = record.offset;
    row.bytes = record.bytes & (UINT64_MAX >> 1);
    row.restarts_trusted = record.restarts_trusted ? 1 : 0;
    row.label = record.label;
    row.record = static_cast<uint32_t>(number);
    shard->rows.push_back(row);
  }));
  if (index.has_bands()) {
    const uint64_t bytes = index.records() * sizeof(codecs::RecordBands);
    const uint64_t before = bands_bytes->fetch_add(bytes, std::memory_order_relaxed);
    // The rest of the index is as good without them.
    if (before + bytes <= kBandsBytesMax) {
      if (const Status read = index.ReadBands(&shard->bands); !read.ok()) {
        std::vector<codecs::RecordBands>().swap(shard->bands);
        shard->bands_problem = read.text();
      }
    }
  }
  shard->header = index.header();
  shard->records_hash = index.records_hash();
  shard->header_hash = index.header_hash();
  return {};
}

// By the index beside it. kNotFound: there is none; shard->index_problem says what else is wrong.
bool LoadFromFile(const ShardPlace& place, int file, std::atomic<uint64_t>* bands_bytes,
                  OpenShard* shard) {
  auto index = ShardIndex::Open(ShardIndexPath(place.path));
  Status status = index.status();
  if (index.ok()) status = CheckFresh(*index, place);
  // That of a plain shard knows the time of its shard.
  if (status.ok() && index->header().tar_mtime_ns == 0) status = CheckRecords(file, *index);
  if (status.ok()) status = LoadIndex(*index, bands_bytes, shard);
  if (status.ok()) return true;
  shard->rows.clear();
  shard->bands.clear();
  shard->bands_problem.clear();
  shard->from = status.code() == Code::kNotFound      ? IndexFrom::kNone
                : status.code() == Code::kFileChanged ? IndexFrom::kStale
                                                      : IndexFrom::kDamaged;
  shard->index_problem = status.text();
  return false;
}

// Grow while shards are opened.
struct OpeningCounts {
  std::atomic<uint64_t> shards{0};
  std::atomic<uint64_t> samples{0};
  std::atomic<uint64_t> scanned_bytes{0};  // of shards that are gone through
  std::atomic<uint64_t> indexed_bytes{0};  // of shards that had an index
};

bool OpenOne(const ShardPlace& place, bool hold, OpeningCounts* done,
             std::atomic<uint64_t>* bands_bytes, const std::atomic<bool>* stop, OpenShard* shard,
             ConfigError* error) {
  shard->path = place.path;
  shard->real_path = place.real_path;
  shard->mtime_ns = place.mtime_ns;
  io::UniqueFd file(::open(place.real_path.c_str(), io::kSampleOpenFlags | O_CLOEXEC));
  if (!file.valid()) return FailOn(place.path, errno, error);
  const bool loaded = LoadFromFile(place, file.get(), bands_bytes, shard);
  if (!loaded) {
    std::string bytes;
    if (!MakeShardIndex(file.get(), place, &done->scanned_bytes, stop, false, &bytes,
                        &shard->counts, error)) {
      return false;
    }
    auto index = ShardIndex::FromBytes(std::move(bytes));
    Status status = index.status();
    if (status.ok()) status = LoadIndex(*index, bands_bytes, shard);
    if (status.ok()) status = index->ReadNames(&shard->names, &shard->name_ends);
    if (!status.ok()) {
      return Fail(error, status.code(),
                  ShownName(place.path) + ": the index made of it " + status.text());
    }
  }
  if (loaded) done->indexed_bytes.fetch_add(place.bytes, std::memory_order_relaxed);
  done->samples.fetch_add(shard->rows.size(), std::memory_order_relaxed);
  if (hold) shard->file = std::move(file);
  return true;
}

// What: hands shards to a few threads and tells how far they are. Owner and thread: OpenShards.
class Opening {
 public:
  Opening(std::span<const ShardPlace> places, uint64_t files_held, std::vector<OpenShard>* shards)
      : places_(places), files_held_(files_held), shards_(*shards) {
    shards_.resize(places.size());
    for (const ShardPlace& place : places) total_bytes_ += place.bytes;
  }

  bool Run(const LogSink& log, ConfigError* error) {
    const size_t wanted = std::min<size_t>(AllowedCpus(), places_.size());
    std::vector<std::jthread> threads;
    const ScopeGuard end([this] { stop_.store(true, std::memory_order_relaxed); });
    StartThreads(wanted, &threads);
    if (threads.empty()) Work();
    Watch(std::max<size_t>(threads.size(), 1), log);
    threads.clear();  // joined
    if (!OpeningGoesOn(error)) return false;
    // Which ones came first was chance.
    if (bands_bytes_.load(std::memory_order_relaxed) > kBandsBytesMax) DropBands(log);
    if (error_.code != Code::kOk) *error = error_;
    return error_.code == Code::kOk;
  }

 private:
  void StartThreads(size_t wanted, std::vector<std::jthread>* threads) {
    const BlockedSignals no_signals;
    threads->reserve(wanted);
    try {
      while (threads->size() < wanted) threads->emplace_back([this] { WorkApart(); });
    } catch (const std::system_error&) {  // with as many as there are, or on the caller's
    }
  }

  // Until that many have finished; ends them when the opening ends. Looks once at least.
  void Watch(size_t workers, const LogSink& log) {
    auto told = std::chrono::steady_clock::now();
    for (bool finished = false; !finished;) {
      {
        std::unique_lock lock(mutex_);
        finished = changed_.wait_for(lock, kLookEvery, [&] { return finished_ == workers; });
      }
      OpeningIsAt({.samples_done = done_.samples.load(std::memory_order_relaxed),
                   .bytes = total_bytes_,
                   .bytes_done = done_.scanned_bytes.load(std::memory_order_relaxed) +
                                 done_.indexed_bytes.load(std::memory_order_relaxed)});
      if (!OpeningGoesOn()) stop_.store(true, std::memory_order_relaxed);
      if (std::chrono::steady_clock::now() - told >= kProgressEvery) {
        told = std::chrono::steady_clock::now();
        Tell(log);
      }
    }
  }

  // On a thread of its own.
  void WorkApart() noexcept {
    OpenWatch watch(stop_);
    Work();
  }

  void Work() noexcept {
    while (!stop_.load(std::memory_order_relaxed)) {
      const size_t i = next_.fetch_add(1, std::memory_order_relaxed);
      if (i >= places_.size()) break;
      ConfigError error;
      bool good = false;
      try {
        good = OpenOne(places_[i], i < files_held_, &done_, &bands_bytes_, &stop_, &shards_[i],
                       &error);
        if (!good && error.code == Code::kOk) error.code = Code::kInternal;
      } catch (const std::bad_alloc&) {
        error = {.code = Code::kOutOfMemory, .text = {}};
      }
      done_.shards.fetch_add(1, std::memory_order_relaxed);
      if (!good) NoteFailure(i, &error);
    }
    const std::lock_guard lock(mutex_);
    ++finished_;
    changed_.notify_all();
  }

  // The first shard in order of those that were found to be bad is the one told.
  void NoteFailure(size_t i, ConfigError* error) {
    stop_.store(true, std::memory_order_relaxed);
    const std::lock_guard lock(mutex_);
    if (error->code == Code::kStopped || i >= failed_) return;
    failed_ = i;
    error_.code = error->code;
    error_.error_number = error->error_number;
    error_.text.swap(error->text);
  }

  void DropBands(const LogSink& log) {
    for (OpenShard& shard : shards_) {
      std::vector<codecs::RecordBands>().swap(shard.bands);
      shard.bands_problem.clear();  // which were looked at was chance too
    }
    const std::string text = "what the indexes know of rows would take more than " +
                             std::to_string(kBandsBytesMax >> 20) +
                             " MiB of memory: records are read whole";
    log.Write(LogLevel::kInfo, text.c_str());
  }

  void Tell(const LogSink& log) const {
    const uint64_t done = done_.shards.load(std::memory_order_relaxed);
    const uint64_t bytes = done_.scanned_bytes.load(std::memory_order_relaxed);
    const std::string text = "opening shards: " + std::to_string(done) + " of " +
                             std::to_string(places_.size()) + ", " + std::to_string(bytes >> 20) +
                             " of " + std::to_string(total_bytes_ >> 20) +
                             " MiB gone through for want of an index (headrace index writes them)";
    log.Write(LogLevel::kInfo, text.c_str());
  }

  const std::span<const ShardPlace> places_;
  const uint64_t files_held_;
  std::vector<OpenShard>& shards_;
  uint64_t total_bytes_ = 0;
  std::atomic<size_t> next_{0};
  OpeningCounts done_;
  std::atomic<uint64_t> bands_bytes_{0};
  std::atomic<bool> stop_{false};
  std::mutex mutex_;
  std::condition_variable changed_;
  size_t finished_ = 0;
  size_t failed_ = SIZE_MAX;
  ConfigError error_;
};

}  // namespace

Status CheckFresh(const ShardIndex& index, const ShardPlace& place) {
  const ShardHeader& header = index.header();
  if (header.tar_bytes != place.bytes) {
    return {Code::kFileChanged, "was made for a shard of another size"};
  }
  if (header.tar_mtime_ns != 0 && header.tar_mtime_ns != static_cast<uint64_t>(place.mtime_ns)) {
    return {Code::kFileChanged, "was made before the shard was last written"};
  }
  return {};
}

bool MakeShardIndex(int file, const ShardPlace& place, std::atomic<uint64_t>* done_bytes,
                    const std::atomic<bool>* stop, bool with_hashes, std::string* bytes,
                    ShardScanCounts* counts, ConfigError* error) {
  // As it is now, which may not be as it was found.
  struct stat about {};
  if (::fstat(file, &about) != 0) return FailOn(place.path, errno, error);
  ShardIndexWriter writer({});
  if (!ScanShard(file, static_cast<uint64_t>(about.st_size),
                 static_cast<uint64_t>(NanosecondsOf(about.st_mtim)), place.path, done_bytes, stop,
                 &writer, counts, error)) {
    return false;
  }
  if (with_hashes && writer.header().is_pack()) {
    const Status read = AddHashes(file, &writer);
    if (read.code() == Code::kStopped) return OpeningGoesOn(error);
    if (!read.ok()) {
      return Fail(error, read.code(), ShownName(place.path) + ": " + read.text(),
                  read.error_number());
    }
  }
  *bytes = writer.Finish();
  if (!OpeningGoesOn(error)) return false;
  if (bytes->size() <= ShardIndex::kBytesMax) return true;
  return Fail(error, Code::kLimitBytes,
              ShownName(place.path) + ": its index would pass 1 GiB; make smaller shards");
}

bool OpenShards(std::span<const ShardPlace> places, uint64_t files_held, const LogSink& log,
                std::vector<OpenShard>* shards, ConfigError* error) {
  return Opening(places, files_held, shards).Run(log, error);
}

}  // namespace headrace::loader
