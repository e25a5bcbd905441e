// The folder of a pack: what its files are called and which of them are there.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "loader/job.h"

namespace headrace::loader {

std::string ShardName(uint64_t shard);       // 000012.tar
std::string ShardIndexName(uint64_t shard);  // 000012.tar.hri

// What: one listing. Owner, thread: any one. Cost: a number a shard.
struct PackListing {
  std::vector<uint64_t> shards;          // with a .tar, ascending
  std::vector<uint64_t> indexes;         // with a .tar.hri, ascending
  std::vector<std::string> temporaries;  // what a killed job left, by name
  std::vector<uint64_t> temporary_of;    // and of which shard
  std::string other;  // some file that is a .tar and no shard of a pack; empty: none
};
[[nodiscard]] bool ListPack(const std::string& folder, PackListing* listing, JobError* error);

// Makes the folder, and those above it that are missing.
[[nodiscard]] bool MakeFolders(const std::string& folder, JobError* error);

// Whether `path` is `folder` or lies beneath it, symbolic links resolved as far as they exist.
bool LiesIn(const std::string& path, const std::string& folder);

}  // namespace headrace::loader
