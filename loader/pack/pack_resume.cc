#include "loader/pack/pack_resume.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <iterator>

#include "io/file.h"
#include "loader/open_watch.h"
#include "loader/pack/pack_folder.h"
#include "loader/pack/pack_proof.h"
#include "loader/shards/shard_index.h"
#include "loader/shards/shard_match.h"

namespace headrace::loader {
namespace {

bool Has(const std::vector<uint64_t>& sorted, uint64_t shard) {
  return std::binary_search(sorted.begin(), sorted.end(), shard);
}

bool Remove(const std::string& path, JobError* error) {
  return ::unlink(path.c_str()) == 0 || errno == ENOENT || FailOn(error, path, errno);
}

bool IsThere(const std::string& path) {
  struct stat info {};
  return ::lstat(path.c_str(), &info) == 0;
}

// Whether the index is that of the tar beside it, by what can be seen without reading it through:
// that is `scan --verify`'s to do.
bool IsIndexOf(const ShardIndex& index, const std::string& tar) {
  const io::UniqueFd file(::open(tar.c_str(), io::kSampleOpenFlags | O_CLOEXEC));
  struct stat info {};
  return file.valid() && ::fstat(file.get(), &info) == 0 && S_ISREG(info.st_mode) &&
         static_cast<uint64_t>(info.st_size) == index.header().tar_bytes &&
         CheckRecords(file.get(), index).ok();
}

// Whether the shard holds what the plan says.
bool Fits(const ShardIndex& index, const ShardPlan& plan, uint64_t shard) {
  return index.header().set_samples == plan.begin.back() &&
         index.header().first_id == plan.begin[shard] &&
         index.records() == plan.begin[shard + 1] - plan.begin[shard];
}

// The loader does without what it knows of rows when that is damaged, and would for ever.
bool HasSoundBands(const ShardIndex& index, const std::string& path, const LogSink& log) {
  std::vector<codecs::RecordBands> bands;
  const Status read = index.has_bands() ? index.ReadBands(&bands) : Status();
  if (read.ok()) return true;
  const std::string text = path + ": " + read.text() + "; the shard is made again";
  log.Write(LogLevel::kWarning, text.c_str());
  return false;
}

// What: one number of the folder, with its tar, its index or both. Owner, thread: FindComplete.
struct FoundShard {
  bool complete = false;
  bool a_packs = false;  // the tar: headrace pack has written it
};

bool LookAt(const PackJob& job, const ShardPlan& plan, const std::string& settings,
            const LogSink& log, uint64_t shard, FoundShard* found, JobError* error) {
  const std::string tar = job.folder + "/" + ShardName(shard);
  const std::string path = job.folder + "/" + ShardIndexName(shard);
  auto index = ShardIndex::Open(path);
  if (!index.ok() && index.status().code() != Code::kNotFound) {
    const std::string text = path + ": " + index.status().text() + "; the shard is made again";
    log.Write(LogLevel::kWarning, text.c_str());
  }
  if (index.ok() && index->header().is_pack() && IsIndexOf(*index, tar)) {
    found->a_packs = true;
    found->complete = index->header().settings == settings && shard < plan.shards() &&
                      Fits(*index, plan, shard) && HasSoundBands(*index, path, log);
  } else {
    found->a_packs = BeginsAsPack(tar);
  }
  // An index that was made anew does not know how its shard was packed: it is packed again.
  const bool says_settings = index.ok() && !index->header().settings.empty();
  if (says_settings && index->header().settings != settings && !job.force) {
    return Fail(error, Code::kInvalidArgument,
                job.folder + ": " + ShardName(shard) + " was made with other settings (" +
                    index->header().settings + ") than these (" + settings +
                    "); give another folder, or --force to replace it");
  }
  // Gone meanwhile: another rank is replacing it.
  if (found->a_packs || !IsThere(tar)) return true;
  if (shard >= plan.shards()) {
    return Fail(error, Code::kInvalidArgument,
                tar + ": was not written by pack, and would count as a shard; give another folder");
  }
  return job.force || Fail(error, Code::kInvalidArgument,
                           tar +
                               ": was not written by pack, which would replace it; give another "
                               "folder, or --force to replace it");
}

}  // namespace

bool FindComplete(const PackJob& job, const ShardPlan& plan, const std::string& settings,
                  const LogSink& log, FoundPack* found, JobError* error) {
  found->complete.assign(plan.shards(), false);
  PackListing listing;
  if (!ListPack(job.folder, &listing, error)) return false;
  if (!listing.other.empty()) {
    return Fail(error, Code::kInvalidArgument,
                job.folder + ": holds " + listing.other +
                    ", which is no shard of a pack and would count as one; give another folder");
  }
  std::vector<uint64_t> numbers;
  std::set_union(listing.shards.begin(), listing.shards.end(), listing.indexes.begin(),
                 listing.indexes.end(), std::back_inserter(numbers));
  for (const uint64_t shard : numbers) {
    if (!OpeningGoesOn(error)) return false;
    FoundShard one;
    if (!LookAt(job, plan, settings, log, shard, &one, error)) return false;
    if (one.complete) {
      found->complete[shard] = true;
    } else if (one.a_packs) {
      found->removable.push_back(shard);
    }
  }
  return true;
}

bool RemoveOld(const PackJob& job, const ShardPlan& plan, const FoundPack& found, JobError* error) {
  PackListing listing;
  if (!ListPack(job.folder, &listing, error)) return false;
  const auto ours = [&](uint64_t shard) { return shard % job.world_size == job.rank; };
  for (size_t i = 0; i < listing.temporaries.size(); ++i) {
    if (ours(listing.temporary_of[i]) &&
        !Remove(job.folder + "/" + listing.temporaries[i], error)) {
      return false;
    }
  }
  const auto goes = [&](uint64_t shard) {
    return ours(shard) && (shard >= plan.shards() || (job.force && !found.complete[shard]));
  };
  // The index first: without it a shard does not count.
  for (const uint64_t shard : listing.indexes) {
    const bool alone = ours(shard) && !Has(listing.shards, shard);
    if ((goes(shard) || alone) && !Remove(job.folder + "/" + ShardIndexName(shard), error)) {
      return false;
    }
  }
  for (const uint64_t shard : found.removable) {
    if (goes(shard) && !Remove(job.folder + "/" + ShardName(shard), error)) return false;
  }
  return true;
}

}  // namespace headrace::loader
