// The folder of the index files: what the files of one data set are called, and how they are made.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"
#include "io/file.h"

namespace headrace::loader {

// What: the folder held open, and the names of one data set's files in it. Owner: the index.
// Thread: one at a time. Cost: system calls, at open and close only.
class CheckpointFolder {
 public:
  // Makes the folder, and those above it that are missing, for this user alone (0700).
  static Result<CheckpointFolder> Open(const std::string& path, uint64_t set_hash);

  int fd() const { return folder_.get(); }
  uint64_t set_hash() const { return set_hash_; }
  // <16 hex digits of the hash>.hrc1
  const std::string& index_name() const { return index_name_; }

  // A file for reading and writing that has no name any more: it is gone with its descriptor,
  // however the process ends.
  Result<io::UniqueFd> MakeNameless() const;

  // Keeps others from writing the index while the descriptor is open. Waits for them at most so
  // long: kTimeout.
  Result<io::UniqueFd> Lock(int64_t wait_ns) const;

  // With the lock held: an empty file, and the step that puts it in place of the index. No
  // io::AtomicFile: it is written at offsets, and as there is one name for it, the next process
  // finds what a killed one left.
  Result<io::UniqueFd> MakeReplacement() const;
  Status PutInPlace(const io::UniqueFd& replacement) const;
  void RemoveReplacement() const;
  // Removes what a killed process left, unless somebody is writing just now.
  void RemoveOrphan() const;

 private:
  io::UniqueFd folder_;
  uint64_t set_hash_ = 0;
  std::string index_name_;
  std::string replacement_name_;
  std::string lock_name_;
};

}  // namespace headrace::loader
