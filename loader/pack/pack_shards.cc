#include "loader/pack/pack_shards.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>

#include "base/checked_math.h"
#include "io/whole.h"
#include "loader/open_watch.h"
#include "loader/pack/pack_folder.h"
#include "loader/shards/shard_classes.h"

namespace headrace::loader {
namespace {

// A record that is longer than this is none of ours, and memory is not taken for it.
constexpr uint64_t kReadBytesMax = uint64_t{1} << 31;

// An index that was made anew does not know how its shard was packed, nor all classes.
bool SameSettings(const ShardHeader& header, std::string* known) {
  if (header.from_pack && header.settings.empty()) return true;
  if (known->empty()) *known = header.settings;
  return header.settings == *known;
}

}  // namespace

bool PackShards::Open(const std::string& folder, PackShards* pack, JobError* error) {
  struct stat info {};
  if (::stat(folder.c_str(), &info) == 0 && !S_ISDIR(info.st_mode)) {
    return Fail(
        error, Code::kInvalidArgument,
        folder + ": is no folder; give the folder of a pack, with all its shards and indexes",
        ENOTDIR);
  }
  PackListing listing;
  if (!ListPack(folder, &listing, error)) return false;
  *pack = {};
  pack->folder_ = folder;
  if (listing.shards.empty()) {
    return Fail(error, Code::kEmptyDataset,
                folder + ": holds no shards (000000.tar, ...); give the folder of a pack");
  }
  for (const uint64_t number : listing.shards) {
    if (!OpeningGoesOn(error)) return false;
    const std::string path = folder + "/" + ShardIndexName(number);
    auto index = ShardIndex::Open(path);
    if (!index.ok() && index.status().code() == Code::kNotFound) {
      return Fail(error, Code::kNotFound,
                  path +
                      ": is missing: the shard is not complete, or no shard of a pack; run pack "
                      "again",
                  index.status().error_number());
    }
    if (!index.ok()) return FailOn(error, path, index.status());
    const ShardHeader& header = index->header();
    if (!header.is_pack()) {
      return Fail(error, Code::kUnsupportedFormat,
                  path + ": is the index of a plain shard, no pack");
    }
    if (pack->shards_.empty()) {
      pack->samples_ = header.set_samples;
      pack->classes_ = header.classes;
      pack->settings_ = header.settings;
    } else if (header.set_samples != pack->samples_ ||
               !MergeByNumber(header.classes, &pack->classes_) ||
               !SameSettings(header, &pack->settings_)) {
      return Fail(error, Code::kCorrupt,
                  path + ": belongs to another pack than " + folder + "/" +
                      ShardName(listing.shards.front()) + "; run pack again");
    }
    pack->shards_.push_back({number, header.first_id, index->records(), header.tar_bytes});
  }
  std::sort(pack->shards_.begin(), pack->shards_.end(),
            [](const Shard& a, const Shard& b) { return a.first_id < b.first_id; });
  uint64_t next = 0;
  for (const Shard& shard : pack->shards_) {
    if (shard.first_id != next) break;
    next = SaturatingAdd(next, shard.records);
  }
  if (next == pack->samples_) return true;
  return Fail(error, Code::kNotFound,
              folder + ": the shard that begins with sample " + std::to_string(next) + " of " +
                  std::to_string(pack->samples_) + " is missing; run pack again");
}

uint64_t PackShards::bytes() const {
  uint64_t bytes = 0;
  for (const Shard& shard : shards_) bytes = SaturatingAdd(bytes, shard.tar_bytes);
  return bytes;
}

size_t PackShards::ShardOf(uint64_t id) const {
  const auto after =
      std::upper_bound(shards_.begin(), shards_.end(), id,
                       [](uint64_t wanted, const Shard& shard) { return wanted < shard.first_id; });
  return static_cast<size_t>(after - shards_.begin()) - 1;
}

bool ShardContent::Open(const std::string& folder, uint64_t shard,
                        std::optional<ShardContent>* content, JobError* error) {
  const std::string path = folder + "/" + ShardName(shard);
  const std::string index_path = folder + "/" + ShardIndexName(shard);
  auto index = ShardIndex::Open(index_path);
  if (!index.ok()) return FailOn(error, index_path, index.status());
  io::UniqueFd file(::open(path.c_str(), io::kSampleOpenFlags | O_CLOEXEC));
  if (!file.valid()) return FailOn(error, path, errno);
  struct stat info {};
  if (::fstat(file.get(), &info) != 0) return FailOn(error, path, errno);
  if (!S_ISREG(info.st_mode)) {
    return Fail(error, Code::kNotRegularFile, path + ": is not a regular file");
  }
  content->emplace(ShardContent(path, std::move(file), std::move(index.value()),
                                static_cast<uint64_t>(info.st_size)));
  return true;
}

bool PackCursor::Go(uint64_t id, JobError* error) {
  const size_t at = pack_.ShardOf(id);
  const PackShards::Shard& shard = pack_.shards()[at];
  if (!content_ || at != shard_) {
    if (!ShardContent::Open(pack_.folder(), shard.number, &content_, error)) return false;
    shard_ = at;
  }
  number_ = id - shard.first_id;
  return true;
}

Status PackCursor::ReadRecord(ShardRecord* record) const {
  return content_->index().Read(number_, record);
}

Status ShardContent::Read(uint64_t offset, uint64_t bytes, std::vector<std::byte>* out) const {
  if (bytes > kReadBytesMax || SaturatingAdd(offset, bytes) > tar_bytes_) {
    return {Code::kTruncated, "lies beyond the end of the shard"};
  }
  out->resize(static_cast<size_t>(bytes));
  return io::ReadAt(file_.get(), *out, offset);
}

}  // namespace headrace::loader
