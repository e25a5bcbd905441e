// Paths from a pack's index, which may say anything, and the files that are made of them.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "io/file.h"
#include "loader/job.h"

namespace headrace::loader {

// Why no file is made at this path beneath a folder; nullptr: one may be. Refused are empty,
// absolute and over-long paths, NUL, and parts that are empty, "." or "..".
const char* PathProblem(std::string_view path);

// What: makes files beneath a folder, never through a symbolic link. A file appears by a rename,
// whole. Owner: a worker. Thread: that one. Cost: the folder of the last file stays open.
class TreeWriter {
 public:
  [[nodiscard]] static bool Open(const std::string& root, TreeWriter* tree, JobError* error);

  enum class Existing { kRefuse, kReplace };
  // `path` has no PathProblem. *kept: the very same file was there.
  [[nodiscard]] bool Write(const std::string& path, std::span<const std::byte> bytes,
                           Existing existing, bool* kept, JobError* error);
  // The folder and those above it.
  [[nodiscard]] bool MakeFolder(std::string_view path, JobError* error);
  // Everything written is on the disk after it.
  [[nodiscard]] bool Sync(JobError* error) const;

 private:
  // 0, or the errno.
  int EnterFolder(std::string_view path);

  std::string root_path_;
  io::UniqueFd root_;
  std::string folder_path_;  // of folder_
  io::UniqueFd folder_;
};

}  // namespace headrace::loader
