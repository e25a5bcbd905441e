#include "loader/pack/pack_resume.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "loader/pack/pack_folder.h"
#include "loader/shards/shard_index.h"

namespace headrace::loader {
namespace {

bool Has(const std::vector<uint64_t>& sorted, uint64_t shard) {
  return std::binary_search(sorted.begin(), sorted.end(), shard);
}

bool Remove(const std::string& path, JobError* error) {
  return ::unlink(path.c_str()) == 0 || errno == ENOENT || FailOn(error, path, errno);
}

// Whether the shard holds what the plan says, by its index and its size. What it holds is
// `scan --verify`'s to look at.
bool Fits(const ShardIndex& index, const std::string& tar, const ShardPlan& plan, uint64_t shard) {
  struct stat info {};
  return ::stat(tar.c_str(), &info) == 0 && S_ISREG(info.st_mode) &&
         static_cast<uint64_t>(info.st_size) == index.header().tar_bytes &&
         index.header().set_samples == plan.begin.back() &&
         index.header().first_id == plan.begin[shard] &&
         index.records() == plan.begin[shard + 1] - plan.begin[shard];
}

}  // namespace

bool FindComplete(const PackJob& job, const ShardPlan& plan, const std::string& settings,
                  const LogSink& log, std::vector<bool>* complete, JobError* error) {
  complete->assign(plan.shards(), false);
  PackListing listing;
  if (!ListPack(job.folder, &listing, error)) return false;
  if (!listing.other.empty()) {
    return Fail(error, Code::kInvalidArgument,
                job.folder + ": holds " + listing.other +
                    ", which is no shard of a pack and would count as one; give another folder");
  }
  for (const uint64_t shard : listing.indexes) {
    const std::string path = job.folder + "/" + ShardIndexName(shard);
    auto index = ShardIndex::Open(path);
    if (!index.ok()) {
      const std::string text = path + ": " + index.status().text() + "; the shard is made again";
      log.Write(LogLevel::kWarning, text.c_str());
      continue;
    }
    const std::string& found = index->header().settings;
    if (found == settings) {
      if (shard < plan.shards() && Has(listing.shards, shard)) {
        (*complete)[shard] = Fits(*index, job.folder + "/" + ShardName(shard), plan, shard);
      }
    } else if (!job.force) {
      return Fail(error, Code::kInvalidArgument,
                  job.folder + ": " + ShardName(shard) + " was made with other settings (" + found +
                      ") than these (" + settings +
                      "); give another folder, or --force to replace it");
    }
  }
  return true;
}

bool RemoveOld(const PackJob& job, const ShardPlan& plan, JobError* error) {
  PackListing listing;
  if (!ListPack(job.folder, &listing, error)) return false;
  const auto ours = [&](uint64_t shard) { return shard % job.world_size == job.rank; };
  for (size_t i = 0; i < listing.temporaries.size(); ++i) {
    if (ours(listing.temporary_of[i]) &&
        !Remove(job.folder + "/" + listing.temporaries[i], error)) {
      return false;
    }
  }
  // The index first: without it a shard does not count.
  for (const uint64_t shard : listing.indexes) {
    const bool is_extra = shard >= plan.shards() || !Has(listing.shards, shard);
    if (ours(shard) && is_extra && !Remove(job.folder + "/" + ShardIndexName(shard), error)) {
      return false;
    }
  }
  for (const uint64_t shard : listing.shards) {
    if (ours(shard) && shard >= plan.shards() &&
        !Remove(job.folder + "/" + ShardName(shard), error)) {
      return false;
    }
  }
  return true;
}

}  // namespace headrace::loader
