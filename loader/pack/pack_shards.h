// A pack as jobs read it back: its shards, and the records of one of them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "io/file.h"
#include "loader/job.h"
#include "loader/shards/shard_index.h"

namespace headrace::loader {

// What: which ids lie in which shard, of a whole pack: every id once. Owner: a job. Thread: any,
// after Open. Cost: a row a shard; each index is opened once.
class PackShards {
 public:
  // False: *error says what is missing, damaged, or does not belong together.
  [[nodiscard]] static bool Open(const std::string& folder, PackShards* pack, JobError* error);

  struct Shard {
    uint64_t number = 0;
    uint64_t first_id = 0;
    uint64_t records = 0;
    uint64_t tar_bytes = 0;
  };
  const std::string& folder() const { return folder_; }
  const std::vector<Shard>& shards() const { return shards_; }  // by first id
  uint64_t samples() const { return samples_; }
  uint64_t bytes() const;
  const std::vector<std::string>& classes() const { return classes_; }
  const std::string& settings() const { return settings_; }
  // Of a sample's shard, the place in shards().
  size_t ShardOf(uint64_t id) const;

 private:
  std::string folder_;
  std::vector<Shard> shards_;
  uint64_t samples_ = 0;
  std::vector<std::string> classes_;
  std::string settings_;
};

// What: one shard held open. Owner: a worker. Thread: that one. Cost: three system calls a record.
class ShardContent {
 public:
  // *error names the file.
  [[nodiscard]] static bool Open(const std::string& folder, uint64_t shard,
                                 std::optional<ShardContent>* content, JobError* error);

  const ShardIndex& index() const { return index_; }
  uint64_t tar_bytes() const { return tar_bytes_; }  // as the file has
  const std::string& path() const { return path_; }

  // The bytes of a record as they lie there, unchecked; never more than the file has.
  Status Read(uint64_t offset, uint64_t bytes, std::vector<std::byte>* out) const;

 private:
  ShardContent(std::string path, io::UniqueFd file, ShardIndex index, uint64_t tar_bytes)
      : path_(std::move(path)),
        file_(std::move(file)),
        index_(std::move(index)),
        tar_bytes_(tar_bytes) {}

  std::string path_;
  io::UniqueFd file_;
  ShardIndex index_;
  uint64_t tar_bytes_;
};

// What: goes from sample to sample, with the shard of the last one held open. Owner: a worker.
// Thread: that one. Cost: a shard is opened when the next sample lies in another.
class PackCursor {
 public:
  // `pack` must outlive it.
  explicit PackCursor(const PackShards& pack) : pack_(pack) {}

  // Opens the shard of the sample.
  [[nodiscard]] bool Go(uint64_t id, JobError* error);
  // Of the sample: what the index says.
  Status ReadRecord(ShardRecord* record) const;
  const ShardContent& content() const { return *content_; }

 private:
  const PackShards& pack_;
  std::optional<ShardContent> content_;
  size_t shard_ = 0;     // that content_ is of
  uint64_t number_ = 0;  // of the sample in it
};

}  // namespace headrace::loader
