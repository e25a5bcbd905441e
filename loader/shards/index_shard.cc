#include "loader/shards/index_shard.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <span>

#include "base/status_text.h"
#include "io/atomic_file.h"
#include "loader/file_times.h"
#include "loader/open_watch.h"
#include "loader/shards/open_shards.h"
#include "loader/shown_name.h"

namespace headrace::loader {
namespace {

bool FailOn(const std::string& path, const Status& status, ConfigError* error) {
  return Fail(error, status.code(), ShownName(path) + ": " + TextOf(status), status.error_number());
}

// Whether the index beside it is good as it is.
bool Keep(const ShardPlace& place, bool force, IndexShardReport* report) {
  auto index = ShardIndex::Open(ShardIndexPath(place.path));
  if (!index.ok() || !CheckFresh(*index, place).ok()) return false;
  if (force && (index->header().set_samples == 0 || index->header().from_pack)) return false;
  // Without `force` it stays: it is good for all but reading parts, and says how a pack was made.
  std::vector<codecs::RecordBands> bands;
  if (force && index->has_bands() && !index->ReadBands(&bands).ok()) return false;
  uint64_t without_label = 0;
  const Status walked = index->Walk(
      [&](uint64_t, const ShardRecord& record) { without_label += record.label < 0 ? 1 : 0; });
  if (!walked.ok()) return false;
  std::string names;
  std::vector<uint32_t> ends;
  if (!index->ReadNames(&names, &ends).ok()) return false;
  report->samples = index->records();
  report->classes = index->header().classes.size();
  report->index_bytes = index->bytes();
  report->without_label = without_label;
  return true;
}

}  // namespace

bool IndexShard(const std::string& path, bool force, IndexShardReport* report, ConfigError* error) {
  *report = {};
  const io::UniqueFd file(::open(path.c_str(), io::kSampleOpenFlags | O_CLOEXEC));
  struct stat about {};
  if (!file.valid() || ::fstat(file.get(), &about) != 0) {
    return FailOn(path, {CodeOfErrno(errno), "cannot be opened", errno}, error);
  }
  if (!S_ISREG(about.st_mode)) {
    return FailOn(path, {Code::kNotRegularFile, "is not a file; name tar shards"}, error);
  }
  ShardPlace place;
  place.path = path;
  place.bytes = static_cast<uint64_t>(about.st_size);
  place.mtime_ns = NanosecondsOf(about.st_mtim);
  report->shard_bytes = place.bytes;
  if (Keep(place, force, report)) return true;

  std::atomic<uint64_t> done_bytes{0};
  const std::atomic<bool> stop{false};
  ShardScanCounts counts;
  std::string bytes;
  if (!MakeShardIndex(file.get(), place, &done_bytes, &stop, true, &bytes, &counts, error)) {
    return false;
  }
  auto index = ShardIndex::FromBytes(bytes);
  if (!index.ok()) return FailOn(path, index.status(), error);
  report->samples = index->records();
  report->classes = index->header().classes.size();
  report->index_bytes = bytes.size();
  report->without_picture = counts.without_picture;
  report->passed_over = counts.passed_over;
  report->same_key = counts.same_key;
  report->name_clashes = counts.name_clashes;
  report->data_behind_end = counts.data_behind_end;
  const Status walked = index->Walk([report](uint64_t, const ShardRecord& record) {
    report->without_label += record.label < 0 ? 1 : 0;
  });
  if (!OpeningGoesOn(error)) return false;
  if (!walked.ok()) return FailOn(path, walked, error);
  const Status written =
      io::WriteFileAtomically(ShardIndexPath(path), std::as_bytes(std::span(bytes)));
  if (!written.ok()) return FailOn(ShardIndexPath(path), written, error);
  report->written = true;
  return true;
}

}  // namespace headrace::loader
